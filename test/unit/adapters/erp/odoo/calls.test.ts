import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { createOdooGateway } from '#adapters/erp/odoo/gateway.ts'
import { OdooTargetSchema } from '#contracts/odoo-target.ts'
import type { Order } from '#contracts/order.ts'
import { lineReference, orderSourceId } from '#domain/reference.ts'
import type { Answer, Built, ErpDocument, OrderWrite } from '#ports/erp-gateway.ts'
import { canonicalOrder, type OrderChange } from '../../../../support/canonical-order.ts'
import { ManualClock } from '../../../../support/manual-clock.ts'
import { OdooDouble } from '../../../../support/odoo-double.ts'

const RpcSchema = z.object({
  params: z.object({ service: z.string(), method: z.string(), args: z.array(z.unknown()) }),
})

/** Every call is a transaction of Odoo's, and costs a slot of the gate its time. These are upper bounds. */
describe('calls to Odoo', () => {
  const clock = new ManualClock(Date.parse('2026-11-20T23:30:00Z'))
  let double: OdooDouble
  let left: string[]
  let gateway: ReturnType<typeof createOdooGateway>

  beforeEach(async () => {
    double = await new OdooDouble({ products: ['TEE-L', 'MUG-01'] }).start()
    const { url, database, login, key } = double.access
    left = []
    gateway = createOdooGateway({
      config: OdooTargetSchema.parse({ url, database, login }),
      configDir: import.meta.dirname,
      secrets: async () => ({ key }),
      clock,
      fetch: async (input, init) => {
        left.push(nameOf(new Request(input).url, init?.body))
        return fetch(input, init)
      },
    })
  })
  afterEach(() => double.close())

  const context = () => ({ deadline: clock.now() + 60_000, correlationId: 'c-1' })
  const requestOf = (built: Built) => {
    if (!built.ok) throw new Error(built.failure.message)
    return built.request
  }
  const documentOf = (answer: Answer): ErpDocument => {
    if (!answer.ok) throw new Error(answer.failure.message)
    return answer.document
  }
  const order = (id: string, userId: string, change: OrderChange = {}): Order => {
    const made = canonicalOrder({ id, ...change })
    return { ...made, buyer: { ...made.buyer, userId } }
  }
  const writeOf = (of: Order): OrderWrite => {
    const reference = `ECdemo-${of.orderId}-rt`
    return {
      order: of,
      reference,
      identity: orderSourceId(of.orderId, of.addTime),
      lineReference: (line) => lineReference(reference, line.recId),
    }
  }
  const create = async (of: Order) =>
    documentOf(await gateway.send(requestOf(await gateway.place(writeOf(of), 'create')), context()))
  const confirm = async (of: Order, document: ErpDocument) =>
    documentOf(
      await gateway.send(requestOf(await gateway.place({ ...writeOf(of), document }, 'confirm')), context()),
    )
  const amend = async (of: Order, document: ErpDocument) =>
    documentOf(await gateway.send(requestOf(await gateway.amend({ ...writeOf(of), document })), context()))
  const callsOf = async (run: () => Promise<unknown>): Promise<string[]> => {
    const before = left.length
    await run()
    return left.slice(before)
  }
  /** Nothing, or which calls there were beyond so many. */
  const beyond = async (most: number, run: () => Promise<unknown>): Promise<readonly string[]> => {
    const calls = await callsOf(run)
    return calls.length <= most ? [] : [`${calls.length} calls:`, ...calls]
  }

  it('are at most twelve for the first order of a process', async () => {
    expect(await beyond(12, () => create(order('1', '1')))).toEqual([])
  })

  it('are at most five for an order of a new buyer, six for one who is known, and three to confirm it', async () => {
    await create(order('1', '1'))
    expect(await beyond(5, () => create(order('2', '2')))).toEqual([])
    const again = order('3', '2')
    let document: ErpDocument | undefined
    const creation = async () => {
      document = await create(again)
    }
    expect(await beyond(6, creation)).toEqual([])
    const made = document
    if (!made) throw new Error('nothing was made')
    expect(await beyond(3, () => confirm(again, made))).toEqual([])
  })

  it('are at most four to look an order up, five to amend it, eight with a new address, three to cancel it', async () => {
    const first = order('1', '1', { quantity: 3 })
    const document = await create(first)
    await confirm(first, document)
    const wanted = requestOf(await gateway.place(writeOf(first), 'confirm'))
    expect(await beyond(4, () => gateway.find(wanted.reference, wanted, context()))).toEqual([])
    expect(await beyond(5, () => amend(order('1', '1', { quantity: 2 }), document))).toEqual([])
    const moved = order('1', '1', { quantity: 2, address: '别的路 2 号' })
    expect(await beyond(8, () => amend(moved, document))).toEqual([])
    const cancellation = { reference: wanted.reference, document, reason: 'cancelled in the shop' }
    const cancelled = requestOf(await gateway.cancel(cancellation))
    const cancel = async () => documentOf(await gateway.send(cancelled, context()))
    expect(await beyond(3, cancel)).toEqual([])
  })

  it('ask for a product that was not there again, and for one that was there once a minute', async () => {
    const unknown = requestOf(await gateway.place(writeOf(order('1', '1', { sku: 'NEW' })), 'create'))
    const missing = { ok: false, failure: { class: 'MissingReference', subject: 'NEW' } }
    expect(await gateway.send(unknown, context())).toMatchObject(missing)
    double.addProduct('NEW')
    expect(await gateway.send(unknown, context())).toMatchObject({ ok: true })
    const PRODUCTS = 'product.product/web_search_read'
    expect(await callsOf(() => create(order('2', '2', { sku: 'NEW' })))).not.toContain(PRODUCTS)
    clock.advance(61_000)
    expect(await callsOf(() => create(order('3', '3', { sku: 'NEW' })))).toContain(PRODUCTS)
  })

  it('find an order by its external id where the one the ledger knows is that of another order', async () => {
    const one = await create(order('1', '1'))
    const two = await create(order('2', '2'))
    const mistaken = await confirm(order('2', '2'), { ...two, id: one.id })
    expect(mistaken.id).toBe(two.id)
  })
})

function nameOf(url: string, body: unknown): string {
  if (!url.endsWith('/jsonrpc')) return url
  const { service, method, args } = RpcSchema.parse(JSON.parse(String(body))).params
  return service === 'common' ? `common/${method}` : `${String(args[3])}/${String(args[4])}`
}
