import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { resourcesOf, synthesized } from '../support/synthesized.ts'

const project = fileURLToPath(new URL('../..', import.meta.url))

/** A record that is parked, one that ends, one that meets a bug, a request that meets one, and runs, as the real logger writes them. */
const program = `
import { runFifoBatch } from '#runtime/fifo-batch.ts'
import { httpHandler } from '#runtime/http.ts'
import { createLog } from '#runtime/logger.ts'
import { scheduledHandler } from '#runtime/scheduled.ts'
const log = createLog('tested')
const ends = {
  parked: () => ({ is: 'park', code: 'refused' }),
  done: () => ({ is: 'done', flavour: 'applied' }),
  bug: () => { throw new TypeError('unforeseen') },
}
await runFifoBatch(
  Object.keys(ends).map((body) => ({ messageId: body, receiptHandle: body, groupId: body, body })),
  {
    parse: (body) => body,
    handle: async (body) => ends[body](),
    correlationId: (body) => body,
    within: (_, run) => run(),
    deadLetter: async () => {},
    setVisibility: async () => {},
    endsAt: Date.now() + 60_000,
    longestRecordMs: 1,
    clock: { now: () => Date.now() },
    log,
  },
)
await httpHandler(async () => { throw new TypeError('unforeseen') }, log)(
  { headers: {}, requestContext: { requestId: 'request-0001' } },
  {},
)
const ended = { failed: { why: 'no bridge' }, done: { counts: {} }, waiting: { why: 'gate' } }
const run = scheduledHandler(
  { parse: (event) => event },
  async ({ is }) => ({ is, ...ended[is] }),
  { nameOf: ({ run }) => run, log },
)
log.warn('DRIFT_FOUND', 'Shop, ledger and ERP differ.', { shop: 'ec', 'not-seen': 1 })
log.warn('SHIPMENT_PARKED', 'The ERP shipped what was not ordered.', { reason: 'shipment-unknown-line' })
log.warn('PROGRESS_PARKED', 'The target told of a step that cannot be read.', { reason: 'progress-unreadable' })
for (const name of ['stock:main', 'shipments:beta-erp', 'aftersales:beta-erp', 'sweep:ec', 'sweep:elsewhere'])
  for (const is of Object.keys(ended)) await run({ run: name, is }, { getRemainingTimeInMillis: () => 1000 })
`

/** Whether a line is one that a filter of CloudWatch Logs counts, of the kind `{ $.a = "x" && $.b = "y" }`. */
function counts(pattern: string, line: Record<string, unknown>): boolean {
  const inner = /^\{ (.+) \}$/.exec(pattern)?.[1]
  if (inner === undefined) throw new Error(`not understood: ${pattern}`)
  return inner.split(' && ').every((term) => {
    const [, name = '', value] = /^\$\.(\w+) = "([\w:-]+)"$/.exec(term) ?? []
    if (value === undefined) throw new Error(`not understood: ${term}`)
    return line[name] === value
  })
}

const FilterSchema = z.object({
  FilterPattern: z.string(),
  MetricTransformations: z.tuple([z.object({ MetricName: z.string() })]),
})

describe('the counters of log lines', () => {
  it('count what the functions write', () => {
    const run = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
      cwd: project,
      encoding: 'utf8',
    })
    const lines = `${run.stdout}${run.stderr}`
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => z.record(z.string(), z.unknown()).parse(JSON.parse(line)))
    expect(lines).toHaveLength(4 + 3 + 15)

    const counted = resourcesOf(synthesized().ops, 'AWS::Logs::MetricFilter').map(([, { Properties }]) => {
      const { FilterPattern, MetricTransformations } = FilterSchema.parse(Properties)
      return [
        MetricTransformations[0].MetricName,
        lines
          .filter((line) => counts(FilterPattern, line))
          .map(
            ({ messageId, run, is, code }) => messageId ?? (run === undefined ? code : [run, is].join(' ')),
          ),
      ]
    })
    expect(counted).toEqual([
      ['webhook-bugs', ['REQUEST_FAILED']],
      ['deliver-bugs-alpha', ['bug']],
      ['parked-alpha', ['parked']],
      ['deliver-bugs-beta-erp', ['bug']],
      ['parked-beta-erp', ['parked']],
      ['writeback-bugs', ['bug']],
      ['writeback-parked', ['parked']],
      ['writeback-parked', ['SHIPMENT_PARKED']],
      ['writeback-parked', ['PROGRESS_PARKED']],
      ['callback-bugs', ['REQUEST_FAILED']],
      ['run-failed-stock-main', ['stock:main failed']],
      ['run-done-stock-main', ['stock:main done']],
      ['run-failed-stock-beta-stock', []],
      ['run-done-stock-beta-stock', []],
      ['brake-tripped', []],
      ['run-failed-shipments-beta-erp', ['shipments:beta-erp failed']],
      ['run-done-shipments-beta-erp', ['shipments:beta-erp done']],
      ['run-failed-aftersales-beta-erp', ['aftersales:beta-erp failed']],
      ['run-done-aftersales-beta-erp', ['aftersales:beta-erp done']],
      ['run-failed-sweep-ec', ['sweep:ec failed']],
      ['run-done-sweep-ec', ['sweep:ec done']],
      ['shop-restored', []],
      ['shop-restored', []],
      ['drift', ['DRIFT_FOUND']],
    ])
  })
})
