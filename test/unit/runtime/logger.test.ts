import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../../..')

/** The logger writes to the process, so it is watched from outside. */
function linesOf(program: string): unknown[] {
  const source = `import { createLog, inLogContext } from '#runtime/logger.ts'\nconst log = createLog('tested')\n${program}`
  const run = spawnSync(process.execPath, ['--input-type=module', '--eval', source], {
    cwd: root,
    encoding: 'utf8',
  })
  if (run.status !== 0) throw new Error(run.stderr)
  return `${run.stdout}${run.stderr}`
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}

describe('the log', () => {
  it('writes one structured line each, with code, sentence and fields, and without people', () => {
    expect(
      linesOf(`
        log.info('THING_DONE', 'A thing was done.', { shop: 'A1', consignee: 'somebody' })
        log.warn('THING_ODD', 'A thing was odd.')
        log.error('THING_FAILED', 'A thing failed.', { error: new Error('why'), code: 'x' })`),
    ).toMatchObject([
      { level: 'INFO', service: 'tested', code: 'THING_DONE', message: 'A thing was done.', shop: 'A1' },
      { level: 'WARN', code: 'THING_ODD', message: 'A thing was odd.' },
      { level: 'ERROR', code: 'THING_FAILED', error: { kind: 'Error', message: 'why' } },
    ])
  })

  it('keeps people out of a line at every depth', () => {
    expect(JSON.stringify(linesOf(`log.info('A', 'b', { buyer: { mobile: '10000000000' } })`))).not.toContain(
      '10000000000',
    )
  })

  it('gives each of two records at once its own correlation id, and none outside', () => {
    const lines = linesOf(`
      const record = (correlationId, ms) => inLogContext({ correlationId }, async () => {
        await new Promise((resolve) => setTimeout(resolve, ms))
        log.info(correlationId, 'x')
      })
      await Promise.all([record('first', 20), record('second', 1)])
      log.info('outside', 'x')`)
    const pairs = lines.map((line) => [
      Reflect.get(Object(line), 'code'),
      Reflect.get(Object(line), 'correlationId'),
    ])
    expect(pairs).toEqual([
      ['second', 'second'],
      ['first', 'first'],
      ['outside', undefined],
    ])
  })
})
