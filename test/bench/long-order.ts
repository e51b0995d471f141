import type { BenchCloud } from './bench-cloud.ts'
import { alternate, type Figure, figure } from './figures.ts'
import { InProcess, messageBytes } from './in-process.ts'
import { signedOrder } from './signed-orders.ts'

const LINES = 1_000
const LANE = 'S2'
const PLAN = { rounds: 5, budgetMs: 15_000 }

/** Seconds from posting an order of 1,000 lines to its document, against an order of one line; and how large it gets. */
export async function longOrder(bench: BenchCloud): Promise<Figure[]> {
  bench.erp.delayMs = 0
  const seconds = async (lines: number) => {
    const { shop, from } = bench.expect(LANE, 1)
    const request = signedOrder(shop, from, lines)
    const startedAt = performance.now()
    const { status } = await fetch(bench.urlOf(LANE), { method: 'POST', ...request })
    if (status !== 202) throw new Error(`an order of ${lines} lines was answered with ${status}`)
    await bench.placed()
    const taken = (performance.now() - startedAt) / 1000

    await bench.delivered()
    const written = bench.erp.server.documents().at(-1)?.body['lines']
    if (!Array.isArray(written) || written.length !== lines) throw new Error('the document lacks lines')
    return taken
  }
  await seconds(1)
  await seconds(LINES)
  const short: number[] = []
  const long: number[] = []
  await alternate(PLAN, [
    async () => void short.push(await seconds(1)),
    async () => void long.push(await seconds(LINES)),
  ])

  const inProcess = new InProcess(LANE, bench.erpUrl)
  const messages = await inProcess.messages(1, 1, LINES)
  const posted = Buffer.byteLength(signedOrder(inProcess.shop, 1, LINES).body)
  const name = `order of ${LINES} lines`
  return [
    figure('order of 1 line', 's', short),
    figure(name, 's', long, { to: '1 line', values: short }),
    figure(name, 'kB posted', [posted / 1000]),
    figure(
      name,
      'kB in the queue',
      messages.map((message) => messageBytes(message) / 1000),
    ),
  ]
}
