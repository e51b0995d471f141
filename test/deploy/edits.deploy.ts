import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { editedCopy } from './edit-templates.ts'
import { EDITS, type Edit } from './edits.ts'

const QUEUE: Edit = {
  reason: 'shortens a queue’s delay',
  type: 'AWS::SQS::Queue',
  apply: (properties) => {
    properties['DelaySeconds'] = 1
    return true
  },
}

describe('what is edited for the emulator', () => {
  let dir: string
  const assembly = () => join(dir, 'assembly')
  const copy = () => join(dir, 'copy')
  const read = (file: string) => readFileSync(join(copy(), file), 'utf8')

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'edits-'))
    mkdirSync(assembly())
    const write = (file: string, json: unknown) => writeFileSync(join(assembly(), file), JSON.stringify(json))
    write('S.template.json', {
      Resources: { Q: { Type: 'AWS::SQS::Queue', Properties: { DelaySeconds: 9 } } },
    })
    write('S.assets.json', { files: { abc: { source: { path: 'S.template.json' }, objectKey: 'abc.json' } } })
    write('manifest.json', { artifacts: { S: { templateAsset: 'bucket/abc.json' } } })
  })
  afterEach(() => rmSync(dir, { recursive: true, force: true }))

  it('is one thing, with its reason', () => {
    expect(EDITS).toHaveLength(1)
    for (const { reason } of EDITS) expect(reason).toMatch(/MiniStack/)
  })

  it('is changed in the copy alone, whose template is uploaded anew', () => {
    editedCopy(assembly(), copy(), [QUEUE])
    expect(read('S.template.json')).toContain('"DelaySeconds":1')
    expect(readFileSync(join(assembly(), 'S.template.json'), 'utf8')).toContain('"DelaySeconds":9')
    for (const file of ['S.assets.json', 'manifest.json']) {
      expect(read(file)).not.toContain('abc')
      expect(read(file)).toMatch(/[0-9a-f]{64}/)
    }
  })

  it('fails where it matches nothing', () => {
    const stale: Edit = { ...QUEUE, type: 'AWS::SNS::Topic', reason: 'is out of date' }
    expect(() => editedCopy(assembly(), copy(), [QUEUE, stale])).toThrow('is out of date')
  })
})
