import type * as z from 'zod'
import {
  type BridgeFeature,
  ChangesSchema,
  DigestsSchema,
  ExportSchema,
  HealthSchema,
  OrderCancelledSchema,
  OrderNotedSchema,
  ShipmentRecordedSchema,
  StockAnswerSchema,
  StockWrittenSchema,
  ThingSchema,
  TicketRepliedSchema,
} from '#contracts/bridge.ts'
import type { Kind } from '#contracts/scalars.ts'
import type { ShopGateway } from '#ports/shop-gateway.ts'
import { type ClientDeps, createClient } from './client.ts'
import { tooOld } from './failures.ts'

/** File of each kind under `v1/`. */
const FILES: Readonly<Record<Kind, string>> = {
  order: 'orders.php',
  customer: 'customers.php',
  return: 'returns.php',
  ticket: 'tickets.php',
}

const NOTES: BridgeFeature = 'order-notes'
/** What a web server answers instead of a file it does not have: an error, a redirect, or the shop’s start page. */
const NOT_THE_BRIDGE = /^(http-(3\d\d|404)|unreadable)$/

/** One ECShop behind its bridge, over bridge contract v1 (docs/contracts/bridge-v1.md). */
export function createEcshopGateway(deps: ClientDeps): ShopGateway {
  const exchange = createClient(deps)
  const get = <Schema extends z.ZodType>(
    file: string,
    query: Readonly<Record<string, string | number | undefined>>,
    schema: Schema,
    deadline: number,
  ) => exchange({ file, query, manner: 'read' }, schema, deadline)
  const command = <Schema extends z.ZodType>(file: string, body: unknown, schema: Schema, deadline: number) =>
    exchange({ file, body, manner: 'write' }, schema, deadline)
  const health = (deadline: number) => get('health.php', {}, HealthSchema, deadline)

  return {
    health,
    changes: (query, deadline) => get('changes.php', query, ChangesSchema, deadline),
    thing: async (kind, { id, stamp }, deadline) => {
      const answer = await get(FILES[kind], { id, stamp }, ThingSchema, deadline)
      return answer.is === 'ok' ? { is: 'ok', value: answer.value.event } : answer
    },
    exportPage: (kind, { after, limit, since }, deadline) =>
      get(FILES[kind], { after, limit, since, view: 'full' }, ExportSchema, deadline),
    digestPage: (kind, { after, limit, since }, deadline) =>
      get(FILES[kind], { after, limit, since, view: 'digest' }, DigestsSchema, deadline),
    readStock: (body, deadline) =>
      exchange({ file: 'stock-query.php', body, manner: 'read' }, StockAnswerSchema, deadline),
    writeStock: (write, deadline) => command('stock-write.php', write, StockWrittenSchema, deadline),
    recordShipment: (shipment, deadline) =>
      command('shipments.php', shipment, ShipmentRecordedSchema, deadline),
    replyToTicket: (reply, deadline) => command('ticket-replies.php', reply, TicketRepliedSchema, deadline),
    cancelOrder: (cancel, deadline) => command('order-cancel.php', cancel, OrderCancelledSchema, deadline),
    noteOrder: async (note, deadline) => {
      const answer = await command('order-notes.php', note, OrderNotedSchema, deadline)
      if (answer.is === 'ok' || !NOT_THE_BRIDGE.test(answer.failure.code)) return answer
      // Perhaps the file is not there. Whether a bridge is, it says itself.
      const told = await health(deadline)
      return told.is === 'ok' && !told.value.bridge.features?.includes(NOTES)
        ? { is: 'failed', failure: tooOld(told.value.bridge.version) }
        : answer
    },
  }
}
