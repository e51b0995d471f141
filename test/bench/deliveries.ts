import type { BenchCloud } from './bench-cloud.ts'
import { LANES } from './bench-config.ts'
import { alternate, type Figure, figure } from './figures.ts'
import { InProcess } from './in-process.ts'

const PLAN = { rounds: 5, budgetMs: 25_000 }
const CALL_MS = 50
/** Orders in one run: as many as take a second at best. */
const ORDERS = { S2: 40, S8: 120 }

/** Orders a second from an accepted webhook to the document at an ERP that takes 50 ms, in a given number of slots. */
export async function deliveries(bench: BenchCloud): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const lane of ['S2', 'S8'] as const) figures.push(...(await deliveriesIn(lane, bench)))
  return figures
}

async function deliveriesIn(lane: keyof typeof ORDERS, bench: BenchCloud): Promise<Figure[]> {
  const slots = LANES[lane]
  const rateOf = async (orders: number, run: () => Promise<void>) => {
    const startedAt = performance.now()
    await run()
    return orders / ((performance.now() - startedAt) / 1000)
  }
  const runs = {
    naive: (orders: number) => {
      const bodies = naiveOrders(bench, orders)
      return rateOf(orders, () => postEach(bodies, `${bench.erpUrl}/api/orders`, slots))
    },
    code: async (orders: number) => {
      const inProcess = new InProcess(lane, bench.erpUrl)
      const messages = await inProcess.messages(bench.expect(lane, orders).from, orders)
      return rateOf(orders, () => inProcess.deliver(messages))
    },
    cloud: async (orders: number) => {
      await bench.whileHeld(lane, () => bench.post(lane, orders, 10))
      return rateOf(orders, () => bench.placed())
    },
  }

  bench.erp.delayMs = CALL_MS
  await bench.warmUp(lane)
  await runs.naive(slots)
  await runs.code(slots)
  const naive: number[] = []
  const code: number[] = []
  const cloud: number[] = []
  const refused: number[] = []
  await alternate(PLAN, [
    async () => {
      naive.push(await runs.naive(ORDERS[lane]))
      await bench.delivered()
    },
    async () => {
      code.push(await runs.code(ORDERS[lane]))
      await bench.delivered()
    },
    async () => {
      const before = bench.refused
      cloud.push(await runs.cloud(ORDERS[lane]))
      await bench.delivered()
      refused.push((bench.refused - before) / ORDERS[lane])
    },
  ])

  const ceiling = naive.map(() => slots / (CALL_MS / 1000))
  const unit = 'orders/s'
  const bundle = `our bundle in the emulator, slots=${slots}`
  return [
    figure(`ceiling, slots=${slots}`, unit, ceiling),
    figure(`naive loop, slots=${slots}`, unit, naive, { to: 'ceiling', values: ceiling }),
    figure(`our code in process, slots=${slots}`, unit, code, { to: 'naive', values: naive }),
    figure(bundle, unit, cloud, { to: 'naive', values: naive }),
    figure(bundle, unit, cloud, { to: 'ceiling', values: ceiling }),
    figure(bundle, 'refused by the gate, per order', refused),
  ]
}

/** As ours were written to the ERP, each under a reference of its own. */
function naiveOrders(bench: BenchCloud, orders: number): string[] {
  const model = bench.erp.server.documents().at(-1)
  if (!model) throw new Error('no order was delivered that could serve as a model')
  return Array.from({ length: orders }, () =>
    JSON.stringify({ ...model.body, order_id: bench.expectOther() }),
  )
}

/** What one would write in an afternoon: no ledger, no retry, no order. */
async function postEach(bodies: string[], url: string, concurrency: number): Promise<void> {
  const worker = async () => {
    for (let body = bodies.pop(); body !== undefined; body = bodies.pop()) {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      })
      if (response.status !== 201) throw new Error(`the ERP answered ${response.status}`)
      await response.json()
    }
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
}
