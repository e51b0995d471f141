import { createHash, createHmac } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type * as z from 'zod'
import { secretNames } from '#adapters/erp/rest/auth.ts'
import type { RestTargetSchema } from '#contracts/rest-target.ts'
import type { TargetSecret } from '#contracts/secrets.ts'
import { lineReference, orderSourceId } from '#domain/reference.ts'
import type { ErpGateway } from '#ports/erp-gateway.ts'
import { canonicalOrder } from '../../../../support/canonical-order.ts'
import { CountingIds } from '../../../../support/counting-ids.ts'
import { demoRestTarget } from '../../../../support/demo-rest-target.ts'
import { type Door, ErpDouble } from '../../../../support/erp-double.ts'
import { ManualClock } from '../../../../support/manual-clock.ts'
import { restOrders } from '../../../../support/rest-orders.ts'

type AuthInput = NonNullable<z.input<typeof RestTargetSchema>['auth']>

const REFERENCE = 'ECdemo-2026112001001-rt'

describe('credentials', () => {
  let double: ErpDouble
  let clock: ManualClock
  afterEach(() => double.close())
  beforeEach(() => {
    clock = new ManualClock()
  })

  async function open(
    door: Door,
    auth: AuthInput | ((url: string) => AuthInput),
    put?: TargetSecret,
  ): Promise<ErpGateway> {
    double = await new ErpDouble({ door }).start()
    return restOrders({
      config: demoRestTarget(double.url, { auth: typeof auth === 'function' ? auth(double.url) : auth }),
      configDir: '',
      secrets: async () => put,
      clock,
      ids: new CountingIds(),
    })
  }

  const context = () => ({ deadline: clock.now() + 10_000, correlationId: 'c-1' })
  const place = async (gateway: ErpGateway) => {
    const order = canonicalOrder()
    const built = await gateway.place(
      {
        order,
        reference: REFERENCE,
        identity: orderSourceId(order.orderId, order.addTime),
        lineReference: (line) => lineReference(REFERENCE, line.recId),
      },
      'create',
    )
    if (!built.ok) throw new Error(built.failure.message)
    return gateway.send(built.request, context())
  }

  it('of Basic are user and password, in UTF-8', async () => {
    const expected = { authorization: `Basic ${Buffer.from('用户:p:w').toString('base64')}` }
    const gateway = await open(
      { kind: 'headers', expected },
      { type: 'basic' },
      { username: '用户', password: 'p:w' },
    )
    expect(await place(gateway)).toMatchObject({ ok: true })
  })

  it('of a bearer token are the token', async () => {
    const gateway = await open(
      { kind: 'headers', expected: { authorization: 'Bearer t-1' } },
      { type: 'bearer' },
      { token: 't-1' },
    )
    expect(await place(gateway)).toMatchObject({ ok: true })
  })

  it('of an API key stand in the header named, after the prefix', async () => {
    const gateway = await open(
      { kind: 'headers', expected: { 'x-erp-key': 'key k-1' } },
      { type: 'apiKey', header: 'X-Erp-Key', prefix: 'key ' },
      { apiKey: 'k-1' },
    )
    expect(await place(gateway)).toMatchObject({ ok: true })
  })

  it('that are wrong are denied, and nothing is made', async () => {
    const gateway = await open(
      { kind: 'headers', expected: { authorization: 'Bearer t-1' } },
      { type: 'bearer' },
      { token: 't-2' },
    )
    expect(await place(gateway)).toMatchObject({ ok: false, failure: { class: 'AuthDenied' } })
    expect(double.server.documents()).toEqual([])
  })

  it.each<[put: TargetSecret | undefined]>([[undefined], [{}], [{ token: '' }]])(
    'that were never put are a misconfiguration: %j',
    async (put) => {
      const gateway = await open({ kind: 'headers', expected: {} }, { type: 'bearer' }, put)
      expect(await place(gateway)).toEqual({
        ok: false,
        failure: {
          class: 'Misconfigured',
          message: 'the target’s secret has no "token": put it with `npm run sync -- secret put`',
        },
      })
      expect(double.calls).toEqual([])
    },
  )

  it('with a line break at their end are a misconfiguration, and are not shown', async () => {
    const gateway = await open({ kind: 'headers', expected: {} }, { type: 'bearer' }, { token: 't-1\n' })
    const answer = await place(gateway)
    expect(answer).toMatchObject({ ok: false, failure: { class: 'Misconfigured' } })
    expect(JSON.stringify(answer)).not.toContain('t-1')
    expect(double.calls).toEqual([])
  })

  it('go by these names', () => {
    expect(secretNames({ type: 'none' })).toEqual([])
    expect(secretNames({ type: 'basic' })).toEqual(['username', 'password'])
    expect(secretNames({ type: 'bearer' })).toEqual(['token'])
    expect(secretNames({ type: 'apiKey', header: 'X-Key', prefix: '' })).toEqual(['apiKey'])
  })

  describe('of OAuth 2', () => {
    const door: Door = { kind: 'oauth2', clientId: 'c&1', clientSecret: 's/1' }
    const auth = (url: string): AuthInput => ({
      type: 'oauth2',
      tokenUrl: `${url}/oauth/token`,
      scope: 'orders',
    })
    const put = { clientId: 'c&1', clientSecret: 's/1' }

    it('are a token that is fetched once and kept', async () => {
      const gateway = await open(door, auth, put)
      expect(await place(gateway)).toMatchObject({ ok: true })
      await gateway.find(REFERENCE, undefined, context())
      expect(double.tokens).toBe(1)
    })

    it('are fetched once however many calls wait for them', async () => {
      const gateway = await open(door, auth, put)
      const found = await Promise.all(
        Array.from({ length: 5 }, () => gateway.find(REFERENCE, undefined, context())),
      )
      expect(found).toEqual(Array.from({ length: 5 }, () => ({ is: 'absent' })))
      expect(double.tokens).toBe(1)
    })

    it('are fetched anew a minute before they expire', async () => {
      const gateway = await open({ ...door, expiresIn: 600 }, auth, put)
      await place(gateway)
      clock.advance(539_000)
      await gateway.find(REFERENCE, undefined, context())
      expect(double.tokens).toBe(1)
      clock.advance(1_000)
      await gateway.find(REFERENCE, undefined, context())
      expect(double.tokens).toBe(2)
    })

    it('are renewed once inside the call when the ERP no longer takes them', async () => {
      const gateway = await open(door, auth, put)
      await gateway.find(REFERENCE, undefined, context())
      double.revokeToken()
      expect(await place(gateway)).toMatchObject({ ok: true })
      expect(double.tokens).toBe(2)
      expect(double.server.documents(REFERENCE)).toHaveLength(1)
    })

    it('that are refused right after a renewal are denied', async () => {
      const gateway = await open({ ...door, keepsRefusing: true }, auth, put)
      expect(await place(gateway)).toMatchObject({ ok: false, failure: { class: 'AuthDenied' } })
      expect(double.tokens).toBe(2)
      expect(double.server.documents()).toEqual([])
    })

    it('may be asked for with Basic', async () => {
      const gateway = await open(
        { kind: 'oauth2', clientId: 'c1', clientSecret: 's1' },
        (url) => ({ ...auth(url), type: 'oauth2', tokenUrl: `${url}/oauth/token`, credentials: 'basic' }),
        { clientId: 'c1', clientSecret: 's1' },
      )
      expect(await place(gateway)).toMatchObject({ ok: true })
    })

    it.each<[what: string, tokenPath: string, secret: string, kind: string]>([
      ['a wrong client', '/oauth/token', 'wrong', 'AuthDenied'],
      ['a wrong address', '/oauth/tokens', 's/1', 'Misconfigured'],
    ])('that cannot be had are a clear failure: %s', async (_, path, clientSecret, kind) => {
      const gateway = await open(
        { ...door, kind: 'oauth2' },
        (url) => ({ type: 'oauth2', tokenUrl: `${url}${path}` }),
        { clientId: 'c&1', clientSecret },
      )
      const answer = await place(gateway)
      expect(answer).toMatchObject({ ok: false })
      // The write has not left, so nothing is unknown.
      expect(answer.ok ? '' : answer.failure.class).toBe(kind)
      expect(double.server.documents()).toEqual([])
    })
  })

  describe('of a signed request', () => {
    const SECRET = 'key-of-the-signature'

    it('are an HMAC over method, path, time, nonce and body', async () => {
      const door: Door = {
        kind: 'check',
        admits: ({ method, path, text, headers }) => {
          const signed = [method, path, headers['x-time'], headers['x-nonce'], text].join('\n')
          const expected = createHmac('sha256', SECRET).update(signed).digest('hex')
          return headers['x-sign'] === expected && headers['x-key-id'] === 'k7'
        },
      }
      const gateway = await open(
        door,
        {
          type: 'hmac',
          headers: { signature: 'X-Sign', timestamp: 'X-Time', nonce: 'X-Nonce', keyId: 'X-Key-Id' },
        },
        { secret: SECRET, keyId: 'k7' },
      )
      expect(await place(gateway)).toMatchObject({ ok: true })
      expect(await gateway.find(REFERENCE, undefined, context())).toMatchObject({ is: 'one' })
      const [first, second] = double.calls
      expect(first?.headers['x-time']).toBe(String(clock.now() / 1000))
      expect(first?.headers['x-nonce']).not.toBe(second?.headers['x-nonce'])
      expect(first?.headers['x-sign']).not.toBe(second?.headers['x-sign'])
    })

    it('may be a plain hash of a string that holds the secret', async () => {
      const door: Door = {
        kind: 'check',
        admits: ({ query, text, headers }) => {
          const signed = `${SECRET}${new URLSearchParams(query).toString()}${text}${headers['x-time']}${SECRET}`
          return headers['x-sign'] === `MD5 ${createHash('md5').update(signed).digest('hex').toUpperCase()}`
        },
      }
      const gateway = await open(
        door,
        {
          type: 'hmac',
          algorithm: 'md5',
          keyed: false,
          encoding: 'HEX',
          prefix: 'MD5 ',
          timestamp: 'iso',
          sign: 'secret & query & body & timestamp & secret',
          headers: { signature: 'X-Sign', timestamp: 'X-Time' },
        },
        { secret: SECRET },
      )
      expect(await place(gateway)).toMatchObject({ ok: true })
      expect(await gateway.find(REFERENCE, undefined, context())).toMatchObject({ is: 'one' })
      expect(double.calls[0]?.headers['x-time']).toBe(new Date(clock.now()).toISOString())
    })

    it('keep the secret out of a keyed expression', async () => {
      const gateway = await open(
        { kind: 'check', admits: () => true },
        {
          type: 'hmac',
          headers: { signature: 'X-Sign' },
          sign: '$exists(secret) ? $error("it is visible") : method',
        },
        { secret: SECRET },
      )
      expect(await place(gateway)).toMatchObject({ ok: true })
    })

    it('are a misconfiguration where the expression gives no text', async () => {
      const gateway = await open(
        { kind: 'check', admits: () => true },
        { type: 'hmac', headers: { signature: 'X-Sign' }, sign: '[method, path]' },
        { secret: SECRET },
      )
      expect(await place(gateway)).toMatchObject({ ok: false, failure: { class: 'Misconfigured' } })
      expect(double.calls).toEqual([])
    })
  })
})
