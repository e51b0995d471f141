import { randomBytes } from 'node:crypto'
import { signBridgeCall } from '#adapters/shop/ecshop/signature.ts'
import type { Shop } from './a-shop.ts'

export interface BridgeAnswer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** Parsed from JSON, whatever the status. */
  readonly body: unknown
}

export interface BridgeCallOptions {
  /** Without `?`. */
  readonly query?: string
  /** An object is sent as JSON; text and bytes as they are. Makes it a POST. */
  readonly body?: object | string | Buffer
  readonly method?: string
  /** Default the shop's. */
  readonly secret?: string
  /** Seconds by which the caller's clock is ahead. */
  readonly ahead?: number
  readonly nonce?: string
  /** Over the signed ones; undefined leaves one out. */
  readonly headers?: Readonly<Record<string, string | undefined>>
}

/** A signed call to a shop that is served, e.g. `callBridge(shop, 'orders', { query: 'id=1' })`. */
export async function callBridge(
  shop: Shop,
  resource: string,
  options: BridgeCallOptions = {},
): Promise<BridgeAnswer> {
  const { query = '', ahead = 0, nonce = randomBytes(16).toString('hex') } = options
  const method = options.method ?? (options.body === undefined ? 'GET' : 'POST')
  const body =
    typeof options.body === 'string' || Buffer.isBuffer(options.body)
      ? options.body
      : options.body === undefined
        ? ''
        : JSON.stringify(options.body)
  const file = `v1/${resource}.php${query === '' ? '' : `?${query}`}`
  const timestamp = Math.floor(Date.now() / 1000) + ahead
  const secret = options.secret ?? (await shop.state('bridge_secret'))
  const headers: Record<string, string | undefined> = {
    'x-erpsync-timestamp': String(timestamp),
    'x-erpsync-nonce': nonce,
    'x-erpsync-signature': signBridgeCall(secret, { method, path: `/${file}`, timestamp, nonce, body }),
    ...options.headers,
  }
  const answer = await fetch(`${shop.url}erpsync/${file}`, {
    method,
    headers: Object.entries(headers).filter((header): header is [string, string] => header[1] !== undefined),
    ...(method === 'GET' || method === 'HEAD' ? {} : { body }),
  })
  const text = await answer.text()
  return { status: answer.status, headers: answer.headers, text, body: text === '' ? null : JSON.parse(text) }
}
