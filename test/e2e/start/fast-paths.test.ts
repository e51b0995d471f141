import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { freePorts, killGroup, npmStart, type Started } from '../../support/npm-start.ts'

let dataDir: string
let ports: number[]
const started: Started[] = []

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'start-'))
  ports = await freePorts(4)
})
afterAll(() => rmSync(dataDir, { recursive: true, force: true }))
afterEach(() => {
  for (const one of started) killGroup(one)
})

function start(...args: string[]): Started {
  const [api, erp, shop, desk] = ports
  const where = ['--data', dataDir, '--api-port', `${api}`, '--erp-port', `${erp}`]
  const others = ['--shop-port', `${shop}`, '--desk-port', `${desk}`]
  const one = npmStart([...where, ...others, '--once', ...args], { npm: false })
  started.push(one)
  return one
}

const VERDICT = 'lost 0, doubled 0, parked 1'

/** One machine for both: the second start goes on where the first one ended. */
describe('each direction, with the fast path of the other switched off,', () => {
  test('converges without webhooks: the sweep alone brings the orders, and stock and shipments come back', async () => {
    const run = start('--no-webhooks')
    expect(await run.exit).toEqual({ code: 0, signal: null })
    expect(run.lines.at(-1)).toBe(VERDICT)
    expect(run.lines.at(-3)).toMatch(/^The way back: the stock of 4 of 4 SKUs .* 3 of 3 shipments/)
    expect(run.lines.at(-2)).toBe(
      'After the sale, there once and equal: 1 of 1 customers, 1 of 1 returns, 3 of 3 steps of returns, 1 of 1 tickets, 5 of 5 steps of tickets, 2 of 2 requests for parts',
    )
    expect(run.lines).toContain('(without webhooks: the sweep alone fetches what changed in the shop)')
    const rows = run.lines.filter((line) => line.startsWith('│ 2'))
    expect(rows).toHaveLength(8)
    expect(rows.filter((row) => /│ SO-\d+ (confirmed|shipped) +│ 1 +│ yes +│/.test(row))).toHaveLength(6)
    expect(rows.filter((row) => /│ cancelled +│ SO-\d+ cancelled +│ 0 +│ - +│/.test(row))).toHaveLength(1)
  })

  test('converges without schedules: webhooks alone bring the orders', async () => {
    const run = start('--no-schedules')
    expect(await run.exit).toEqual({ code: 0, signal: null })
    expect(run.lines.at(-1)).toBe(VERDICT)
    expect(run.lines.at(-2)).toBe('Earlier orders (8): lost 0, doubled 0, parked 1')
    expect(run.lines.join('\n')).not.toMatch(/The way back|After the sale|the brake/)
    expect(run.lines.filter((line) => line.startsWith('│ 2'))).toHaveLength(8)
  })
})
