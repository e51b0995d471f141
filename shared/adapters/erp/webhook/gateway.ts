import { createHash } from 'node:crypto'
import { textsIn } from '#adapters/http/redact.ts'
import { createTransport } from '#adapters/http/transport.ts'
import type { ErpRequest } from '#contracts/erp-request.ts'
import { EpochMsSchema } from '#contracts/instant.ts'
import type { Op } from '#contracts/ledger-row.ts'
import type { TargetSecret } from '#contracts/secrets.ts'
import type { WebhookTarget } from '#contracts/webhook-target.ts'
import type { ErpFailure, ErpFailureClass } from '#domain/erp-failure.ts'
import type { Built, Capabilities, ErpDocument, ErpGateway, ErpGateways, Write } from '#ports/erp-gateway.ts'
import type { Clock } from '#ports/runtime.ts'
import { readAnswer } from './answers.ts'
import { readBytes, type WebhookBytes } from './bytes.ts'
import { keysIn, signatureHeaders } from './signature.ts'
import { CUSTOMER, type Data, ORDER, PARTS, RETURN, type Thing, TICKET } from './things.ts'

export interface WebhookGatewayDeps {
  readonly config: WebhookTarget
  /** `settleSeconds` of the target. */
  readonly settleSeconds?: number
  readonly secrets: () => Promise<TargetSecret | undefined>
  readonly fetch?: typeof globalThis.fetch
  readonly clock: Clock
}

const CREATE = 'create'
const HAPPENED = { place: 'placed', amend: 'amended', cancel: 'cancelled' } as const satisfies Record<
  Op,
  string
>

/** Anything that takes signed webhooks, for every kind. See the README beside this file. */
export function createWebhookGateways(deps: WebhookGatewayDeps): ErpGateways {
  const send = createSend(deps)
  const capabilities: Capabilities = {
    idempotency: 'upsert',
    find: false,
    amend: true,
    cancel: true,
    steps: [CREATE],
    ...(deps.settleSeconds === undefined ? {} : { settleMs: deps.settleSeconds * 1000 }),
  }
  const gateway = <W extends Write>(thing: Thing<W>) => gatewayOf(thing, capabilities, send)
  return {
    order: gateway(ORDER),
    customer: gateway(CUSTOMER),
    return: gateway(RETURN),
    ticket: gateway(TICKET),
    parts: gateway(PARTS),
  }
}

function gatewayOf<W extends Write>(
  thing: Thing<W>,
  capabilities: Capabilities,
  send: ErpGateway['send'],
): ErpGateway<W> {
  const build = async (op: Op, reference: string, data: Data, document?: ErpDocument): Promise<Built> => {
    const message: WebhookBytes = {
      type: `${thing.kind}.${HAPPENED[op]}`,
      data,
      ...(document
        ? { document: { id: document.id, ...(document.no === undefined ? {} : { no: document.no }) } }
        : {}),
    }
    const request: ErpRequest = {
      op,
      step: CREATE,
      reference,
      key: digest([op, reference, message]),
      bytes: JSON.stringify(message),
    }
    return { ok: true, request }
  }

  return {
    describe: () => capabilities,
    async content(write) {
      // Which document it goes to is no edit.
      const { document: _whichever, ...content } = thing.content(write)
      return { ok: true, content }
    },
    find: async () => ({ is: 'failed', failure: failure('Unsupported', 'a webhook cannot be asked') }),
    place: async (write, step) =>
      step === CREATE
        ? build('place', write.reference, thing.data(write))
        : failed('Unsupported', `a webhook has no step "${step}"`),
    amend: (write) => build('amend', write.reference, thing.data(write), write.document),
    cancel: ({ reference, document, reason }) => {
      const { id, no } = document
      const data = { reference, document: { id, ...(no === undefined ? {} : { no }) }, reason }
      return build('cancel', reference, data, document)
    },
    send,
  }
}

function createSend({ config, secrets, clock, fetch }: WebhookGatewayDeps): ErpGateway['send'] {
  const transport = createTransport({ clock, ...(fetch ? { fetch } : {}) })

  return async (request, context) => {
    const message = readBytes(request.bytes)
    if (!message) return failed('Invalid', 'the stored request is not one of this adapter')
    const { type, data, document: known } = message
    const keys = keysIn((await secrets())?.['signing'])
    if (!keys) return failed('Misconfigured', 'the secret "signing" of this target is missing or no whsec_…')

    const now = clock.now()
    const body = JSON.stringify({ type, timestamp: EpochMsSchema.encode(now), data })
    const id = messageId(request, context.correlationId)
    const result = await transport(
      {
        method: 'POST',
        url: config.url,
        headers: {
          accept: 'application/json',
          'content-type': 'application/json',
          'x-correlation-id': context.correlationId,
          ...signatureHeaders(keys, { id, timestamp: Math.floor(now / 1000), body }),
        },
        body,
      },
      context.deadline,
    )
    const read = readAnswer(result, textsIn(data), clock.now())
    if (!read.ok) return read
    // What it answers to a change may be the id of a run of its own; a document keeps the id it was made with.
    const no = known ? (known.no ?? read.no) : read.no
    return {
      ok: true,
      document: {
        id: known?.id ?? read.id ?? request.reference,
        ...(no === undefined ? {} : { no }),
        state: request.op === 'cancel' ? 'cancelled' : 'live',
        step: CREATE,
      },
    }
  }
}

/**
 * The same for whatever sends the same again. A change back to what was sent once is no repetition, and a receiver that
 * drops ids it has seen must not lose it: its id is also of the event that caused it.
 */
function messageId({ op, key }: ErpRequest, correlationId: string): string {
  return `msg_${op === 'amend' ? digest([key, correlationId]) : key}`
}

const digest = (parts: unknown): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32)

const failure = (kind: ErpFailureClass, message: string): ErpFailure => ({ class: kind, message })
const failed = (kind: ErpFailureClass, message: string): { ok: false; failure: ErpFailure } => ({
  ok: false,
  failure: failure(kind, message),
})
