import { describe, expect, it } from 'vitest'
import { ProgressSchema } from '#contracts/progress.ts'
import { reason } from '#domain/reasons.ts'
import { aRow } from '../../support/a-ledger-row.ts'
import { aWritebackRow } from '../../support/a-writeback.ts'
import { aCli } from '../../support/cli.ts'

const NO = '2026112112345'
const TICKET = 'ECA1-T7'

/** An order with a return and a ticket, steps of the ticket that came in no order, and parts that it needs. */
async function known() {
  const cli = aCli()
  const at = cli.clock.now()
  const put = (kind: 'order' | 'return' | 'ticket' | 'parts', sourceId: string, ref: string, no = NO) =>
    cli.ledger.put(
      aRow({ key: { shop: 'A1', kind, sourceId, target: 'erp' }, ref, no, status: 'done', updatedAt: at }),
    )
  await put('order', '10086.1763712000', 'ECA1-2026112112345-7s6')
  await put('return', '9.1763800000', 'ECA1-R9')
  await put('ticket', '7.1763800001', TICKET)
  await put('parts', 'erp.7.1763800001.s-2', 'ECA1-P0123', TICKET)
  for (const [id, step, time] of [
    ['s-3', 'shipped', '2026-11-21T06:00:00Z'],
    ['s-1', 'accepted', '2026-11-21T01:00:00Z'],
    ['s-4', 'repairing', '2026-11-21T07:00:00Z'],
  ] as const) {
    const progress = ProgressSchema.parse({
      of: 'ticket',
      id,
      reference: TICKET,
      at: time,
      step,
      person: '样例师傅',
    })
    const { told: _shipment, ...row } = aWritebackRow()
    await cli.writebacks.put({
      ...row,
      key: { target: 'erp', kind: 'progress', id },
      no: NO,
      ref: TICKET,
      command: { is: 'progress', no: '', ref: TICKET, progress },
      status: id === 's-4' ? 'parked' : 'done',
      ...(id === 's-4' ? { reason: reason('parts-no-target') } : { result: 'recorded' }),
      updatedAt: at,
    })
  }
  return cli
}

describe('after-sales in the operator’s tools', () => {
  it('are found by the number of the order: its returns, tickets, their parts, and their steps as they happened', async () => {
    const cli = await known()
    expect((await cli.run(`find ${NO} --json`)).json()).toMatchObject([
      { reference: 'ECA1-2026112112345-7s6' },
      { reference: 'ECA1-R9' },
      { reference: TICKET },
      { reference: 'ECA1-P0123' },
      { reference: 'erp/s-1', kind: 'progress' },
      { reference: 'erp/s-3' },
      { reference: 'erp/s-4' },
    ])
  })

  it('are shown with the state that the steps lead to, and with those that changed nothing', async () => {
    const cli = await known()
    const { out } = await cli.run(`show ${TICKET}`)
    expect(out).toContain('state: shipped')
    expect(out).toMatch(/accepted +样例师傅 +s-1/)
    expect(out).toMatch(/repairing +样例师傅 +s-4 +out of order/)
    expect(out.indexOf('s-1')).toBeLessThan(out.indexOf('s-3'))
  })

  it('are parked with a fix, and sent once more by their name', async () => {
    const cli = await known()
    expect((await cli.run('parked --json')).json()).toMatchObject({
      groups: [{ reason: 'parts-no-target', rows: [{ reference: 'erp/s-4' }] }],
    })
    expect((await cli.run('replay erp/s-4 --json')).json()).toMatchObject({
      replayed: [{ result: 'queued' }],
    })
    expect(cli.writebackQueue.drain()).toMatchObject([
      { message: { id: 's-4', cause: 'replay', command: { is: 'progress', progress: { id: 's-4' } } } },
    ])
  })
})
