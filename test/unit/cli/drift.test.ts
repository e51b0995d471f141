import { describe, expect, it } from 'vitest'
import { readAsked, sweepName, writeDrift, writeRepairs } from '#app/sweep-notes.ts'
import type { DriftReport, SweepKept } from '#contracts/drift.ts'
import type { Notes } from '#ports/notes.ts'
import { aCli } from '../../support/cli.ts'

const KEPT: SweepKept = {
  unfinished: false,
  seq: 40,
  targets: {},
  buckets: [],
  obeyed: { release: 0, repair: 0 },
}

const keep = async (notes: Notes, kept: Partial<SweepKept>) => {
  const name = sweepName('A1')
  const note = await notes.read(name)
  const text = JSON.stringify({ lock: null, kept: { ...KEPT, ...kept } })
  expect(await notes.write(name, note?.rev ?? 0, text)).toBe(true)
}

const difference = (index: number) => ({
  kind: 'order' as const,
  sourceId: `${index}.1763712000`,
  target: 'erp',
  no: index === 1 ? '' : `20261121${index}`,
  ref: index === 1 ? '' : `ECA1-20261121${index}-x`,
  is: 'older-content' as const,
  detail: 'seq 7',
})

const report = (at: number, count: number): DriftReport => ({
  v: 1,
  shop: 'A1',
  at,
  orders: 30,
  days: {
    '2026-11-20': {
      shop: { count: 10, amount: 12_345 },
      targets: { erp: { seen: 10, erp: { count: 9, amount: 11_111 } } },
    },
    '2026-11-21': { shop: { count: 20, amount: 99_900 }, targets: { erp: { seen: 18 } } },
  },
  differences: Array.from({ length: count }, (_, index) => difference(index + 1)),
  more: 0,
})

describe('drift', () => {
  it('says where nothing was compared yet', async () => {
    const { run } = aCli()
    expect(await run('drift')).toMatchObject({ exit: 0, out: 'A1: never compared' })
  })

  it('shows what differs, the days that do, and how it is delivered anew', async () => {
    const { run, notes, clock } = aCli()
    await writeDrift(notes, report(clock.now() - 3 * 3_600_000, 25))
    const { exit, out } = await run('drift')
    expect(exit).toBe(1)
    expect(out).toContain('A1: 30 orders compared, 25 differences')
    expect(out).toContain('999.00')
    expect(out).not.toContain('2026-11-20')
    expect(out).toContain('#1')
    expect(out).toContain('ECA1-2026112120-x')
    expect(out).not.toContain('ECA1-2026112121-x')
    expect(out).toContain('and 5 more')
    expect(out).toContain('drift A1 --repair')
    expect((await run('drift A1 --json')).json()).toMatchObject({
      shops: [{ shop: 'A1', state: 'sweeps', report: { orders: 30, differences: { length: 25 } } }],
    })
  })

  it('asks the sweep for a repair, where there is something to repair', async () => {
    const { run, notes, clock } = aCli()
    expect(await run('drift --repair')).toMatchObject({
      exit: 1,
      err: expect.stringContaining('no differences'),
    })
    expect(await readAsked(notes, 'A1')).toEqual({ release: 0, repair: 0 })
    await writeDrift(notes, report(clock.now(), 2))
    expect(await run('drift A1 --repair')).toMatchObject({
      exit: 0,
      out: expect.stringContaining('minute or two: 2.'),
    })
    expect(await readAsked(notes, 'A1')).toEqual({ release: 0, repair: clock.now() })
  })

  it('says what of a repair waits for the gate of a target, now and for as long as it does', async () => {
    const { run, notes, clock, gate } = aCli()
    await writeDrift(notes, report(clock.now(), 2))
    const entry = await gate.enter('erp', 1)
    if (entry.open) {
      entry.permit.report('AuthDenied')
      await entry.permit.leave()
    }
    const asked = await run('drift A1 --repair')
    expect(asked).toMatchObject({
      exit: 0,
      out: expect.stringMatching(/the gate of erp opens: 2\..*nothing to repeat/),
    })
    expect(asked.out).not.toContain('minute or two')
    expect((await run('drift --repair --json')).json()).toMatchObject({ postponed: { erp: 2 } })
    await writeRepairs(notes, 'A1', [difference(1)])
    expect((await run('drift')).out).toContain('the gate of erp opens: 1.')
    expect((await run('drift --json')).json()).toMatchObject({ shops: [{ repairs: { erp: 1 } }] })
  })

  it('asks the sweep to release what it holds back, and nothing else', async () => {
    const { run, notes, clock } = aCli()
    await keep(notes, {})
    expect(await run('drift --release')).toMatchObject({ exit: 1, err: expect.stringContaining('held back') })
    await keep(notes, { holding: { at: clock.now() } })
    expect(await run('drift')).toMatchObject({ exit: 1, out: expect.stringContaining('--release') })
    expect(await run('drift A1 --release')).toMatchObject({ exit: 0 })
    expect(await readAsked(notes, 'A1')).toEqual({ release: clock.now(), repair: 0 })
  })

  it('says what a paused shop needs', async () => {
    const { run, notes, clock } = aCli()
    await keep(notes, { paused: { at: clock.now(), seq: 3 } })
    expect(await run('drift')).toMatchObject({ exit: 1, out: expect.stringContaining('new epoch') })
    expect((await run('drift --json')).json()).toMatchObject({ shops: [{ state: 'paused' }] })
    expect((await run('status')).out).toContain('paused')
    expect((await run('doctor --json')).json()).toMatchObject({
      findings: expect.arrayContaining([
        expect.objectContaining({
          check: 'shop',
          about: 'A1',
          is: 'wrong',
          remedy: expect.stringContaining('epoch'),
        }),
      ]),
    })
  })

  it('knows its shops', async () => {
    const { run } = aCli()
    expect(await run('drift B2')).toMatchObject({ exit: 2, err: 'Say which shop: A1.' })
  })

  it('promises nothing for a shop that is never swept', async () => {
    const { run, configDir } = aCli()
    const { readFileSync, writeFileSync } = await import('node:fs')
    const file = `${configDir}/sync.config.json`
    writeFileSync(
      file,
      readFileSync(file, 'utf8').replace('"targets":["erp"]', '"targets":["erp"],"sweepMinutes":0'),
    )
    expect(await run('drift --repair')).toMatchObject({
      exit: 1,
      err: expect.stringContaining('sweepMinutes'),
    })
  })
})
