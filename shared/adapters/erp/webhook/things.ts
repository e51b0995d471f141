import * as z from 'zod'
import type { DocumentKind } from '#contracts/scalars.ts'
import { THING_SCHEMAS } from '#contracts/target-webhook.ts'
import { contentOf } from '#domain/content.ts'
import type {
  CustomerWrite,
  OrderWrite,
  PartsWrite,
  ReturnWrite,
  TicketWrite,
  Write,
} from '#ports/erp-gateway.ts'

/** `data` of a message, as it goes over the wire. */
export type Data = Readonly<Record<string, unknown>>

/** How a thing of one kind is told. */
export interface Thing<W extends Write> {
  readonly kind: DocumentKind
  data(write: W): Data
  /** The same, free of what a write-back of ours puts into the shop. */
  content(write: W): Data
}

const written = ({ reference, identity, document }: Write) => ({
  reference,
  identity,
  ...(document
    ? { document: { id: document.id, ...(document.no === undefined ? {} : { no: document.no }) } }
    : {}),
})

function orderData(write: OrderWrite): Data {
  const { order, lineReference } = write
  const lines = order.lines.map((line) => ({ ...line, reference: lineReference(line) }))
  return z.encode(THING_SCHEMAS.order, { ...written(write), order: { ...order, lines } })
}

export const ORDER: Thing<OrderWrite> = {
  kind: 'order',
  data: orderData,
  content: (write) => orderData({ ...write, order: contentOf(write.order) }),
}

const asItIs = <W extends Write>(kind: DocumentKind, data: (write: W) => Data): Thing<W> => ({
  kind,
  data,
  content: data,
})

export const CUSTOMER = asItIs<CustomerWrite>('customer', (write) =>
  z.encode(THING_SCHEMAS.customer, {
    ...written(write),
    customer: write.customer,
    purchases: [...write.purchases],
  }),
)

export const RETURN = asItIs<ReturnWrite>('return', (write) => {
  const { order } = write
  return z.encode(THING_SCHEMAS.return, {
    ...written(write),
    return: write.return,
    ...(order
      ? {
          order: {
            reference: order.reference,
            document: {
              id: order.document.id,
              ...(order.document.no === undefined ? {} : { no: order.document.no }),
            },
          },
        }
      : {}),
  })
})

export const TICKET = asItIs<TicketWrite>('ticket', (write) =>
  z.encode(THING_SCHEMAS.ticket, {
    ...written(write),
    ticket: write.ticket,
    purchases: [...write.purchases],
    parts: [...write.parts],
  }),
)

export const PARTS = asItIs<PartsWrite>('parts', (write) =>
  z.encode(THING_SCHEMAS.parts, { ...written(write), parts: write.parts }),
)
