import * as fc from 'fast-check'
import { Webhook } from 'standardwebhooks'
import { describe, expect, it } from 'vitest'
import { signWebhook, verifyWebhook } from '#app/standard-webhooks.ts'

const secretOf = (key: Uint8Array) => `whsec_${Buffer.from(key).toString('base64')}`
const secret = secretOf(Buffer.from('a secret of 32 bytes for testing'))
const other = secretOf(Buffer.from('b secret of 32 bytes for testing'))

const NOW = Date.UTC(2026, 10, 21, 8, 30, 0, 999)
const SECONDS = Math.floor(NOW / 1000)
const body = Buffer.from('{"text":"龙井 🍵"}')

const headersOf = (id: string, timestamp: number | string, signature: string) => ({
  'webhook-id': id,
  'webhook-timestamp': String(timestamp),
  'webhook-signature': signature,
})
const signed = (by = secret, timestamp = SECONDS) =>
  headersOf('msg_1', timestamp, signWebhook(by, 'msg_1', timestamp, body))
const verify = (
  headers: Record<string, string | undefined>,
  rawBody: Uint8Array = body,
  secrets = [secret],
) => verifyWebhook({ headers, rawBody }, secrets, NOW)

const key = fc.uint8Array({ minLength: 24, maxLength: 64 })
const id = fc.stringMatching(/^[A-Za-z0-9_]{1,40}$/)
const text = fc.string({ unit: 'grapheme', maxLength: 200 })

describe('against the library of Standard Webhooks', () => {
  it('signs what the library verifies', () => {
    // The library reads the machine's clock, so this is the one test that does.
    const now = Math.floor(Date.now() / 1000)
    fc.assert(
      fc.property(key, id, text, (key, id, text) => {
        const headers = headersOf(id, now, signWebhook(secretOf(key), id, now, text))
        const verified = () => new Webhook(secretOf(key)).verify(text, headers, { jsonParse: false })
        expect(verified).not.toThrow()
      }),
    )
  })

  it('verifies what the library signs', () => {
    fc.assert(
      fc.property(key, id, text, (key, id, text) => {
        const signature = new Webhook(secretOf(key)).sign(id, new Date(NOW), text)
        const headers = headersOf(id, SECONDS, signature)
        expect(verify(headers, Buffer.from(text), [secretOf(key)])).toEqual({ is: 'ok' })
      }),
    )
  })

  it('signs text and its bytes alike', () => {
    expect(signWebhook(secret, 'msg_1', SECONDS, body.toString())).toBe(
      signWebhook(secret, 'msg_1', SECONDS, body),
    )
  })
})

describe('verifying', () => {
  it('accepts either of two secrets', () => {
    expect(verify(signed(other), body, [secret, other])).toEqual({ is: 'ok' })
    expect(verify(signed(secret), body, [secret, other])).toEqual({ is: 'ok' })
  })

  it('accepts when one of several signatures fits, and passes over those of other versions', () => {
    const { 'webhook-signature': right } = signed()
    const { 'webhook-signature': wrong } = signed(other)
    expect(verify({ ...signed(), 'webhook-signature': `v1a,AAAA ${wrong} ${right}` })).toEqual({ is: 'ok' })
    expect(verify({ ...signed(), 'webhook-signature': right.replace('v1,', 'v2,') })).toEqual({
      is: 'bad-signature',
    })
  })

  it.each(['webhook-id', 'webhook-timestamp', 'webhook-signature'])('misses %s', (name) => {
    expect(verify({ ...signed(), [name]: undefined })).toEqual({ is: 'missing-headers' })
    expect(verify({ ...signed(), [name]: '' })).toEqual({ is: 'missing-headers' })
  })

  it.each(['now', '1.5', '-1', '0x10', '1e9', '9999999999999'])(
    'counts the timestamp %s as missing',
    (timestamp) => {
      expect(verify({ ...signed(), 'webhook-timestamp': timestamp })).toEqual({ is: 'missing-headers' })
    },
  )

  it.each([
    ['another body', { rawBody: Buffer.from('{}') }],
    ['another id', { headers: { 'webhook-id': 'msg_2' } }],
    ['another timestamp', { headers: { 'webhook-timestamp': String(SECONDS + 1) } }],
    [
      'a signature by another secret',
      { headers: { 'webhook-signature': signed(other)['webhook-signature'] } },
    ],
    [
      'a signature cut short',
      { headers: { 'webhook-signature': signed()['webhook-signature'].slice(0, -8) } },
    ],
    ['an empty signature', { headers: { 'webhook-signature': 'v1,' } }],
    [
      'a signature without version',
      { headers: { 'webhook-signature': signed()['webhook-signature'].slice(3) } },
    ],
  ])('refuses %s', (_what, { rawBody = body, headers = {} }: { rawBody?: Uint8Array; headers?: object }) => {
    expect(verify({ ...signed(), ...headers }, rawBody)).toEqual({ is: 'bad-signature' })
  })

  it('refuses any single bit of the body flipped', () => {
    fc.assert(
      fc.property(fc.nat(body.length * 8 - 1), (bit) => {
        const flipped = Uint8Array.from(body)
        flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        expect(verify(signed(), flipped)).toEqual({ is: 'bad-signature' })
      }),
    )
  })

  it.each([
    [-300, { is: 'ok' }],
    [-301, { is: 'clock', skewSeconds: -301 }],
    [300, { is: 'ok' }],
    [301, { is: 'clock', skewSeconds: 301 }],
  ])('judges a right signature made %i seconds from now', (skew, verification) => {
    expect(verify(signed(secret, SECONDS + skew))).toEqual(verification)
  })

  it('tells nobody without a secret about the clock', () => {
    expect(verify(signed(other, SECONDS - 3600))).toEqual({ is: 'bad-signature' })
  })
})
