import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { stageNamed } from '../../infra/stages.ts'
import { appIn, synthesizeInto, topology } from '../support/synthesized.ts'

const project = fileURLToPath(new URL('../..', import.meta.url))

describe('the CDK app', () => {
  let dir = ''
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'app-'))
  })
  afterEach(() => rmSync(dir, { recursive: true }))

  const run = (...args: string[]) =>
    spawnSync(
      process.execPath,
      ['infra/app.ts', '--out', join(dir, 'out'), '--build', join(dir, 'build'), ...args],
      {
        cwd: project,
        encoding: 'utf8',
      },
    )

  it('says in one sentence that the configuration is missing', () => {
    const { status, stdout, stderr } = run('--stage', 'local', '--config', dir)
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toBe(
      `There is no readable ${join(dir, 'sync.config.json')}; name the folder that holds it with --config.\n`,
    )
    expect(readdirSync(dir)).not.toContain('build')
  })

  it('says in one sentence what is wrong in the configuration', () => {
    writeFileSync(join(dir, 'sync.config.json'), '{ "version": 2, "shops": {}, "targets": {} }')
    const { status, stderr } = run('--stage', 'local', '--config', dir)
    expect(status).toBe(1)
    expect(stderr).toMatch(/^.*sync\.config\.json is not usable: version: .*\.\n$/)
  })

  it('says in one sentence that the configuration is not JSON', () => {
    writeFileSync(join(dir, 'sync.config.json'), '{ version: 1 }')
    const { status, stderr } = run('--stage', 'local', '--config', dir)
    expect(status).toBe(1)
    expect(stderr).toMatch(/^.*sync\.config\.json is not JSON: .*\n$/)
  })

  it.each([
    [
      'a stage there is not',
      ['--stage', 'staging'],
      'There is no stage "staging"; use --stage with one of local, test, prod.\n',
    ],
    ['no stage at all', [], 'No stage was named; use --stage with one of local, test, prod.\n'],
  ])('says in one sentence that it was given %s', (_, args, sentence) => {
    expect(run(...args)).toMatchObject({ status: 1, stderr: sentence })
  })

  it('refuses an argument it does not know', () => {
    const { status, stderr } = run('--stagee', 'local')
    expect(status).toBe(1)
    expect(stderr).toMatch(/^Unknown option '--stagee'.*\n$/)
  })

  it.each([
    ['prod', [true, false, false]],
    ['local', [false, false, false]],
  ])('protects the stack of stage %s that holds data from termination, where data is kept', (stage, kept) => {
    const { stateful, sync, ops } = appIn(dir, stageNamed(stage), topology)
    expect([stateful, sync, ops].map(({ terminationProtection }) => terminationProtection)).toEqual(kept)
  })

  it('synthesizes the same bytes twice', () => {
    const bytes = (name: string) => {
      const { out } = synthesizeInto(join(dir, name), stageNamed('prod'), topology)
      const files = readdirSync(out, { recursive: true, withFileTypes: true }).filter((entry) =>
        entry.isFile(),
      )
      return Object.fromEntries(
        files.map(({ parentPath, name }) => {
          const file = join(parentPath, name)
          return [relative(out, file), readFileSync(file, 'utf8')]
        }),
      )
    }
    const once = bytes('once')
    expect(Object.keys(once)).toEqual(
      expect.arrayContaining(['Stateful.template.json', 'Sync.template.json', 'Ops.template.json']),
    )
    expect(bytes('again')).toEqual(once)
    expect(Object.entries(once).filter(([, content]) => content.includes(project))).toEqual([])
  })
})
