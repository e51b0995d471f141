import { textsIn } from '#adapters/http/redact.ts'
import type { HttpRequest, Transport } from '#adapters/http/transport.ts'
import type { ErpFailure, ErpFailureClass } from '#domain/erp-failure.ts'
import type { WriteContext } from '#ports/erp-gateway.ts'
import type { Clock } from '#ports/runtime.ts'
import type { Auth } from './auth.ts'
import { type AnswerReader, type Asked, type Manner, type Read, transportFailure } from './errors.ts'

/** A request without credentials; `url` is path and query under the base address. */
export interface Outgoing {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: unknown
}

export interface ClientDeps {
  readonly baseUrl: string
  readonly auth: Auth
  readonly transport: Transport
  readonly clock: Clock
}

/** Without a scope there was no answer. */
export type Exchanged = Read | { readonly ok: false; readonly failure: ErpFailure; readonly scope?: never }

export type Exchange = (
  outgoing: Outgoing,
  manner: Manner,
  reader: AnswerReader,
  about: { asked: Asked; expected?: unknown },
  context: WriteContext,
) => Promise<Exchanged>

/** Sends one request and reads its answer. A token the ERP refuses is renewed once: a refused call was not carried out. */
export function createClient({ baseUrl, auth, transport, clock }: ClientDeps): Exchange {
  const base = baseUrl.replace(/\/+$/, '')

  return async function exchange(outgoing, manner, reader, about, context) {
    const { method, url, headers, body } = outgoing
    const request: HttpRequest = {
      method,
      url: `${base}${url}`,
      headers: { ...headers, 'x-correlation-id': context.correlationId },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }
    const sent = textsIn([body, about.expected])

    for (let renewed = false; ; renewed = true) {
      const authorised = await auth.authorise(request, context.deadline)
      if (!authorised.ok) return authorised

      const result = await transport(
        { ...request, headers: { ...request.headers, ...authorised.headers } },
        context.deadline,
      )
      if (result.is !== 'answer') return { ok: false, failure: transportFailure(result, manner) }

      const hidden = { secrets: authorised.secrets, sent }
      const read = await reader.read(result, { asked: about.asked, now: clock.now(), hidden })
      if (read.ok || !isExpired(read.failure.class, result.status)) return read
      if (renewed || !auth.renewable) return { ...read, failure: { ...read.failure, class: 'AuthDenied' } }
      auth.forget(authorised.token)
    }
  }
}

const isExpired = (kind: ErpFailureClass, status: number) =>
  kind === 'AuthExpired' || (kind === 'AuthDenied' && status === 401)
