import * as z from 'zod'
import { aShop, type Shop, type ShopOptions } from './a-shop.ts'
import { aWebhookDouble, type WebhookDouble } from './webhook-double.ts'

const SummarySchema = z.object({
  accepted: z.int(),
  notSubscribed: z.int(),
  invalid: z.int(),
  retry: z.int(),
  notReady: z.int(),
  bytes: z.int(),
  stopped: z.object({ code: z.string(), message: z.string(), remedy: z.string() }).nullable(),
})
export type RelaySummary = z.infer<typeof SummarySchema>

const EventSchema = z.looseObject({
  type: z.string(),
  version: z.object({ epoch: z.string(), seq: z.int() }),
  snapshot: z.looseObject({ order_id: z.string().optional(), order_sn: z.string().optional() }).optional(),
  tombstone: z.looseObject({ order_id: z.string().optional() }).optional(),
})
export type RelayedEvent = z.infer<typeof EventSchema>

/** A shop whose relay posts to a double of the service. */
export interface RelayingShop extends AsyncDisposable {
  readonly shop: Shop
  readonly service: WebhookDouble
}

/** Installed and connected; the nightly sweep was just done. */
export async function aRelayingShop(options: ShopOptions): Promise<RelayingShop> {
  const service = await aWebhookDouble()
  const { capture = 'triggers', ...rest } = options
  const shop = await aShop(rest)
  // The member is older than the bridge.
  await shop.sql.exec('UPDATE {users} SET reg_time = reg_time - 3600')
  await shop.install({ capture, webhookUrl: service.url })
  service.secrets = [await shop.state('webhook_secret')]
  await shop.app("$app->state->set('sweep_at', time())")
  return {
    shop,
    service,
    async [Symbol.asyncDispose]() {
      await shop.dispose()
      await service.stop()
    },
  }
}

/** One run of the relay, as the cron plugin makes it. */
export async function relay(
  shop: Shop,
  { seconds = 20, bytes = 5_000_000 }: { readonly seconds?: number; readonly bytes?: number } = {},
): Promise<RelaySummary> {
  const summary = await shop.app(
    `$relay = new ErpSync_Relay($app); return $relay->run(${seconds}, ${bytes});`,
  )
  return SummarySchema.parse(summary)
}

/** What waits for a time does not wait any more: the walks of polling, a relay that backed off, rows set back. */
const SKIP_WAITING = `
  $poll = $app->state->json('poll');
  if ($poll !== array()) {
      $poll['walks'] = array();
      $app->state->set('poll', $poll);
  }
  $app->state->forget('relay_not_before');
  $app->db->exec('UPDATE {erpsync_outbox} SET not_before = 0');`

export async function skipWaiting(shop: Shop): Promise<void> {
  await shop.app(`${SKIP_WAITING} return true;`)
}

const RELAY_ALL = `
  for ($i = 0; $i < 2; $i++) {
      ${SKIP_WAITING}
      $relay = new ErpSync_Relay($app);
      $last = $relay->run(20, 5000000);
  }
  return $last;`

/** Relays until nothing is left, as some time of cron does in which nothing else happens. */
export async function relayAll(shop: Shop): Promise<RelaySummary> {
  return SummarySchema.parse(await shop.app(RELAY_ALL))
}

/** A whole nightly sweep, and what it found is relayed. */
export async function sweep(shop: Shop): Promise<void> {
  await shop.app(`
    $sweep = new ErpSync_Sweep($app);
    $sweep->work(microtime(true) + 30);
    ${RELAY_ALL}`)
}

export const relayed = (service: WebhookDouble): RelayedEvent[] =>
  service.events.map((event) => EventSchema.parse(event))

/** Types in the order of arrival, with the id of the thing. */
export const told = (service: WebhookDouble): string[] =>
  relayed(service).map(({ type, snapshot, tombstone }) => {
    const thing = snapshot ?? tombstone ?? {}
    const key = { order: 'order_id', customer: 'user_id', return: 'back_id', ticket: 'msg_id' }[
      type.split('.')[0] ?? ''
    ]
    return `${type} ${String(thing[key ?? ''])}`
  })

/** The newest event of an order. */
export function newestOf(service: WebhookDouble, orderId: number): RelayedEvent | undefined {
  return relayed(service).findLast(
    ({ type, snapshot, tombstone }) =>
      type.startsWith('order.') && (snapshot ?? tombstone)?.order_id === String(orderId),
  )
}
