import type { Rules } from '#contracts/config.ts'
import type { Subject } from '#contracts/delivery-message.ts'
import type { ContentHash, LedgerRow, Reason } from '#contracts/ledger-row.ts'
import type { Line } from '#contracts/order.ts'
import type { PartsState } from '#contracts/parts.ts'
import type { Purchase } from '#contracts/purchase.ts'
import type { DocumentKind } from '#contracts/scalars.ts'
import { objection } from '#domain/desire.ts'
import type { ErpFailure } from '#domain/erp-failure.ts'
import { reason } from '#domain/reasons.ts'
import { lineReference } from '#domain/reference.ts'
import type { Built, ErpDocument, ErpGateway, ErpGateways, ReturnWrite, Write } from '#ports/erp-gateway.ts'
import { hashOf } from './content-hash.ts'

/** What a write says beside the thing itself: read from the ledger just before. */
export interface Surroundings {
  readonly purchases: readonly Purchase[]
  readonly parts: readonly PartsState[]
  readonly order?: ReturnWrite['order']
  /** Of a request for parts, for its row to keep: what was asked for, and how much of it there is. */
  readonly asked?: NonNullable<LedgerRow['parts']>
}

/** A thing of any kind at its target, as a delivery handles it. */
export interface Matter {
  readonly gateway: Pick<ErpGateway, 'describe' | 'find' | 'send' | 'cancel'>
  /** Absent: it is gone. */
  readonly thing?: {
    /** Why it may not be placed or amended. */
    readonly objection: Reason | undefined
    content(at: Write): Promise<{ ok: true; hash: ContentHash } | { ok: false; failure: ErpFailure }>
    place(at: Write, step: string): Promise<Built>
    amend(at: Write & { readonly document: ErpDocument }): Promise<Built>
  }
}

/** Undefined: the target cannot take this kind. */
export function matterOf(
  subject: Subject,
  kind: DocumentKind,
  gateways: ErpGateways,
  rules: Rules,
  { purchases, parts, order }: Surroundings,
): Matter | undefined {
  switch (subject.is) {
    case 'snapshot':
      return bound(gateways.order, objection(subject.order, rules), (at) => ({
        ...at,
        order: subject.order,
        lineReference: (line: Line) => lineReference(at.reference, line.recId),
      }))
    case 'customer':
      return bound(gateways.customer, undefined, (at) => ({ ...at, customer: subject.customer, purchases }))
    case 'return':
      return bound(gateways.return, undefined, (at) => ({
        ...at,
        return: subject.return,
        ...(order ? { order } : {}),
      }))
    case 'ticket':
      return bound(gateways.ticket, undefined, (at) => ({ ...at, ticket: subject.ticket, purchases, parts }))
    case 'parts':
      return bound(gateways.parts, undefined, (at) => ({ ...at, parts: subject.parts }))
    case 'tombstone':
    case 'gone': {
      const gateway = gateways[kind]
      return gateway && { gateway }
    }
  }
}

function bound<W extends Write>(
  gateway: ErpGateway<W> | undefined,
  objectionToIt: Reason | undefined,
  write: (at: Write) => W,
): Matter | undefined {
  return (
    gateway && {
      gateway,
      thing: {
        objection: objectionToIt,
        async content(at) {
          const whole = write(at)
          const mapped = await gateway.content(whole)
          return mapped.ok ? { ok: true, hash: hashOf(whole, mapped.content) } : mapped
        },
        place: (at, step) => gateway.place(write(at), step),
        amend: (at) => gateway.amend({ ...write(at), document: at.document }),
      },
    }
  )
}

/** Stands in where there is no gateway: it ends as a park that says so. */
export function unsupportedMatter(): Matter {
  const failure: ErpFailure = { class: 'Unsupported', message: 'This target cannot take this kind.' }
  const failed = async () => ({ ok: false, failure }) as const
  return {
    gateway: {
      describe: () => ({ idempotency: 'none', find: false, amend: false, cancel: false, steps: ['create'] }),
      find: async () => ({ is: 'failed', failure }),
      send: failed,
      cancel: failed,
    },
    thing: {
      objection: reason('kind-unsupported'),
      content: async () => ({ ok: true, hash: { v: 1, source: '', mapped: '' } }),
      place: failed,
      amend: failed,
    },
  }
}
