import { createHash, createHmac } from 'node:crypto'

/** What is signed of a call to the bridge (docs/contracts/bridge-v1.md). */
export interface BridgeCall {
  readonly method: string
  /** From `/v1/` on, with the query as it is sent: the folders before it may be rewritten by the shop's web server. */
  readonly path: string
  /** Epoch seconds. */
  readonly timestamp: number
  readonly nonce: string
  /** As sent; empty for none. */
  readonly body: string | Uint8Array
}

const PREFIX = 'brsec_'

/** The value of `X-Erpsync-Signature`. @param secret `brsec_` and the key in base64 */
export function signBridgeCall(secret: string, { method, path, timestamp, nonce, body }: BridgeCall): string {
  const bodyHash = createHash('sha256').update(body).digest('hex')
  const mac = createHmac('sha256', Buffer.from(secret.slice(PREFIX.length), 'base64'))
    .update(['v1', method, path, timestamp, nonce, bodyHash].join('\n'))
    .digest('hex')
  return `v1=${mac}`
}
