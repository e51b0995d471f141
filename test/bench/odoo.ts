import { randomBytes, randomInt, randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import * as z from 'zod'
import { createGateways } from '#adapters/erp/create-gateways.ts'
import { MemoryErasures } from '#adapters/memory/memory-erasures.ts'
import { MemoryLedger } from '#adapters/memory/memory-ledger.ts'
import { MemorySecrets } from '#adapters/memory/memory-secrets.ts'
import { MemoryTargetGate } from '#adapters/memory/memory-target-gate.ts'
import { deliver } from '#app/deliver.ts'
import { knownPeople } from '#app/people.ts'
import { openTurn } from '#app/turn.ts'
import { RulesSchema, TargetConfigSchema } from '#contracts/config.ts'
import type { DeliveryMessage } from '#contracts/delivery-message.ts'
import type { Order } from '#contracts/order.ts'
import { OwnersSchema } from '#contracts/owners.ts'
import { DisclosuresSchema, RetentionSchema } from '#contracts/privacy.ts'
import { canonicalOrder } from '../support/canonical-order.ts'
import { type OdooAccess, OdooRpc } from '../support/odoo-rpc.ts'
import { type Figure, figure } from './figures.ts'

const SLOTS = 2
const HOUR_MS = 3_600_000
/** As in AWS, but with an hour for a round: what is measured is Odoo, not our patience. */
const TIMES = { callMs: 60_000, leaseMs: HOUR_MS, settleMs: 3_000, retryFloorMs: 1_000 }
const MOST_ATTEMPTS = 5

const USAGE = `npm run bench -- odoo --url http://… --database … --login … [--orders 1000] [--rounds 40]
Ctrl-C ends it after the round it is in. The API key of the login comes in the environment variable ODOO_KEY. The database is for tests: it keeps the orders. It needs
the products TEE-L and MUG-01 without taxes (npm run test:odoo makes them).`

interface Plan {
  readonly access: OdooAccess
  readonly orders: number
  readonly rounds: number
}

export function planOf(args: readonly string[]): Plan {
  const { values } = parseArgs({
    args: [...args],
    options: {
      url: { type: 'string' },
      database: { type: 'string' },
      login: { type: 'string' },
      orders: { type: 'string', default: '1000' },
      rounds: { type: 'string', default: '40' },
    },
  })
  const { url, database, login } = values
  const { ODOO_KEY: key } = process.env
  if (!url || !database || !login || !key) throw new Error(USAGE)
  const [orders, rounds] = [
    z.coerce.number().int().parse(values.orders),
    z.coerce.number().int().parse(values.rounds),
  ]
  return { access: { url, database, login, key }, orders, rounds }
}

/**
 * Orders of new buyers until they are confirmed in a real Odoo: `deliver` with ledger and gate in memory, at two slots, and in
 * turn with it what one would write in an afternoon, one order after the other.
 */
export async function odoo({ access, orders, rounds }: Plan): Promise<Figure[]> {
  const run = randomBytes(4).toString('hex')
  const rpc = new OdooRpc(access)
  const products = await productIds(rpc)
  const ours = new Deliveries(access, run)
  const each = Math.ceil(orders / rounds)
  const [naive, code]: [number[], number[]] = [[], []]
  const timed = async (work: (from: number) => Promise<void>, from: number) => {
    const startedAt = performance.now()
    await work(from)
    return (performance.now() - startedAt) / 1000 / each
  }
  const byUs = (from: number) => ours.deliver(ordersOf(run, 'd', from, each))
  const byHand = (from: number) => oneByOne(rpc, products, ordersOf(run, 'n', from, each))
  // The first call of a process finds out how to speak, and a server's first look at a key is slow.
  await ours.deliver(ordersOf(run, 'w', 0, SLOTS))
  await oneByOne(rpc, products, ordersOf(run, 'v', 0, 1))
  let enough = false
  process.once('SIGINT', () => {
    enough = true
  })
  for (let round = 0; round < rounds && !enough; round += 1) {
    const from = round * each
    if (round % 2 === 0) naive.push(await timed(byHand, from))
    code.push(await timed(byUs, from))
    if (round % 2 === 1) naive.push(await timed(byHand, from))
    console.log(
      `round ${round + 1}: ${naive.at(-1)?.toFixed(2)} s by hand, ${code.at(-1)?.toFixed(2)} s by deliver, an order`,
    )
  }
  const delivered = each * code.length
  for (const who of ['d', 'n']) await check(rpc, `${run}${who}`, delivered)
  const total = (values: readonly number[]) => [values.reduce((sum, value) => sum + value * each, 0)]
  const by = `deliver, ${SLOTS} slots`
  return [
    figure('one by one', 's/order', naive),
    figure(by, 's/order', code, { to: 'one by one', values: naive }),
    figure(`one by one, ${delivered} orders`, 's', total(naive)),
    figure(`${by}, ${delivered} orders`, 's', total(code), { to: 'one by one', values: total(naive) }),
    figure(by, 'attempts/order', [ours.attempts / ours.orders]),
  ]
}

/** Of two lines, each of a buyer of its own. */
function ordersOf(run: string, who: string, from: number, count: number): Order[] {
  return Array.from({ length: count }, (_, index) => {
    const order = canonicalOrder({ id: String(randomInt(1e9, 1e12)) })
    const buyer = { ...order.buyer, userId: String(randomInt(1e12)) }
    return { ...order, orderSn: `${run}${who}${from + index}`, buyer }
  })
}

class Deliveries {
  attempts = 0
  orders = 0
  readonly #deps
  readonly #gate
  readonly #clock = { now: () => Date.now() }
  #seq = 0

  constructor({ url, database, login, key }: OdooAccess, run: string) {
    const [clock, ids] = [this.#clock, { next: () => randomUUID() }]
    const target = TargetConfigSchema.parse({ adapter: 'odoo', odoo: { url, database, login } })
    this.#deps = {
      rules: RulesSchema.parse({}),
      owners: OwnersSchema.parse({}),
      privacy: DisclosuresSchema.parse({}),
      retentionDays: RetentionSchema.parse({}),
      people: knownPeople(new MemorySecrets(), new MemoryErasures()),
      gateways: createGateways(target, { configDir: run, secrets: async () => ({ key }), clock, ids }),
      ledger: new MemoryLedger({ clock }),
      allowTombstone: async () => true,
      random: { next: () => Math.random() },
      log: { info: () => {}, warn: () => {}, error: () => {} },
      times: TIMES,
      clock,
      ids,
    }
    const limits = { slots: SLOTS, perMinute: 600_000, ...TIMES }
    this.#gate = new MemoryTargetGate({ limits: () => limits, clock, ids })
  }

  /** @throws unless each order is done after a few attempts */
  async deliver(orders: readonly Order[]): Promise<void> {
    this.orders += orders.length
    let left = orders.map((order) => this.#message(order))
    for (let attempt = 0; left.length > 0; attempt += 1) {
      if (attempt === MOST_ATTEMPTS) throw new Error(`${left.length} orders are not done`)
      // Two calls an order, and as many again for what has to be looked up.
      const turn = openTurn(this.#gate, 'erp', 4 * left.length, this.#clock.now() + HOUR_MS, this.#clock)
      this.attempts += left.length
      const outcomes = await Promise.all(left.map((message) => deliver(message, turn, this.#deps)))
      await turn.end()
      const parked = outcomes.find(({ is }) => is === 'park')
      if (parked) throw new Error(`an order was parked: ${JSON.stringify(parked)}`)
      const waits = outcomes.map((outcome) => (outcome.is === 'retry' ? outcome.afterMs : 0))
      left = left.filter((_, index) => outcomes[index]?.is === 'retry')
      if (left.length > 0) await sleep(Math.max(...waits))
    }
  }

  #message(order: Order): DeliveryMessage {
    const seq = ++this.#seq
    return {
      v: 1,
      shop: order.shop,
      target: 'erp',
      kind: 'order',
      cause: 'event',
      firstSeenAt: new Date(this.#clock.now()).toISOString(),
      correlationId: `bench-${seq}`,
      version: { epoch: 'epoch-0', epochNo: 0, seq },
      wireHash: String(seq).padStart(64, '0'),
      subject: { is: 'snapshot', order },
    }
  }
}

const ProductsSchema = z.array(z.object({ id: z.int(), default_code: z.string() }))

async function productIds(rpc: OdooRpc): Promise<ReadonlyMap<string, number>> {
  const domain = [['default_code', 'in', ['TEE-L', 'MUG-01']]]
  const found = await rpc.call(ProductsSchema, 'product.product', 'search_read', [], {
    domain,
    fields: ['default_code'],
  })
  return new Map(found.map(({ id, default_code }) => [default_code, id]))
}

/** No keys, no look-up, no check of what came of it. */
async function oneByOne(
  rpc: OdooRpc,
  products: ReadonlyMap<string, number>,
  orders: readonly Order[],
): Promise<void> {
  for (const { orderSn, buyer, consignee, lines } of orders) {
    const partner = await rpc.call(z.int(), 'res.partner', 'create', [
      { name: `${buyer.name} ${buyer.userId}`, street: consignee.address, city: consignee.city },
    ])
    const order = await rpc.call(z.int(), 'sale.order', 'create', [
      {
        partner_id: partner,
        client_order_ref: orderSn,
        order_line: lines.map(({ sku, quantity, unitPrice }) => [
          0,
          0,
          { product_id: products.get(sku) ?? false, product_uom_qty: quantity, price_unit: unitPrice / 100 },
        ]),
      },
    ])
    await rpc.call(z.literal(true), 'sale.order', 'action_confirm', [[order]])
  }
}

/** @throws unless there are so many orders, each confirmed and with a number of its own */
async function check(rpc: OdooRpc, prefix: string, wanted: number): Promise<void> {
  const domain = [
    ['client_order_ref', '=like', `${prefix}%`],
    ['state', '=', 'sale'],
  ]
  const held = await rpc.call(
    z.array(z.object({ client_order_ref: z.string() })),
    'sale.order',
    'search_read',
    [],
    {
      domain,
      fields: ['client_order_ref'],
    },
  )
  const numbers = new Set(held.map(({ client_order_ref }) => client_order_ref))
  if (held.length !== wanted || numbers.size !== wanted)
    throw new Error(`Odoo has ${held.length} confirmed orders (${numbers.size} numbers) instead of ${wanted}`)
}
