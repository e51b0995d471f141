import { createServer, type IncomingMessage } from 'node:http'
import { buffer, json } from 'node:stream/consumers'
import { close, listen } from '../../local/cloud/listen.ts'
import type { BenchCloud } from './bench-cloud.ts'
import { alternate, type Figure, figure } from './figures.ts'
import { InProcess } from './in-process.ts'
import { type Loaded, load } from './load.ts'

const PLAN = { rounds: 5, budgetMs: 25_000 }
const CONNECTIONS = [10, 50]
/** Orders in one run: as many as take about a second, on a machine of two busy cores. */
const ORDERS = { bare: 4_000, code: 1_500, cloud: 250 }

/** Acknowledged webhooks a second: node:http alone, our use case behind it, our bundle behind the emulated HTTP API. */
export async function webhook(bench: BenchCloud): Promise<Figure[]> {
  const inProcess = new InProcess('Acks', bench.erpUrl)
  const bareServer = serve(async (request) => {
    await json(request)
    return { status: 202, body: { ok: true } }
  })
  const codeServer = serve(async (request) =>
    inProcess.receive({
      headers: Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
      ),
      rawBody: await buffer(request),
      correlationId: 'bench-0001',
    }),
  )
  try {
    const [bareUrl, codeUrl] = [await listen(bareServer), await listen(codeServer)]
    let next = 1
    const loadServer = (url: string, requests: number, connections: number) => {
      const from = next
      next += requests
      return load({ url, shop: inProcess.shop, from, requests, connections })
    }
    const runs = {
      bare: (connections: number) => loadServer(bareUrl, ORDERS.bare, connections),
      code: async (connections: number) => {
        const loaded = await loadServer(codeUrl, ORDERS.code, connections)
        const queued = inProcess.drain().length
        if (queued !== ORDERS.code) throw new Error(`${queued} of ${ORDERS.code} orders are queued`)
        return loaded
      },
      cloud: (connections: number) => bench.postToQueue(ORDERS.cloud, connections),
    }

    for (const run of Object.values(runs)) await run(10)
    const figures: Figure[] = []
    for (const connections of CONNECTIONS) {
      const bare: Loaded[] = []
      const code: Loaded[] = []
      const cloud: Loaded[] = []
      await alternate(PLAN, [
        async () => void bare.push(await runs.bare(connections)),
        async () => void code.push(await runs.code(connections)),
        async () => void cloud.push(await runs.cloud(connections)),
      ])
      figures.push(
        ...[
          { name: 'bare node:http', loads: bare },
          { name: 'our code behind node:http', loads: code, base: bare },
          { name: 'our bundle behind the emulator', loads: cloud, base: bare },
        ].flatMap(({ name, loads, base }) => figuresOf(`${name}, c=${connections}`, loads, base)),
      )
    }
    return figures
  } finally {
    await Promise.all([close(bareServer), close(codeServer)])
  }
}

function figuresOf(name: string, loads: readonly Loaded[], base?: readonly Loaded[]): Figure[] {
  const [rate, p99] = [({ rate }: Loaded) => rate, ({ p99Ms }: Loaded) => p99Ms]
  return [
    figure(name, 'acks/s', loads.map(rate), base && { to: 'bare', values: base.map(rate) }),
    figure(name, 'p99 ms', loads.map(p99)),
  ]
}

function serve(answer: (request: IncomingMessage) => Promise<{ status: number; body: unknown }>) {
  return createServer((request, response) => {
    answer(request).then(
      ({ status, body }) =>
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
      () => response.writeHead(500).end(),
    )
  })
}
