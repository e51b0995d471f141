import { createHmac, timingSafeEqual } from 'node:crypto'
import { EpochMsSchema } from '#contracts/instant.ts'

/** Seconds by which a signature may be older or newer than our clock. */
export const TOLERANCE_SECONDS = 300

export type Verification =
  | { readonly is: 'ok' }
  | { readonly is: 'missing-headers' }
  | { readonly is: 'bad-signature' }
  /** Signed with a right secret, at a wrong time. */
  | { readonly is: 'clock'; readonly skewSeconds: number }

const PREFIX = 'whsec_'

const digest = (secret: string, id: string, timestamp: string, body: Uint8Array | string): Buffer =>
  createHmac('sha256', Buffer.from(secret.slice(PREFIX.length), 'base64'))
    .update(`${id}.${timestamp}.`)
    .update(body)
    .digest()

/** The value of `webhook-signature` (Standard Webhooks, v1) for a body sent as these very bytes. */
export function signWebhook(
  secret: string,
  id: string,
  timestampSeconds: number,
  body: Uint8Array | string,
): string {
  return `v1,${digest(secret, id, String(timestampSeconds), body).toString('base64')}`
}

/** Checks a Standard Webhooks signature against each of `secrets`. Header names are in lower case; `now` is epoch ms. */
export function verifyWebhook(
  request: { readonly headers: Readonly<Record<string, string | undefined>>; readonly rawBody: Uint8Array },
  secrets: readonly string[],
  now: number,
): Verification {
  const id = request.headers['webhook-id']
  const timestamp = request.headers['webhook-timestamp']
  const signatures = request.headers['webhook-signature']
  if (!id || !signatures || !timestamp || !/^\d{1,12}$/.test(timestamp)) return { is: 'missing-headers' }

  const given = signatures
    .split(' ')
    .filter((signature) => signature.startsWith('v1,'))
    .map((signature) => Buffer.from(signature.slice('v1,'.length), 'base64'))
  const expected = secrets.map((secret) => digest(secret, id, timestamp, request.rawBody))
  const fits = expected.some((ours) =>
    given.some((theirs) => theirs.length === ours.length && timingSafeEqual(theirs, ours)),
  )
  if (!fits) return { is: 'bad-signature' }

  const skewSeconds = Number(timestamp) - Math.floor(now / 1000)
  return Math.abs(skewSeconds) > TOLERANCE_SECONDS ? { is: 'clock', skewSeconds } : { is: 'ok' }
}

export interface SignatureRefusal {
  readonly code: 'missing-signature' | 'bad-signature' | 'wrong-clock'
  readonly more?: { readonly serverTime: string; readonly skewSeconds: number }
}

/** What a sender is told whose signature does not hold; undefined: it holds. `now` is epoch ms. */
export function signatureRefusal(verification: Verification, now: number): SignatureRefusal | undefined {
  switch (verification.is) {
    case 'missing-headers':
      return { code: 'missing-signature' }
    case 'bad-signature':
      return { code: 'bad-signature' }
    case 'clock': {
      const { skewSeconds } = verification
      return { code: 'wrong-clock', more: { serverTime: EpochMsSchema.encode(now), skewSeconds } }
    }
    case 'ok':
      return undefined
  }
}
