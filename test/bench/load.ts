import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import autocannon from 'autocannon'
import * as z from 'zod'
import { signedOrder } from './signed-orders.ts'

const LoadSchema = z.object({
  url: z.url(),
  shop: z.string(),
  /** Number of the first order. */
  from: z.int(),
  requests: z.int().positive(),
  connections: z.int().positive(),
})
export type Load = z.infer<typeof LoadSchema>

const LoadedSchema = z.object({
  /** Answers a second. */
  rate: z.number(),
  p99Ms: z.number(),
  errors: z.int(),
  /** Answers by status. */
  statuses: z.record(z.string(), z.int()),
})
export type Loaded = z.infer<typeof LoadedSchema>

/** Posts each order once, from a process of its own. @throws when one answer is not 202 */
export async function load(plan: Load): Promise<Loaded> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [fileURLToPath(import.meta.url), JSON.stringify(plan)],
    { timeout: 60_000 },
  )
  const loaded = LoadedSchema.parse(JSON.parse(stdout))
  if (loaded.errors > 0 || loaded.statuses['202'] !== plan.requests) {
    throw new Error(`not every request was accepted: ${JSON.stringify(loaded)} of ${JSON.stringify(plan)}`)
  }
  return loaded
}

async function fire({ url, shop, from, requests, connections }: Load): Promise<Loaded> {
  const signed = Array.from({ length: requests }, (_, index) => signedOrder(shop, from + index))
  let dealt = 0
  let startedAt = 0
  let endedAt = 0
  const run = autocannon({
    url,
    connections,
    method: 'POST',
    amount: requests,
    sampleInt: 100,
    // As autocannon shares out the amount: the first connections take one more.
    setupClient: (client) => {
      const share = Math.ceil(signed.length / (connections - dealt))
      dealt += 1
      client.setRequests(signed.splice(0, share))
    },
  })
  run.on('start', () => {
    startedAt = performance.now()
  })
  run.on('response', () => {
    endedAt = performance.now()
  })
  const { errors, statusCodeStats, latency } = await run
  return {
    rate: requests / ((endedAt - startedAt) / 1000),
    p99Ms: latency.p99,
    errors,
    statuses: Object.fromEntries(
      Object.entries(statusCodeStats).map(([status, { count }]) => [status, count]),
    ),
  }
}

if (import.meta.main) {
  // Whoever started it holds the other end: without it there is nobody to load for.
  process.stdin
    .on('end', () => process.exit(1))
    .resume()
    .unref()
  console.log(JSON.stringify(await fire(LoadSchema.parse(JSON.parse(process.argv[2] ?? '')))))
}
