import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { writeBrake } from '#app/stock/brake-note.ts'
import { writeStockReport } from '#app/stock/stock-report.ts'
import { RestTargetSchema } from '#contracts/rest-target.ts'
import { aCli } from '../../support/cli.ts'
import { demoRestTarget } from '../../support/demo-rest-target.ts'

const erp = { adapter: 'rest', rest: z.encode(RestTargetSchema, demoRestTarget('http://127.0.0.1:9')) }
const config = JSON.stringify({
  version: 1,
  shops: { A1: { targets: ['erp'] } },
  targets: { erp },
  pools: { main: { target: 'erp', shops: { A1: {} } } },
})

function held() {
  const cli = aCli({ config })
  const sample = Array.from({ length: 25 }, (_, index) => ({
    shop: 'A1',
    sku: `TEE-${index}`,
    from: 5,
    to: 0,
  }))
  const counts = { changed: 25, zeroed: 25, of: 40 }
  const at = cli.clock.now() - 60_000
  return {
    ...cli,
    ready: writeBrake('main', { state: 'tripped', kind: 'full', at, counts, sample }, cli.notes),
  }
}

describe('brake', () => {
  it('shows what is held, and how it is released', async () => {
    const { run, ready } = held()
    await ready
    const { exit, out } = await run('brake show')
    expect(exit).toBe(1)
    expect(out).toContain('main: held')
    expect(out).toContain('25 of 40 SKUs would change, 25 of them to 0.')
    expect(out).toContain('TEE-19')
    expect(out).not.toContain('TEE-20')
    expect(out).toContain('and 5 more')
    expect(out).toContain('brake release main')
    expect((await run('brake show main --json')).json()).toMatchObject({ pool: 'main', state: 'tripped' })
  })

  it('releases it once', async () => {
    const { run, ready } = held()
    await ready
    expect(await run('brake release main')).toMatchObject({ exit: 0 })
    expect((await run('brake show --json')).json()).toMatchObject({ state: 'released' })
    expect(await run('brake release main')).toMatchObject({
      exit: 1,
      err: expect.stringContaining('holds nothing'),
    })
  })

  it('says that nothing was ever held, and which pools there are', async () => {
    const { run } = aCli({ config })
    expect(await run('brake show main')).toMatchObject({ exit: 0, out: expect.stringContaining('never') })
    expect(await run('brake show other')).toMatchObject({ exit: 2, err: 'Say which pool: main.' })
    expect(await aCli().run('brake show')).toMatchObject({ exit: 2, err: expect.stringContaining('no pool') })
  })
})

describe('status', () => {
  it('shows the last stock run of each pool', async () => {
    const { run, notes, clock } = aCli({ config })
    expect((await run('status')).out).toContain('never')
    const none = { count: 0, sample: [] }
    await writeStockReport(
      'main',
      {
        at: new Date(clock.now()).toISOString(),
        kind: 'delta',
        is: 'failed',
        counts: { examined: 12, changed: 3, unknownInErp: 2 },
        unknownInErp: { count: 2, sample: ['X', 'Y'] },
        unknownInShop: none,
        failures: ['erp: no'],
      },
      notes,
    )
    const { out } = await run('status')
    expect(out).toContain('failed')
    expect(out).toContain('12 examined, 3 changed; unknown: 2 in the ERP, 0 in the shops')
    expect((await run('status --json')).json()).toMatchObject({
      pools: [{ pool: 'main', report: { is: 'failed' } }],
    })
  })
})
