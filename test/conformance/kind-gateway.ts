import type { DocumentKind } from '#contracts/scalars.ts'
import type { CustomerWrite, OrderWrite, PartsWrite, ReturnWrite, TicketWrite } from '#ports/erp-gateway.ts'
import { aCustomer } from '../support/a-customer.ts'
import { aPartsRequest, aPartsState } from '../support/a-parts-request.ts'
import { aPurchase } from '../support/a-purchase.ts'
import { aReturn } from '../support/a-return.ts'
import { aReply, aTicket } from '../support/a-ticket.ts'
import {
  type GatewaySubject,
  gatewayConformance,
  ORDER,
  PACE,
  type Pace,
  type Specimen,
} from './erp-gateway.ts'

interface WriteOf {
  readonly order: OrderWrite
  readonly customer: CustomerWrite
  readonly return: ReturnWrite
  readonly ticket: TicketWrite
  readonly parts: PartsWrite
}

const CUSTOMER: Specimen<CustomerWrite> = {
  reference: 'ECdemo-U12',
  identity: '12.1763500000',
  first: (at) => ({ ...at, customer: aCustomer(), purchases: [aPurchase()] }),
  edited: (at) => ({ ...at, customer: aCustomer({ phone: '10000000001' }), purchases: [aPurchase()] }),
  unedited: {},
}

const RETURN: Specimen<ReturnWrite> = {
  reference: 'ECdemo-R41',
  identity: '41.1763700000',
  first: (at) => ({ ...at, return: aReturn() }),
  edited: (at) => ({ ...at, return: withLine({ quantity: 2 }) }),
  unedited: {},
  withSku: (sku, at) => ({ ...at, return: withLine({ sku }) }),
}

function withLine(change: { sku?: string; quantity?: number }) {
  const back = aReturn()
  return { ...back, lines: back.lines.map((line) => ({ ...line, ...change })) }
}

const TICKET: Specimen<TicketWrite> = {
  reference: 'ECdemo-T61',
  identity: '61.1763800000',
  first: (at) => ({ ...at, ticket: aTicket(), purchases: [aPurchase()], parts: [aPartsState()] }),
  edited: (at) => ({
    ...at,
    ticket: aTicket({ replies: [aReply()] }),
    purchases: [aPurchase()],
    parts: [aPartsState()],
  }),
  unedited: {},
}

/** The contract never changes a request; an adapter that amends is held to what it says all the same. */
const PARTS: Specimen<PartsWrite> = {
  reference: 'ECdemo-P0123456789abcdef',
  identity: '61.1763800000.step-7',
  first: (at) => ({ ...at, parts: aPartsRequest() }),
  edited: (at) => ({
    ...at,
    parts: aPartsRequest({ lines: [{ sku: 'BLADE-2', quantity: 3, description: '' }] }),
  }),
  unedited: {},
  withSku: (sku, at) => ({
    ...at,
    parts: aPartsRequest({ lines: [{ sku, quantity: 1, description: '' }] }),
  }),
}

const SPECIMENS: { readonly [Kind in DocumentKind]: Specimen<WriteOf[Kind]> } = {
  order: ORDER,
  customer: CUSTOMER,
  return: RETURN,
  ticket: TICKET,
  parts: PARTS,
}

export type KindSubject<Kind extends DocumentKind> = GatewaySubject<WriteOf[Kind]>

/** What the gateway for one kind does, as far as it says it can. `makeSubject` gives an empty target. */
export function describeKindGateway<Kind extends DocumentKind>(
  name: string,
  kind: Kind,
  makeSubject: () => Promise<KindSubject<Kind>>,
  pace: Pace = PACE,
): void {
  const specimen: Specimen<WriteOf[Kind]> = SPECIMENS[kind]
  gatewayConformance(`the ${kind} gateway for ${name}`, specimen, makeSubject, pace)
}
