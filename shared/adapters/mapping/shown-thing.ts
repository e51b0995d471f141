import * as z from 'zod'
import { textsIn } from '#adapters/http/redact.ts'
import { CustomerSchema } from '#contracts/customer.ts'
import { OrderSchema } from '#contracts/order.ts'
import { PartsRequestSchema, PartsStateSchema } from '#contracts/parts.ts'
import { PurchaseSchema } from '#contracts/purchase.ts'
import { ReturnSchema } from '#contracts/return.ts'
import { TicketSchema } from '#contracts/ticket.ts'
import type { CustomerWrite, OrderWrite, PartsWrite, ReturnWrite, TicketWrite } from '#ports/erp-gateway.ts'

export type AnyWrite = OrderWrite | CustomerWrite | ReturnWrite | TicketWrite | PartsWrite

/** A thing and what surrounds it, as its mapping sees it. */
export interface ShownThing {
  readonly values: object
  /** Texts that no message may repeat: they may be somebody's. */
  readonly people: readonly string[]
  /** Undefined: the thing has no time zone of its own. */
  readonly timeZone?: string
}

const PurchasesSchema = z.array(PurchaseSchema).readonly()
const PartsStatesSchema = z.array(PartsStateSchema).readonly()

/** Money becomes decimal strings, as everywhere outside our own arithmetic. */
export function shownThing(write: AnyWrite): ShownThing {
  const { identity } = write
  if ('lineReference' in write) {
    const order = z.encode(OrderSchema, write.order)
    const { buyer, consignee, invoice, notes } = order
    return {
      values: { identity, shop: order.shop, order },
      people: textsIn({ buyer, consignee, invoice, notes }),
      timeZone: order.timeZone,
    }
  }
  if ('customer' in write) {
    const customer = z.encode(CustomerSchema, write.customer)
    const purchases = z.encode(PurchasesSchema, write.purchases)
    const { shop, timeZone, userName, name, email, phone, otherPhones, birthday, addresses } = customer
    return {
      values: { identity, shop, customer, purchases },
      people: textsIn({ userName, name, email, phone, otherPhones, birthday, addresses }),
      timeZone,
    }
  }
  if ('return' in write) {
    const returned = z.encode(ReturnSchema, write.return)
    const { shop, timeZone, consignee, note, by } = returned
    return {
      values: { identity, shop, return: returned, ...(write.order ? { order: write.order } : {}) },
      people: textsIn({ consignee, note, by }),
      timeZone,
    }
  }
  if ('ticket' in write) {
    const ticket = z.encode(TicketSchema, write.ticket)
    const purchases = z.encode(PurchasesSchema, write.purchases)
    const parts = z.encode(PartsStatesSchema, write.parts)
    const { shop, timeZone, customer, title, content, replies } = ticket
    return {
      values: { identity, shop, ticket, purchases, parts },
      people: textsIn({ customer, title, content, replies }),
      timeZone,
    }
  }
  const parts = z.encode(PartsRequestSchema, write.parts)
  return {
    values: { identity, shop: parts.shop, parts },
    people: textsIn(parts.lines.map(({ description }) => description)),
  }
}
