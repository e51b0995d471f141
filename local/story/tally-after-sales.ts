import { DEMO_SHOP } from '../demo/demo-config.ts'
import type { DemoDesk } from '../demo/desk.ts'
import type { DemoErp } from '../demo/erp.ts'
import { linesOf } from '../demo/erp-reads.ts'
import type { DemoShop } from '../demo/shop.ts'

interface All {
  readonly shop: Pick<DemoShop, 'order' | 'orders' | 'customer' | 'ticket' | 'return' | 'idsOf'>
  readonly erp: Pick<DemoErp, 'documentsOf' | 'steps'>
  readonly desk: Pick<DemoDesk, 'tickets' | 'customers' | 'steps'>
}

export interface Share {
  readonly what: 'customers' | 'returns' | 'returnSteps' | 'tickets' | 'ticketSteps' | 'parts'
  readonly right: number
  readonly of: number
}

const EVERY = 10_000

/** What follows a sale, on both sides, compared without any code of the bridge. Right is what is there once, and equal. */
export function tallyAfterSales({ shop, erp, desk }: All): Share[] {
  const idsOf = (kind: 'customer' | 'return' | 'ticket') => shop.idsOf(kind, 0, EVERY)
  const live = (collection: 'customers' | 'returns' | 'parts', reference: string) =>
    erp.documentsOf(collection).filter((one) => one.reference === reference && one.status !== 'cancelled')
  const share = <Thing>(
    what: Share['what'],
    things: readonly Thing[],
    isRight: (thing: Thing) => boolean,
  ): Share => ({ what, right: things.filter(isRight).length, of: things.length })

  const tickets = idsOf('ticket').map((id) => ({ id, ticket: shop.ticket(id) }))
  const wanted = desk.steps().filter(({ parts = [] }) => parts.length > 0)
  return [
    share('customers', idsOf('customer'), (id) => {
      const reference = `EC${DEMO_SHOP}-U${id}`
      const { mobile } = shop.customer(id) ?? {}
      const contacts = desk.customers().filter((one) => one.reference === reference)
      const documents = live('customers', reference)
      return documents.length === 1 && documents[0]?.body['phone'] === mobile && contacts.length === 1
    }),
    share('returns', idsOf('return'), (id) => {
      const documents = live('returns', `EC${DEMO_SHOP}-R${id}`)
      const back = shop.return(id)
      const [document] = documents
      return (
        documents.length === 1 &&
        document !== undefined &&
        document.body['order_no'] === back?.order.no &&
        pieces(linesOf(document)) === pieces(back?.lines ?? [])
      )
    }),
    share('returnSteps', erp.steps(), ({ reference, note = '' }) => {
      const back = shop.return(Number(reference.split('-R')[1]))
      const log = (back && shop.order(back.order.no)?.log) ?? []
      return log.filter(({ text }) => text.includes(note)).length === 1
    }),
    share('tickets', tickets, ({ id, ticket }) => {
      const cases = desk.tickets().filter(({ reference }) => reference === `EC${DEMO_SHOP}-T${id}`)
      return cases.length === 1 && cases[0]?.ticket.content === ticket?.text
    }),
    share('ticketSteps', desk.steps(), ({ reference, note = '' }) => {
      const parts = shop.ticket(Number(reference.split('-T')[1]))?.replies[0]?.parts ?? []
      return parts.filter(({ text }) => text.includes(note)).length === 1
    }),
    share('parts', wanted, ({ id, reference }) => {
      const ticket = desk.tickets().find((one) => one.reference === reference)
      const request = ticket?.parts.find(({ requestId }) => requestId === id)
      const documents = request ? live('parts', request.reference).length : 0
      return request?.state === 'confirmed'
        ? documents === 1
        : request?.state === 'refused' && documents === 0
    }),
  ]
}

const pieces = (lines: readonly { readonly quantity: number }[]) =>
  lines.reduce((sum, { quantity }) => sum + quantity, 0)
