import { describe, expect, it } from 'vitest'
import { MemoryLedger } from '#adapters/memory/memory-ledger.ts'
import { MemoryWritebackLedger } from '#adapters/memory/memory-writeback-ledger.ts'
import { shortHash } from '#app/content-hash.ts'
import { surroundingsWith } from '#app/surroundings.ts'
import type { Turn } from '#app/turn.ts'
import type { DeliveryMessage, Subject } from '#contracts/delivery-message.ts'
import { WarrantyRuleSchema } from '#contracts/purchase.ts'
import { identityOf } from '#domain/identity.ts'
import { aCustomer } from '../../support/a-customer.ts'
import { aRow } from '../../support/a-ledger-row.ts'
import { aReturn } from '../../support/a-return.ts'
import { aTicket } from '../../support/a-ticket.ts'
import { aShipmentCommand, aToldShipment, aWritebackRow } from '../../support/a-writeback.ts'
import { canonicalOrder } from '../../support/canonical-order.ts'
import { VirtualClock, World } from '../../support/world.ts'

const TURN: Turn = {
  enter: async () => ({ open: true }),
  take: () => true,
  hasTime: () => true,
  inSlot: (call) => call(),
  report: () => {},
  end: async () => {},
}

/** An order that the ERP has, and what a service desk is told around things that are about it. */
async function desk() {
  const clock = new VirtualClock()
  const ledger = new MemoryLedger({ clock })
  const writebacks = new MemoryWritebackLedger()
  const order = canonicalOrder()
  const subject = { is: 'snapshot', order } as const
  const { kind, sourceId, no, reference } = identityOf(subject, shortHash)
  const key = { shop: 'demo', kind, sourceId, target: 'erp' }
  const erp = { id: 'S1', no: 'SO-1', generation: 1, step: 'create', state: 'live' } as const
  await ledger.put(aRow({ key, no, ref: reference, status: 'done', erp }))
  await ledger.putSubject(key, subject, 86_400, ['person-1'])
  const [line] = order.lines
  if (!line) throw new Error('an order has lines')
  const about = { orderId: order.orderId, orderSn: no, addTime: order.addTime, reference }
  const around = (target: string, thing: Subject, people: readonly string[] = []) => {
    const message: DeliveryMessage = new World().message(thing, { target })
    const config = {
      shops: { demo: { targets: ['erp', 'desk'], timeZone: 'Asia/Shanghai' } },
      targets: {
        erp: { kinds: ['order' as const] },
        desk: { kinds: ['ticket' as const, 'customer' as const] },
      },
      warranty: [WarrantyRuleSchema.parse({ months: 12 })],
    }
    const deps = { target, config, gateways: {}, ledger, writebacks, clock, callMs: 2_000 }
    return surroundingsWith(deps)({ message, people, row: undefined }, TURN)
  }
  return {
    order,
    line,
    about,
    around,
    reference,
    ship: () => {
      const command = aShipmentCommand()
      return writebacks.put(
        aWritebackRow({
          no,
          ref: reference,
          status: 'done',
          command: {
            ...command,
            shipment: {
              ...command.shipment,
              shipped_at: '2026-11-20T17:30:00Z',
              lines: [{ rec_id: line.recId, quantity: 1 }],
            },
          },
          told: aToldShipment({
            lines: [{ recId: line.recId, sku: line.sku, quantity: 1, serials: ['SN-1'] }],
          }),
        }),
      )
    },
  }
}

describe('what surrounds a thing', () => {
  it('of a ticket is what its order was of, with serial numbers and the warranty since it left', async () => {
    const { about, around, ship, order, line, reference } = await desk()
    await ship()
    const { purchases } = await around('desk', { is: 'ticket', ticket: aTicket({ order: about }) })
    expect(purchases[0]).toEqual({
      orderReference: reference,
      orderSn: order.orderSn,
      recId: line.recId,
      sku: line.sku,
      model: line.goodsSn,
      name: line.name,
      specification: line.attributes.trim(),
      quantity: line.quantity,
      purchasedAt: order.orderedAt,
      channel: order.referer,
      shippedAt: '2026-11-20T17:30:00Z',
      serials: ['SN-1'],
      // Half past one in the night, on the clock of the shop.
      warranty: { months: 12, startsOn: '2026-11-21', endsOn: '2027-11-20' },
    })
  })

  it('of a ticket about no order, or of one nobody has any more, is nothing', async () => {
    const { around, about } = await desk()
    const nothing = { purchases: [], parts: [] }
    expect(await around('desk', { is: 'ticket', ticket: aTicket({ order: null }) })).toEqual(nothing)
    const other = aTicket({ order: { ...about, orderId: '77', addTime: 1 } })
    expect(await around('desk', { is: 'ticket', ticket: other })).toEqual(nothing)
  })

  it('of a customer are the orders that name them, and of nobody else', async () => {
    const { around, order } = await desk()
    const { userId } = order.buyer
    const bought = async (of: string | null, people: string[]) =>
      (
        await around(
          'desk',
          { is: 'customer', customer: aCustomer({ userId: of, guestKey: of === null ? 'k' : null }) },
          people,
        )
      ).purchases.length
    expect(await bought(userId, ['person-1'])).toBe(order.lines.length)
    expect(await bought('99', ['person-1'])).toBe(0)
    expect(await bought(userId, ['person-2'])).toBe(0)
  })

  it('of a return is the document that its order has at the same target', async () => {
    const { around, about, reference } = await desk()
    const subject = { is: 'return', return: aReturn({ order: about }) } as const
    expect((await around('erp', subject)).order).toEqual({
      reference: `${reference}-1`,
      document: { id: 'S1', no: 'SO-1', step: 'create', state: 'live' },
    })
    expect((await around('desk', subject)).order).toBeUndefined()
  })
})
