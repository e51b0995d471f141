import { describe, expect, it } from 'vitest'
import { createEcshopReader } from '#adapters/shop/ecshop/reader.ts'
import { shortHash } from '#app/content-hash.ts'
import { readEvent } from '#app/read-event.ts'
import { ShopConfigSchema } from '#contracts/config.ts'
import type { RowKey } from '#contracts/ledger-row.ts'
import type { WebhookEvent } from '#contracts/webhook.ts'
import type { ShopAnswer, ShopGateway } from '#ports/shop-gateway.ts'
import { anOrder, aTombstone, deletedEvent, EPOCH, snapshotEvent } from '../../../../support/an-order.ts'
import { ManualClock } from '../../../../support/manual-clock.ts'

const config = ShopConfigSchema.parse({ timeZone: 'Asia/Shanghai', targets: ['erp'] })
const KEY: RowKey = { shop: 'A1', kind: 'order', sourceId: '10086.1795190400', target: 'erp' }
const clock = new ManualClock()

/** A gateway that answers one kind of question. */
function reading(answer: ShopAnswer<WebhookEvent>, epochs = ['e-2025-01', EPOCH]) {
  const asked: unknown[] = []
  const unasked = async () => {
    throw new Error('nobody asks this')
  }
  const gateway: ShopGateway = {
    health: unasked,
    changes: unasked,
    exportPage: unasked,
    digestPage: unasked,
    readStock: unasked,
    writeStock: unasked,
    recordShipment: unasked,
    replyToTicket: unasked,
    cancelOrder: unasked,
    noteOrder: unasked,
    thing: async (...question) => {
      asked.push(question)
      return answer
    },
  }
  const reader = createEcshopReader({
    shop: (id) => (id === 'A1' ? { config, gateway, epochs: async () => epochs } : undefined),
    deadline: () => clock.now() + 5_000,
    hash: shortHash,
    guestKey: async () => () => '',
  })
  return { asked, read: (key: RowKey = KEY) => reader.read(key) }
}

const ok = (value: WebhookEvent): ShopAnswer<WebhookEvent> => ({ is: 'ok', value })
const unavailable = { is: 'unavailable' }

describe('a read of an order', () => {
  it('asks for the very identity, within its time', async () => {
    const { asked, read } = reading(ok(snapshotEvent(anOrder().snapshot())))
    await read()
    expect(asked).toEqual([['order', { id: '10086', stamp: 1_795_190_400 }, clock.now() + 5_000]])
  })

  it.each([
    ['a snapshot', snapshotEvent(anOrder().paid().snapshot(), { seq: 7 })],
    ['a tombstone', deletedEvent(aTombstone(), { seq: 8 })],
  ])('says of %s what the webhook would have said', async (_what, event) => {
    const posted = readEvent(event, {
      shop: { id: 'A1', config },
      targetsFor: (kind) => (kind === 'order' ? ['erp'] : []),
      personHash: () => '',
      epochNo: 1,
    })
    if (posted.is !== 'subject') throw new Error(`the webhook says ${posted.is}`)
    const {
      version,
      wireHash,
      deliveries: [{ subject }],
    } = posted
    expect(await reading(ok(event)).read()).toEqual({ is: 'subject', subject, version, wireHash })
  })

  it('orders its version by the place of its epoch', async () => {
    const event = snapshotEvent(anOrder().snapshot(), { seq: 3 })
    expect(await reading(ok(event), [EPOCH, 'e-2027-01']).read()).toMatchObject({
      version: { epoch: EPOCH, epochNo: 0, seq: 3 },
    })
  })

  it('is unavailable in an epoch nobody has told of', async () => {
    expect(await reading(ok(snapshotEvent(anOrder().snapshot())), ['e-2025-01']).read()).toEqual(unavailable)
  })

  it('is unavailable when the shop fails', async () => {
    const failure = { class: 'Refused', code: 'not-found', message: '', remedy: '' } as const
    expect(await reading({ is: 'failed', failure }).read()).toEqual(unavailable)
  })

  it.each([
    ['another id', anOrder().with({ order_id: '10087' })],
    ['another time', anOrder().with({ add_time: 1_795_190_401 })],
  ])('is unavailable under %s than was asked for', async (_what, order) => {
    expect(await reading(ok(snapshotEvent(order.snapshot()))).read()).toEqual(unavailable)
  })

  it('is unavailable where its amounts are beyond bounds once multiplied', async () => {
    const order = anOrder().withLine({ goods_price: '999999999999.99', goods_number: 1_000 })
    const event = snapshotEvent({ ...order.snapshot(), goods_amount: '0.00' })
    expect(await reading(ok(event)).read()).toEqual(unavailable)
  })

  it.each([
    ['of a shop that is not connected', { ...KEY, shop: 'B2' }],
    ['of parts, which are no thing of the shop’s', { ...KEY, kind: 'parts' } as const],
    ['of a source that is no order’s', { ...KEY, sourceId: '10086' }],
  ])('is unavailable %s, and asks nobody', async (_what, key) => {
    const { asked, read } = reading(ok(snapshotEvent(anOrder().snapshot())))
    expect(await read(key)).toEqual(unavailable)
    expect(asked).toEqual([])
  })
})
