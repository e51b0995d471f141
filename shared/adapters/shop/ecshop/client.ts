import { randomUUID } from 'node:crypto'
import type * as z from 'zod'
import { parseJson } from '#adapters/http/parse-json.ts'
import { createTransport, type HttpAnswer, type HttpResult } from '#adapters/http/transport.ts'
import { type BridgeProblem, BridgeProblemSchema } from '#contracts/bridge.ts'
import { EpochMsSchema } from '#contracts/instant.ts'
import type { ShopFailure } from '#domain/shop-failure.ts'
import type { Clock } from '#ports/runtime.ts'
import type { ShopAnswer } from '#ports/shop-gateway.ts'
import {
  type Manner,
  misfit,
  NO_ACCESS,
  problemFailure,
  strangeAnswer,
  transportFailure,
} from './failures.ts'
import { signBridgeCall } from './signature.ts'

/** A page of 100 orders with room to spare. */
const MAX_ANSWER_BYTES = 4_194_304

/** Where a bridge is and what it is called with. */
export interface BridgeAccess {
  /** Ends in `v1/`. */
  readonly url: string
  /** `brsec_…`; a second one while it is replaced. */
  readonly secrets: readonly string[]
}

export interface ClientDeps {
  /** Undefined = the shop was not connected yet. */
  readonly access: () => Promise<BridgeAccess | undefined>
  readonly clock: Clock
  readonly fetch?: typeof globalThis.fetch
  /** 16 to 64 of A-Z a-z 0-9 _ -, never twice the same. */
  readonly nonce?: () => string
}

export interface Outgoing {
  /** A file of the bridge, e.g. `orders.php`. */
  readonly file: string
  readonly query?: Readonly<Record<string, string | number | undefined>>
  /** With a body it is a POST. */
  readonly body?: unknown
  readonly manner: Manner
}

/**
 * Signs, sends and reads one call. What was refused for its clock, its nonce or an old secret was not carried out, and goes
 * out once more: with the shop's own time, which is remembered; with another nonce; with the other secret.
 */
export function createClient({ access, clock, fetch, nonce = randomUUID }: ClientDeps) {
  const transport = createTransport({
    clock,
    maxAnswerBytes: MAX_ANSWER_BYTES,
    ...(fetch === undefined ? {} : { fetch }),
  })
  /** Seconds the shop is ahead of us. */
  let offset = 0
  let preferred: string | undefined

  function send(url: string, secret: string, outgoing: Outgoing, deadline: number): Promise<HttpResult> {
    const { file, query = {}, body } = outgoing
    const params = new URLSearchParams()
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) params.append(name, String(value))
    }
    const search = params.size > 0 ? `?${params.toString()}` : ''
    const call = {
      method: body === undefined ? 'GET' : 'POST',
      path: `/v1/${file}${search}`,
      timestamp: Math.floor(clock.now() / 1000) + offset,
      nonce: nonce(),
      body: body === undefined ? '' : JSON.stringify(body),
    }
    const request = {
      method: call.method,
      url: `${url.replace(/\/*$/, '/')}${file}${search}`,
      headers: {
        accept: 'application/json',
        'x-erpsync-timestamp': String(call.timestamp),
        'x-erpsync-nonce': call.nonce,
        'x-erpsync-signature': signBridgeCall(secret, call),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: call.body }),
    }
    return transport(request, deadline)
  }

  return async function exchange<Schema extends z.ZodType>(
    outgoing: Outgoing,
    schema: Schema,
    deadline: number,
  ): Promise<ShopAnswer<z.output<Schema>>> {
    const { manner } = outgoing
    const failed = (failure: ShopFailure) => ({ is: 'failed', failure }) as const
    const known = await access()
    if (!known) return failed(NO_ACCESS)

    const secrets = [...known.secrets].sort((a, b) => Number(b === preferred) - Number(a === preferred))
    const tried = new Set<string>()
    for (;;) {
      const [secret = ''] = secrets
      const result = await send(known.url, secret, outgoing, deadline)
      if (result.is !== 'answer') return failed(transportFailure(result, manner))
      const { value, problem } = read(result)

      if (problem === undefined) {
        if (result.status !== 200 || value === undefined) return failed(strangeAnswer(result, manner))
        preferred = secret
        const parsed = schema.safeParse(value)
        if (parsed.success) return { is: 'ok', value: parsed.data }
        return failed(misfit(parsed.error.issues[0]?.path.join('.') ?? '', manner))
      }
      const { code, server_time: serverTime } = problem
      const again =
        (code === 'wrong-clock' && serverTime !== undefined && !tried.has(code)) ||
        (code === 'replayed' && !tried.has(code)) ||
        (code === 'bad-signature' && secrets.length > 1)
      if (result.status !== 401 || !again) return failed(problemFailure(result.status, problem, manner))
      if (code === 'bad-signature') secrets.shift()
      if (serverTime !== undefined) offset = secondsBetween(clock.now(), serverTime)
      tried.add(code)
    }
  }
}

/** JSON that is no problem is `value`; anything else is neither. */
function read({ status, text }: HttpAnswer): { value?: unknown; problem?: BridgeProblem } {
  const json = parseJson(text)
  if (!json.ok) return {}
  if (status === 200) return { value: json.value }
  const problem = BridgeProblemSchema.safeParse(json.value)
  return problem.success ? { problem: problem.data } : {}
}

const secondsBetween = (now: number, instant: string) =>
  Math.round((EpochMsSchema.decode(instant) - now) / 1000)
