import { createHmac } from 'node:crypto'
import { WebhookKeysSchema } from '#contracts/webhook-keys.ts'

export interface Message {
  /** The same for its repetitions. */
  readonly id: string
  /** Epoch seconds. */
  readonly timestamp: number
  readonly body: string
}

/** The headers of Standard Webhooks, signed with every key, so that a receiver may change to the second at its own time. */
export function signatureHeaders(
  keys: readonly string[],
  { id, timestamp, body }: Message,
): Record<string, string> {
  const signatures = keys.map((key) => {
    const mac = createHmac('sha256', Buffer.from(key.replace(/^whsec_/, ''), 'base64'))
    return `v1,${mac.update(`${id}.${timestamp}.${body}`).digest('base64')}`
  })
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signatures.join(' '),
  }
}

/** Undefined: it is not there, or not of the form. */
export const keysIn = (secret: string | undefined): readonly string[] | undefined =>
  WebhookKeysSchema.safeParse(secret).data
