import { randomBytes, randomInt } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import * as z from 'zod'
import type { ErpRequest } from '#contracts/erp-request.ts'
import type { Order } from '#contracts/order.ts'
import { lineReference, orderSourceId } from '#domain/reference.ts'
import type { Answer, Built, ErpDocument, ErpGateway, OrderWrite, WriteContext } from '#ports/erp-gateway.ts'
import { canonicalOrder, type OrderChange } from '../support/canonical-order.ts'
import type { OdooSubject } from '../support/odoo-lab.ts'
import { World } from '../support/world.ts'
import type { Pace } from './erp-gateway.ts'

export interface OdooShelf extends OdooSubject {
  addProduct(code: string): Promise<void>
}

const AT_ONCE = 8

/** What only Odoo can break: several at once, confirmed orders, and what deliver makes of its answers. */
export function odooDeliveries(
  name: string,
  makeSubject: () => Promise<OdooShelf>,
  { patienceMs, impatienceMs }: Pace,
): void {
  describe(`orders on their way to ${name}`, { timeout: 6 * patienceMs }, () => {
    let odoo: OdooShelf
    let gateway: ErpGateway
    let order: (change?: OrderChange) => Order

    beforeEach(async () => {
      odoo = await makeSubject()
      gateway = odoo.gateway
      const [id, userId] = [String(randomInt(1e9, 1e12)), String(randomInt(1e9))]
      const orderSn = randomBytes(6).toString('hex')
      order = (change) => {
        const made = canonicalOrder({ id, ...change })
        return { ...made, orderSn, buyer: { ...made.buyer, userId } }
      }
    })
    afterEach(() => odoo.close())

    const context = (): WriteContext => ({ deadline: Date.now() + patienceMs, correlationId: 'c-1' })
    const reference = () => z.string().parse(odoo.erp.reference)
    const writeOf = (of: Order, document?: ErpDocument): OrderWrite => ({
      order: of,
      reference: reference(),
      identity: orderSourceId(of.orderId, of.addTime),
      lineReference: (line) => lineReference(reference(), line.recId),
      ...(document ? { document } : {}),
    })
    const request = (built: Built): ErpRequest => {
      if (!built.ok) throw new Error(`${built.failure.class}: ${built.failure.message}`)
      return built.request
    }
    const documentIn = (answer: Answer): ErpDocument => {
      if (!answer.ok) throw new Error(`${answer.failure.class}: ${answer.failure.message}`)
      return answer.document
    }
    const creation = async (of = order()) => request(await gateway.place(writeOf(of), 'create'))
    const confirmation = async (document: ErpDocument) =>
      request(await gateway.place(writeOf(order(), document), 'confirm'))
    const atOnce = (sent: ErpRequest) =>
      Promise.all(Array.from({ length: AT_ONCE }, () => gateway.send(sent, context())))
    const refusals = (answers: readonly Answer[]) =>
      answers.flatMap((answer) => (answer.ok ? [] : [answer.failure.class]))
    const count = (model: string, domain: readonly unknown[]) =>
      odoo.rpc.call(z.int(), model, 'search_count', [], { domain })

    describe('sent eight at once', () => {
      it('one order becomes one, with its lines once', async () => {
        const sent = await creation()
        const answers = await atOnce(sent)
        expect(answers.filter(({ ok }) => ok).length).toBeGreaterThan(0)
        for (const refusal of refusals(answers)) expect(['DuplicateRef', 'Contended']).toContain(refusal)
        const found = await gateway.find(reference(), sent, context())
        expect(found).toMatchObject({ is: 'one', document: { state: 'live', content: 'same' } })
        expect(await odoo.erp.documents(reference())).toBe(1)
        expect(await count('sale.order.line', [['order_id.origin', '=', reference()]])).toBe(2)
      })

      it('one confirmation makes one delivery', async () => {
        const document = documentIn(await gateway.send(await creation(), context()))
        const answers = await atOnce(await confirmation(document))
        expect(answers.filter(({ ok }) => ok).length).toBeGreaterThan(0)
        expect(await count('stock.picking', [['sale_id', '=', Number(document.id)]])).toBe(1)
        const again = documentIn(await gateway.send(await confirmation(document), context()))
        expect(again.step).toBe('confirm')
      })
    })

    it('a creation that comes late changes nothing of what became of the order', async () => {
      odoo.proxy.fail('held-commit')
      const sent = await creation()
      const hurried = { ...context(), deadline: Date.now() + impatienceMs }
      expect(await gateway.send(sent, hurried)).toMatchObject({ ok: false })
      const document = documentIn(await gateway.send(sent, context()))
      const edited = { ...writeOf(order({ quantity: 3 })), document }
      documentIn(await gateway.send(request(await gateway.amend(edited)), context()))
      await odoo.proxy.commitHeld()
      const found = await gateway.find(reference(), await creation(edited.order), context())
      expect(found).toMatchObject({ is: 'one', document: { id: document.id, content: 'same' } })
    })

    it('a quotation whose total somebody changed is not confirmed', async () => {
      const document = documentIn(await gateway.send(await creation(), context()))
      const lines = await odoo.rpc.call(
        z.array(z.object({ id: z.int() })),
        'sale.order.line',
        'search_read',
        [],
        { domain: [['order_id', '=', Number(document.id)]], fields: ['price_unit'] },
      )
      await odoo.rpc.call(z.object({ ids: z.array(z.int()) }), 'sale.order', 'load', [], {
        fields: ['.id', 'order_line/.id', 'order_line/price_unit'],
        data: [[document.id, String(lines[0]?.id), '18.00']],
      })
      const answer = await gateway.send(await confirmation(document), context())
      expect(answer).toMatchObject({ ok: false, failure: { class: 'Invalid' } })
      expect(answer).toMatchObject({ failure: { message: expect.stringMatching(/37\.90.*39\.80/) } })
      expect(
        await count('sale.order', [
          ['id', '=', Number(document.id)],
          ['state', '=', 'draft'],
        ]),
      ).toBe(1)
    })

    describe('through the whole delivery', () => {
      let world: World

      beforeEach(() => {
        // Its clock leaps; Odoo's does not.
        const patient: ErpGateway = {
          ...gateway,
          describe: () => gateway.describe(),
          send: (sent, given) => gateway.send(sent, { ...given, ...context() }),
          find: (of, expected, given) => gateway.find(of, expected, { ...given, ...context() }),
        }
        world = new World({ gateway: () => patient })
      })

      const seen = async (of: Order) => {
        const { ref, status, erp } = await world.row(of)
        const write: OrderWrite = {
          ...writeOf(of),
          reference: ref,
          lineReference: (line) => lineReference(ref, line.recId),
        }
        const found = await gateway.find(ref, request(await gateway.place(write, 'create')), context())
        const returns = [
          ['sale_id.origin', '=', ref],
          ['picking_type_code', '=', 'incoming'],
        ]
        return {
          status,
          state: erp?.state,
          step: found.is === 'one' && found.document.step,
          content: found.is === 'one' && found.document.content,
          documents: await odoo.erp.documents(ref),
          returns: await count('stock.picking', returns),
        }
      }

      /** Odoo has the order once, confirmed, as it is now in the shop, and nothing comes back to the warehouse. */
      const ARRIVED = {
        status: 'done',
        state: 'live',
        step: 'confirm',
        content: 'same',
        documents: 1,
        returns: 0,
      }

      it.each(['send', 'action_confirm'] as const)(
        'an order arrives although the connection breaks after the commit of the %s',
        async (target) => {
          odoo.proxy.fail('reset-after-commit', target)
          await world.send(order())
          expect(await seen(order())).toEqual(ARRIVED)
        },
      )

      it.each(['reset-before-commit', 'reset-after-commit'] as const)(
        'an edit of a confirmed order arrives although its connection breaks: %s',
        async (mishap) => {
          await world.send(order({ quantity: 3 }))
          odoo.proxy.fail(mishap)
          await world.send(order({ quantity: 2 }))
          expect(await seen(order({ quantity: 2 }))).toEqual(ARRIVED)
        },
      )

      it('an older state that comes after a newer one changes nothing', async () => {
        const older = world.order(order())
        await world.send(order({ quantity: 3 }))
        const writes = odoo.proxy.writes.length
        world.enqueue(older)
        await world.drain()
        expect(world.outcomes.at(-1)).toMatchObject({ is: 'done' })
        expect(odoo.proxy.writes).toHaveLength(writes)
        expect(await seen(order({ quantity: 3 }))).toEqual(ARRIVED)
      })

      it('a product that Odoo does not have parks the order under its code, until it has it', async () => {
        const sku = `NEW-${randomBytes(4).toString('hex')}`
        await world.send(order({ sku }))
        expect(world.outcomes.at(-1)).toMatchObject({ is: 'park' })
        expect(await world.row(order({ sku }))).toMatchObject({
          status: 'parked',
          reason: { code: 'missing-reference', subject: sku },
        })
        expect(odoo.proxy.writes).toEqual([])
        await odoo.addProduct(sku)
        await world.send(order({ sku }), { cause: 'replay' })
        expect(await seen(order({ sku }))).toEqual(ARRIVED)
      })

      it('an edit of an order that people cancelled in Odoo is parked as that, because a replay makes it anew', async () => {
        await world.send(order())
        const { ref, erp } = await world.row(order())
        const unasked = { context: { disable_cancel_warning: true } }
        await odoo.rpc.call(z.unknown(), 'sale.order', 'action_cancel', [[Number(erp?.id)]], unasked)
        await world.send(order({ quantity: 2 }))
        expect(await world.row(order())).toMatchObject({
          status: 'parked',
          reason: { code: 'cancelled-in-erp' },
        })
        expect(await odoo.erp.documents(ref)).toBe(1)
      })

      it('a cancelled order is cancelled with its delivery', async () => {
        await world.send(order())
        await world.send(order({ state: 'cancelled' }))
        const row = await world.row(order())
        expect(row).toMatchObject({ erp: { state: 'cancelled' } })
        const open = [
          ['sale_id.origin', '=', row.ref],
          ['state', '!=', 'cancel'],
        ]
        expect(await count('stock.picking', open)).toBe(0)
      })
    })
  })
}
