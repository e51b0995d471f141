import { describe, expect, it } from 'vitest'
import { rowKeyOf } from '#app/deliver.ts'
import { planDelivery } from '#app/plan-delivery.ts'
import type { ErpGateway } from '#ports/erp-gateway.ts'
import { canonicalOrder as order } from '../../support/canonical-order.ts'
import { World } from '../../support/world.ts'

const old = order({ id: '900' })
const merged = order({
  mergedFrom: [{ orderId: old.orderId, orderSn: old.orderSn, addTime: old.addTime, recIds: [] }],
})

function tombstone(
  { shop, orderId, orderSn, addTime }: typeof old,
  mergedInto: { orderId: string; orderSn: string } | null,
) {
  return {
    is: 'tombstone' as const,
    tombstone: { shop, orderId, orderSn, addTime, recIds: [], state: null, mergedInto },
  }
}

describe('planning a delivery', () => {
  it('waits for an order it was merged from, until that one is cancelled', async () => {
    const world = new World()
    await world.send(old)
    const message = world.order(merged)
    expect(await planDelivery(message, world.deps)).toMatchObject({
      action: 'wait',
      because: 'predecessor',
      calls: [],
    })

    const gone = world.message(tombstone(old, merged))
    expect(await planDelivery(gone, world.deps)).toMatchObject({
      action: 'cancel',
      because: 'merged-in-shop',
      calls: [{ op: 'cancel' }],
    })
    await world.receive(gone)
    expect(await planDelivery(message, world.deps)).toMatchObject({ action: 'place', because: 'not-in-erp' })
  })

  it('waits while another worker has the row', async () => {
    const world = new World()
    await world.send(order())
    const row = await world.row(order())
    const claim = { owner: 'other', leaseUntil: world.clock.now() + 1_000 }
    await world.ledger.put({ ...row, rev: row.rev + 1, claim })
    const plan = await planDelivery(world.order(order({ quantity: 2 })), world.deps)
    expect(plan).toMatchObject({ action: 'wait', because: 'claimed', outcome: { is: 'retry' } })
    expect(plan.row).toMatchObject({ status: 'done' })
  })

  it('tells a broken mapping, which stops the target and not the order', async () => {
    const failure = { class: 'Misconfigured', message: 'm.jsonata, line 3: no' } as const
    const broken = (gateway: ErpGateway): ErpGateway => ({
      describe: () => gateway.describe(),
      content: async () => ({ ok: false, failure }),
      find: (...look) => gateway.find(...look),
      place: (...place) => gateway.place(...place),
      amend: (amend) => gateway.amend(amend),
      cancel: (cancel) => gateway.cancel(cancel),
      send: (...send) => gateway.send(...send),
    })
    const world = new World({ gateway: broken })
    expect(await planDelivery(world.order(order()), world.deps)).toMatchObject({
      action: 'wait',
      because: 'failure',
      failure,
    })
  })

  it('knows an older version, and a person who was erased', async () => {
    const world = new World()
    const older = world.order(order({ quantity: 2 }))
    await world.send(order())
    expect(await planDelivery(older, world.deps)).toMatchObject({ action: 'nothing', because: 'older' })
    const row = await world.ledger.get(rowKeyOf(older))
    if (row) await world.ledger.put({ ...row, rev: row.rev + 1, status: 'erased' })
    expect(await planDelivery(world.order(order()), world.deps)).toMatchObject({
      action: 'nothing',
      because: 'erased',
    })
  })

  it('supposes what a person says of an unknown write', async () => {
    const world = new World({ abilities: { find: false } })
    world.erp.faults.push({ do: 'hang-before' })
    await world.receive(world.order(order()))
    world.clock.advance(10_000)
    const replay = (verdict: 'placed' | 'absent') => world.order(order(), { cause: 'replay', verdict })
    expect(await planDelivery(replay('absent'), world.deps)).toMatchObject({
      action: 'place',
      because: 'unanswered',
    })
    expect(await planDelivery(replay('placed'), world.deps)).toMatchObject({
      action: 'nothing',
      because: 'same-content',
    })
  })
})
