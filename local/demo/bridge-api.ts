import { timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { signBridgeCall } from '#adapters/shop/ecshop/signature.ts'
import { BRIDGE_MAX_BODY_BYTES, BRIDGE_TOLERANCE_SECONDS } from '#contracts/bridge.ts'
import { cancelOrder, noteOrder, recordShipment, replyToTicket } from './bridge-commands.ts'
import { type BridgeAnswer, refuse } from './bridge-problem.ts'
import { changes, health, things } from './bridge-reads.ts'
import { queryStock, writeStock } from './bridge-stock.ts'
import type { DemoShop } from './shop.ts'
import { instant } from './shop-order.ts'

/** Where the demo shop serves its bridge, as an ECShop does. */
export const BRIDGE_PATH = '/erpsync/v1/'

type Read = (shop: DemoShop, query: Readonly<Record<string, string>>) => BridgeAnswer
type Write = (shop: DemoShop, body: unknown) => BridgeAnswer

const READS: Readonly<Record<string, Read>> = {
  'health.php': health,
  'changes.php': changes,
  'orders.php': things('order'),
  'customers.php': things('customer'),
  'returns.php': things('return'),
  'tickets.php': things('ticket'),
}
const WRITES: Readonly<Record<string, Write>> = {
  'stock-query.php': queryStock,
  'stock-write.php': writeStock,
  'shipments.php': recordShipment,
  'ticket-replies.php': replyToTicket,
  'order-cancel.php': cancelOrder,
  'order-notes.php': noteOrder,
}

const NO_RESOURCE = refuse('not-found', 'There is no such resource.', 'Compare the address.')

/** Answers a call under `BRIDGE_PATH` (docs/contracts/bridge-v1.md). Rejects when the caller breaks off. */
export async function answerBridge(request: IncomingMessage, shop: DemoShop): Promise<BridgeAnswer> {
  const { pathname, search } = new URL(request.url ?? '/', 'http://shop')
  const file = pathname.slice(BRIDGE_PATH.length)
  const method = request.method ?? 'GET'
  const [read, write] = [READS[file], WRITES[file]]
  if (!read && !write) return NO_RESOURCE
  if (method !== (read ? 'GET' : 'POST')) {
    return refuse('method-not-allowed', `${file} does not know ${method}.`, 'Read the bridge contract.')
  }
  const body = await bodyOf(request)
  if (!body)
    return refuse('body-too-large', 'The body has more than 1048576 bytes.', 'Send less in one call.')

  const refused = checkSignature(request, { method, path: `/v1/${file}${search}`, body }, shop)
  if (refused) return refused
  if (!write) return read?.(shop, Object.fromEntries(new URLSearchParams(search))) ?? NO_RESOURCE

  const text = decoded(body)
  if (text === undefined) return refuse('invalid-encoding', 'The body is not UTF-8.', 'Encode it in UTF-8.')
  const json = parsed(text)
  if (!json.ok) return refuse('not-json', 'The body is not JSON.', 'Send what a JSON encoder returns.')
  return shop.database.transaction(() => write(shop, json.value))
}

function checkSignature(
  { headers }: IncomingMessage,
  call: { readonly method: string; readonly path: string; readonly body: Uint8Array },
  shop: DemoShop,
): BridgeAnswer | undefined {
  const stamp = String(headers['x-erpsync-timestamp'] ?? '')
  const nonce = String(headers['x-erpsync-nonce'] ?? '')
  const signature = String(headers['x-erpsync-signature'] ?? '')
  if (
    !/^\d{1,12}$/.test(stamp) ||
    !/^[A-Za-z0-9_-]{16,64}$/.test(nonce) ||
    !/^v1=[0-9a-f]{64}$/.test(signature)
  ) {
    return refuse('missing-signature', 'A header of the signature is missing.', 'Sign the call.')
  }
  const timestamp = Number(stamp)
  const expected = signBridgeCall(shop.database.bridgeSecret, { ...call, timestamp, nonce })
  if (!timingSafeEqual(Buffer.from(expected), Buffer.from(signature))) {
    return refuse('bad-signature', 'The signature is not that of this call.', 'Compare the secrets.')
  }
  const now = shop.time()
  if (Math.abs(timestamp - now) > BRIDGE_TOLERANCE_SECONDS) {
    return refuse(
      'wrong-clock',
      'The signature is right, but of another time.',
      'Sign again by server_time.',
      { server_time: instant(now) },
    )
  }
  // A call from a clock ahead by the tolerance stays valid for twice as long.
  if (!shop.database.takeNonce(nonce, now, now - 2 * BRIDGE_TOLERANCE_SECONDS)) {
    return refuse('replayed', 'This call was answered before.', 'Sign again with a new nonce.')
  }
  return undefined
}

/** Undefined when it is too long. It is read to its end all the same, so that the answer is heard. */
async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk)
    size += bytes.byteLength
    if (size <= BRIDGE_MAX_BODY_BYTES) chunks.push(bytes)
  }
  return size <= BRIDGE_MAX_BODY_BYTES ? Buffer.concat(chunks) : undefined
}

function decoded(body: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body)
  } catch {
    return undefined
  }
}

function parsed(text: string): { ok: true; value: unknown } | { ok: false } {
  try {
    return { ok: true, value: JSON.parse(text) }
  } catch {
    return { ok: false }
  }
}
