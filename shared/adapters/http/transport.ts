import type { Clock } from '#ports/runtime.ts'
import { type Passage, underPassage } from './passage.ts'

export interface HttpRequest {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

export interface HttpAnswer {
  readonly is: 'answer'
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
}

/**
 * `not-sent`: the far side cannot have acted, not a byte of the request left. `unclear`: bytes left and no whole answer
 * came back, so it may have. `code` is Node's, or DEADLINE, TIMEOUT, TOO_LARGE, INVALID_REQUEST.
 */
export type HttpResult =
  | HttpAnswer
  | { readonly is: 'not-sent'; readonly code: string }
  | { readonly is: 'unclear'; readonly code: string; readonly status?: number }

/** One exchange; never rejects. Redirects are answers: following one would send a write, or credentials, elsewhere. */
export type Transport = (request: HttpRequest, deadline: number) => Promise<HttpResult>

export interface TransportDeps {
  readonly fetch?: typeof globalThis.fetch
  readonly clock: Clock
  readonly maxAnswerBytes?: number
}

const LONGEST_TIMER = 2_147_483_647

/** What can only go wrong before a request leaves; asked where fetch itself does not tell. */
const BEFORE_SENDING =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT|CERT_\w+|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_(VERIFY|GET)_\w+|ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH)$/

class AnswerTooLarge extends Error {}

/** Built-in fetch with an absolute deadline (epoch ms) and without exceptions; connections are kept alive. */
export function createTransport(deps: TransportDeps): Transport {
  const { fetch = globalThis.fetch, clock, maxAnswerBytes = 1_048_576 } = deps

  return async ({ url, method, headers, body }, deadline) => {
    const left = deadline - clock.now()
    if (left <= 0) return { is: 'not-sent', code: 'DEADLINE' }

    const passage: Passage = { open: () => clock.now() < deadline }
    const stop = new AbortController()
    const timer = setTimeout(() => stop.abort(), Math.min(left, LONGEST_TIMER))
    let status: number | undefined
    try {
      const request = {
        method,
        headers,
        redirect: 'manual',
        signal: stop.signal,
        ...(body === undefined ? {} : { body }),
      } as const
      const response = await underPassage(passage, () => fetch(url, request))
      status = response.status
      const bytes = await readAtMost(maxAnswerBytes, response)
      return {
        is: 'answer',
        status,
        headers: Object.fromEntries(response.headers),
        text: decode(bytes, response),
      }
    } catch (error) {
      const code = codeOf(error, stop.signal.aborted)
      if (passage.state === 'stopped') return { is: 'not-sent', code: 'DEADLINE' }
      if (status === undefined && neverLeft(passage, code)) return { is: 'not-sent', code }
      return { is: 'unclear', code, ...(status === undefined ? {} : { status }) }
    } finally {
      clearTimeout(timer)
    }
  }
}

function neverLeft(passage: Passage, code: string): boolean {
  if (passage.state) return passage.state === 'underway'
  return code === 'INVALID_REQUEST' || BEFORE_SENDING.test(code)
}

async function readAtMost(limit: number, response: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength
    if (size > limit) throw new AnswerTooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** In the charset the answer names: GBK is still met. */
function decode(bytes: Uint8Array, response: Response): string {
  const named = /charset="?([\w-]+)/i.exec(response.headers.get('content-type') ?? '')?.[1]
  try {
    return new TextDecoder(named).decode(bytes)
  } catch {
    return new TextDecoder().decode(bytes)
  }
}

function codeOf(error: unknown, aborted: boolean): string {
  if (aborted) return 'TIMEOUT'
  if (error instanceof AnswerTooLarge) return 'TOO_LARGE'
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && typeof cause.code === 'string') return cause.code
  }
  // fetch refuses what it cannot send with a bare TypeError, and wraps what happened on the way in one with a cause.
  return error instanceof TypeError && error.message !== 'terminated' ? 'INVALID_REQUEST' : 'BROKEN'
}
