import * as z from 'zod'
import { parseJson } from '#adapters/http/parse-json.ts'
import { redact } from '#adapters/http/redact.ts'
import type { Transport } from '#adapters/http/transport.ts'
import type { OdooTarget } from '#contracts/odoo-target.ts'
import type { TargetSecret } from '#contracts/secrets.ts'
import type { ErpFailure } from '#domain/erp-failure.ts'
import type { WriteContext } from '#ports/erp-gateway.ts'
import type { Clock } from '#ports/runtime.ts'
import { type Attempt, done, refused } from './attempt.ts'
import { classOfFault, type Fault, failureOfStatus, failureOfTransport, type Manner } from './errors.ts'

/** A method of a model with its arguments by name, as JSON-2 has it and JSON-RPC takes it too. */
export interface Call {
  readonly model: string
  readonly method: string
  readonly ids?: readonly number[]
  readonly args?: Readonly<Record<string, unknown>>
  readonly context?: Readonly<Record<string, unknown>>
}

/** `fault` is there where Odoo itself raised it, in its own words. */
export type Called =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly failure: ErpFailure; readonly fault?: Fault }

/** Sentences are classified, so they must be English; times must be UTC, because `load` takes the user's zone. */
const CONTEXT = { lang: 'en_US', tz: 'UTC' }

export interface OdooClientDeps {
  readonly config: Pick<OdooTarget, 'url' | 'database' | 'login' | 'protocol'>
  readonly secrets: () => Promise<TargetSecret | undefined>
  readonly transport: Transport
  readonly clock: Clock
}

type Protocol = 'json2' | 'jsonrpc'

const ErrorSchema = z.object({ name: z.string(), message: z.string() })
const RpcAnswerSchema = z.union([
  z.object({ jsonrpc: z.literal('2.0'), error: z.object({ data: ErrorSchema }) }),
  z.object({ jsonrpc: z.literal('2.0'), error: z.undefined().optional(), result: z.unknown() }),
])
const VersionSchema = z.object({ version_info: z.tuple([z.union([z.int(), z.string()])]).rest(z.unknown()) })

/** JSON-2 is in Odoo from this version on. */
const FIRST_JSON2 = 19

/** Odoo's external API in either protocol. Every call is a transaction of its own. */
export function createOdooClient({ config, secrets, transport, clock }: OdooClientDeps) {
  const base = config.url.replace(/\/+$/, '')
  let spoken: Protocol | undefined = config.protocol === 'auto' ? undefined : config.protocol
  let user: { readonly key: string; readonly uid: number } | undefined

  async function post(path: string, headers: Record<string, string>, body: unknown, context: WriteContext) {
    return transport(
      {
        method: 'POST',
        url: `${base}${path}`,
        headers: {
          accept: 'application/json',
          'content-type': 'application/json',
          'x-correlation-id': context.correlationId,
          ...headers,
        },
        body: JSON.stringify(body),
      },
      context.deadline,
    )
  }

  async function protocol(context: WriteContext): Promise<Attempt<Protocol>> {
    if (spoken) return done(spoken)
    const request = { method: 'GET', url: `${base}/web/version`, headers: { accept: 'application/json' } }
    const answer = await transport(request, context.deadline)
    if (answer.is !== 'answer') return { ok: false, failure: failureOfTransport(answer, 'read') }
    const parsed = parseJson(answer.text)
    const version = VersionSchema.safeParse(parsed.ok ? parsed.value : undefined)
    if (answer.status === 200 && version.success) {
      const major = Number(String(version.data.version_info[0]).replace(/\D*/, ''))
      spoken = major >= FIRST_JSON2 ? 'json2' : 'jsonrpc'
      return done(spoken)
    }
    // Versions before 18 do not have that page.
    if (answer.status !== 404) return { ok: false, failure: failureOfStatus(answer, 'read', clock.now()) }
    spoken = 'jsonrpc'
    return done(spoken)
  }

  async function rpc(
    service: string,
    method: string,
    args: readonly unknown[],
    manner: Manner,
    context: WriteContext,
  ): Promise<Called> {
    const body = { jsonrpc: '2.0', method: 'call', id: 1, params: { service, method, args } }
    const answer = await post('/jsonrpc', {}, body, context)
    if (answer.is !== 'answer') return { ok: false, failure: failureOfTransport(answer, manner) }
    const parsed = parseJson(answer.text)
    const read = RpcAnswerSchema.safeParse(parsed.ok ? parsed.value : undefined)
    if (answer.status !== 200 || !read.success)
      return { ok: false, failure: failureOfStatus(answer, manner, clock.now()) }
    if (read.data.error) return faulty(read.data.error.data)
    return { ok: true, value: read.data.result }
  }

  async function byRpc(call: Call, key: string, manner: Manner, context: WriteContext): Promise<Called> {
    if (user?.key !== key) {
      const known = await rpc(
        'common',
        'authenticate',
        [config.database, config.login, key, {}],
        'read',
        context,
      )
      if (!known.ok) return known
      const uid = z.int().positive().safeParse(known.value)
      if (!uid.success)
        return known.value === false
          ? refused('AuthDenied', `Odoo does not take this key for the login "${config.login}"`)
          : refused('Transient', 'Odoo gave no user id')
      user = { key, uid: uid.data }
    }
    const { model, method, ids, args } = call
    const named = { ...args, context: { ...CONTEXT, ...call.context } }
    const called = await rpc(
      'object',
      'execute_kw',
      [config.database, user.uid, key, model, method, ids ? [ids] : [], named],
      manner,
      context,
    )
    // The login may have got another user id.
    if (!called.ok && called.fault?.name.endsWith('.AccessDenied')) user = undefined
    return called
  }

  async function byJson2(call: Call, key: string, manner: Manner, context: WriteContext): Promise<Called> {
    const { model, method, ids, args } = call
    const answer = await post(
      `/json/2/${model}/${method}`,
      { authorization: `bearer ${key}`, 'x-odoo-database': config.database },
      { ...(ids ? { ids } : {}), ...args, context: { ...CONTEXT, ...call.context } },
      context,
    )
    if (answer.is !== 'answer') return { ok: false, failure: failureOfTransport(answer, manner) }
    const parsed = parseJson(answer.text)
    if (answer.status === 200 && parsed.ok) return { ok: true, value: parsed.value }
    const raised = ErrorSchema.safeParse(parsed.ok ? parsed.value : undefined)
    if (answer.status < 400 || !raised.success)
      return { ok: false, failure: failureOfStatus(answer, manner, clock.now()) }
    const called = faulty(raised.data)
    return answer.status === 401 ? { ...called, failure: { ...called.failure, class: 'AuthDenied' } } : called
  }

  /**
   * @param sent texts of the order, which an answer may repeat and a failure must not
   * @param manner what an unclear answer means
   */
  return async function call(
    what: Call,
    manner: Manner,
    sent: readonly string[],
    context: WriteContext,
  ): Promise<Called> {
    const key = (await secrets())?.['key']
    if (!key)
      return refused(
        'AuthDenied',
        'the target’s secret has no "key": put it with `npm run sync -- secret put`',
      )
    const speaks = await protocol(context)
    if (!speaks.ok) return speaks
    const called = await (speaks.value === 'json2' ? byJson2 : byRpc)(what, key, manner, context)
    if (called.ok) return called
    const message = redact(called.failure.message, [key], sent)
    return { ...called, failure: { ...called.failure, message } }
  }
}

export type OdooClient = ReturnType<typeof createOdooClient>

function faulty(fault: Fault): { ok: false; failure: ErpFailure; fault: Fault } {
  const message = fault.name.startsWith('psycopg2') ? fault.message.replace(/^.*FATAL:/s, '') : fault.message
  return { ok: false, failure: { class: classOfFault(fault), message }, fault }
}
