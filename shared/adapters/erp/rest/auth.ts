import { createHash, createHmac } from 'node:crypto'
import * as z from 'zod'
import { parseJson } from '#adapters/http/parse-json.ts'
import type { HttpRequest, Transport } from '#adapters/http/transport.ts'
import { compileExpression } from '#adapters/mapping/expression.ts'
import type { RestAuth } from '#contracts/rest-target.ts'
import type { TargetSecret } from '#contracts/secrets.ts'
import type { ErpFailure } from '#domain/erp-failure.ts'
import type { Clock, Ids } from '#ports/runtime.ts'
import { transportFailure } from './errors.ts'

export interface AuthDeps {
  readonly auth: RestAuth
  readonly secrets: () => Promise<TargetSecret | undefined>
  readonly transport: Transport
  readonly clock: Clock
  readonly ids: Ids
}

export type Authorised =
  /** `secrets` = what must not be repeated in a message; `token` = what to hand back when the ERP refuses it. */
  | {
      readonly ok: true
      readonly headers: Readonly<Record<string, string>>
      readonly secrets: readonly string[]
      readonly token?: string
    }
  | { readonly ok: false; readonly failure: ErpFailure }

export interface Auth {
  /** What is wrong with the configuration itself. */
  readonly problem: string | undefined
  /** Whether a fresh token may help after a 401. */
  readonly renewable: boolean
  /** Headers for one request; nothing of the request itself leaves. */
  authorise(request: HttpRequest, deadline: number): Promise<Authorised>
  /** The ERP no longer takes this token. */
  forget(token: string | undefined): void
}

/** The names under which each kind of auth looks for its secrets. */
export function secretNames(auth: RestAuth): readonly string[] {
  switch (auth.type) {
    case 'none':
      return []
    case 'basic':
      return ['username', 'password']
    case 'bearer':
      return ['token']
    case 'apiKey':
      return ['apiKey']
    case 'oauth2':
      return ['clientId', 'clientSecret']
    case 'hmac':
      return auth.headers.keyId ? ['keyId', 'secret'] : ['secret']
  }
}

export function createAuth(deps: AuthDeps): Auth {
  const { auth, secrets } = deps
  const sign = auth.type === 'hmac' ? compileExpression(auth.sign, 'auth.sign') : undefined
  const tokens = auth.type === 'oauth2' ? createTokens(auth, deps) : undefined

  return {
    problem: sign && !sign.ok ? sign.problem : undefined,
    renewable: tokens !== undefined,
    forget: (token) => tokens?.forget(token),

    async authorise(request, deadline) {
      const names = secretNames(auth)
      const put = names.length > 0 ? ((await secrets()) ?? {}) : {}
      const missing = names.find((name) => !put[name])
      if (missing) {
        return misconfigured(
          `the target’s secret has no "${missing}": put it with \`npm run sync -- secret put\``,
        )
      }
      const value = (name: string) => put[name] ?? ''
      const hidden = names.map(value)

      let headers: Record<string, string> = {}
      let token: string | undefined
      switch (auth.type) {
        case 'none':
          break
        case 'basic':
          headers = { authorization: basic(value('username'), value('password')) }
          break
        case 'bearer':
          headers = { authorization: `Bearer ${value('token')}` }
          break
        case 'apiKey':
          headers = { [auth.header]: `${auth.prefix}${value('apiKey')}` }
          break
        case 'oauth2': {
          const fetched = await tokens?.get(
            { id: value('clientId'), secret: value('clientSecret') },
            deadline,
          )
          if (!fetched?.ok) return fetched ?? misconfigured('no token')
          token = fetched.token
          headers = { authorization: `Bearer ${token}` }
          break
        }
        case 'hmac': {
          if (!sign?.ok) return misconfigured(sign?.problem ?? 'auth.sign')
          const signed = await signature(
            auth,
            sign.run,
            request,
            { keyId: value('keyId'), secret: value('secret') },
            deps,
          )
          if (!signed.ok) return signed
          headers = signed.headers
        }
      }
      if (!Object.values(headers).every((text) => /^[\x20-\x7e]*$/.test(text))) {
        return misconfigured(
          `a secret (${names.join(', ')}) holds a character that no header may carry, e.g. a line break`,
        )
      }
      return { ok: true, headers, secrets: token ? [...hidden, token] : hidden, ...(token ? { token } : {}) }
    },
  }
}

const basic = (user: string, password: string) =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`

function misconfigured(message: string): { ok: false; failure: ErpFailure } {
  return { ok: false, failure: { class: 'Misconfigured', message } }
}

type Hmac = Extract<RestAuth, { type: 'hmac' }>
type Run = Extract<ReturnType<typeof compileExpression>, { ok: true }>['run']

async function signature(
  auth: Hmac,
  run: Run,
  request: HttpRequest,
  { keyId, secret }: { keyId: string; secret: string },
  { clock, ids }: AuthDeps,
): Promise<{ ok: true; headers: Record<string, string> } | { ok: false; failure: ErpFailure }> {
  const { pathname, search } = new URL(request.url)
  const now = clock.now()
  const timestamp = {
    epoch: `${Math.floor(now / 1000)}`,
    epochMs: `${now}`,
    iso: new Date(now).toISOString(),
  }[auth.timestamp]
  const nonce = ids.next()
  const ran = await run({
    method: request.method,
    path: pathname,
    query: search.slice(1),
    body: request.body ?? '',
    timestamp,
    nonce,
    keyId,
    ...(auth.keyed ? {} : { secret }),
  })
  if (!ran.ok) return misconfigured(ran.problem)
  if (typeof ran.value !== 'string') return misconfigured('auth.sign gave no text to sign')

  const hash = auth.keyed ? createHmac(auth.algorithm, secret) : createHash(auth.algorithm)
  const digest = hash.update(ran.value, 'utf8').digest(auth.encoding === 'base64' ? 'base64' : 'hex')
  const { headers } = auth
  return {
    ok: true,
    headers: {
      [headers.signature]: `${auth.prefix}${auth.encoding === 'HEX' ? digest.toUpperCase() : digest}`,
      ...(headers.timestamp ? { [headers.timestamp]: timestamp } : {}),
      ...(headers.nonce ? { [headers.nonce]: nonce } : {}),
      ...(headers.keyId ? { [headers.keyId]: keyId } : {}),
    },
  }
}

const TokenSchema = z.object({
  access_token: z.string().min(1),
  expires_in: z.union([z.number(), z.string().regex(/^\d+$/).transform(Number)]).optional(),
})

type Token =
  | { readonly ok: true; readonly token: string }
  | { readonly ok: false; readonly failure: ErpFailure }
type OAuth = Extract<RestAuth, { type: 'oauth2' }>

/** One token for all calls, fetched once however many ask: some ERPs end the old one when they give a new one. */
function createTokens(auth: OAuth, { transport, clock }: AuthDeps) {
  let held: { token: string; client: string; until: number } | undefined
  let underway: { client: string; token: Promise<Token> } | undefined

  async function fetchToken(client: { id: string; secret: string }, deadline: number): Promise<Token> {
    const form = new URLSearchParams({ grant_type: 'client_credentials' })
    if (auth.scope) form.set('scope', auth.scope)
    if (auth.audience) form.set('audience', auth.audience)
    if (auth.credentials === 'body') {
      form.set('client_id', client.id)
      form.set('client_secret', client.secret)
    }
    const asked = clock.now()
    const result = await transport(
      {
        method: 'POST',
        url: auth.tokenUrl,
        headers: {
          accept: 'application/json',
          'content-type': 'application/x-www-form-urlencoded',
          ...(auth.credentials === 'basic'
            ? { authorization: basic(encodeURIComponent(client.id), encodeURIComponent(client.secret)) }
            : {}),
        },
        body: form.toString(),
      },
      deadline,
    )
    // The write itself has not left, so whatever happens here is a clear failure.
    if (result.is !== 'answer')
      return { ok: false, failure: transportFailure(result, 'look-up', 'the token address') }
    const failed = (kind: ErpFailure['class'], what: string): Token => ({
      ok: false,
      failure: { class: kind, message: `the token address ${what} (HTTP ${result.status})` },
    })
    if ([400, 401, 403].includes(result.status)) return failed('AuthDenied', 'refuses the client')
    if (result.status === 429) return failed('RateLimited', 'wants fewer calls')
    if (result.status >= 300 && result.status < 500) return failed('Misconfigured', 'is not one')
    const json = parseJson(result.text)
    const parsed = TokenSchema.safeParse(json.ok ? json.value : undefined)
    if (result.status >= 500 || !parsed.success) return failed('Transient', 'gave no token')
    const { access_token: token, expires_in: seconds = 600 } = parsed.data
    held = { token, client: client.id, until: asked + Math.max(seconds - 60, seconds / 2) * 1000 }
    return { ok: true, token }
  }

  return {
    async get(client: { id: string; secret: string }, deadline: number): Promise<Token> {
      if (held?.client === client.id && clock.now() < held.until) return { ok: true, token: held.token }
      if (underway?.client !== client.id) {
        const mine = { client: client.id, token: fetchToken(client, deadline) }
        underway = mine
        void mine.token.finally(() => {
          if (underway === mine) underway = undefined
        })
      }
      return underway.token
    },
    forget(token: string | undefined) {
      if (held?.token === token) held = undefined
    },
  }
}
