import { signWebhook } from '#app/standard-webhooks.ts'

/** Invented; 32 bytes. */
export const SECRET = `whsec_${Buffer.from('a secret of 32 bytes for testing').toString('base64')}`

export interface WebhookRequest {
  readonly shop: string
  readonly headers: Readonly<Record<string, string>>
  readonly rawBody: Uint8Array
  readonly correlationId: string
}

/** A request as the bridge signs and sends it. */
export function aWebhookRequest(
  body: Uint8Array | string,
  {
    shop = 'A1',
    secret = SECRET,
    at,
    id = 'msg_1',
  }: { shop?: string; secret?: string; at: number; id?: string },
): WebhookRequest {
  const rawBody = typeof body === 'string' ? Buffer.from(body) : body
  const timestamp = Math.floor(at / 1000)
  return {
    shop,
    rawBody,
    correlationId: 'corr-0001',
    headers: {
      'webhook-id': id,
      'webhook-timestamp': String(timestamp),
      'webhook-signature': signWebhook(secret, id, timestamp, rawBody),
    },
  }
}
