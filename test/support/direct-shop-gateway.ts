import type * as z from 'zod'
import { misfit, problemFailure } from '#adapters/shop/ecshop/failures.ts'
import {
  BridgeProblemSchema,
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
import type { ShopFailure } from '#domain/shop-failure.ts'
import type { PageQuery, ShopAnswer, ShopGateway } from '#ports/shop-gateway.ts'
import { cancelOrder, noteOrder, recordShipment, replyToTicket } from '../../local/demo/bridge-commands.ts'
import type { BridgeAnswer } from '../../local/demo/bridge-problem.ts'
import { changes, health, things } from '../../local/demo/bridge-reads.ts'
import { queryStock, writeStock } from '../../local/demo/bridge-stock.ts'
import type { DemoShop } from '../../local/demo/shop.ts'

/** The demo shop’s bridge without HTTP in between. `fault` = what every call gets instead of an answer. */
export function directShopGateway(
  shop: () => DemoShop,
  fault: () => ShopFailure | undefined = () => undefined,
): ShopGateway {
  const answered = <Schema extends z.ZodType>(
    schema: Schema,
    manner: 'read' | 'write',
    call: (shop: DemoShop) => BridgeAnswer,
  ): ShopAnswer<z.output<Schema>> => {
    const failure = fault()
    if (failure) return { is: 'failed', failure }
    const one = shop()
    const { status, body } = manner === 'read' ? call(one) : one.database.transaction(() => call(one))
    if (status !== 200)
      return { is: 'failed', failure: problemFailure(status, BridgeProblemSchema.parse(body), manner) }
    const parsed = schema.safeParse(body)
    return parsed.success
      ? { is: 'ok', value: parsed.data }
      : { is: 'failed', failure: misfit(parsed.error.issues[0]?.path.join('.') ?? '', manner) }
  }
  const page = <Schema extends z.ZodType>(
    schema: Schema,
    kind: Kind,
    { after, limit, since = 0 }: PageQuery,
    view: 'full' | 'digest',
  ) => {
    const query = { after, limit: String(limit), since: String(since), view }
    return answered(schema, 'read', (one) => things(kind)(one, query))
  }
  return {
    health: async () => answered(HealthSchema, 'read', (one) => health(one, {})),
    changes: async ({ after, limit }) =>
      answered(ChangesSchema, 'read', (one) => changes(one, { after: String(after), limit: String(limit) })),
    thing: async (kind, { id, stamp }) => {
      const query = { id, ...(stamp === undefined ? {} : { stamp: String(stamp) }) }
      const answer = answered(ThingSchema, 'read', (one) => things(kind)(one, query))
      return answer.is === 'ok' ? { is: 'ok', value: answer.value.event } : answer
    },
    exportPage: async (kind, query) => page(ExportSchema, kind, query, 'full'),
    digestPage: async (kind, query) => page(DigestsSchema, kind, query, 'digest'),
    readStock: async (query) => answered(StockAnswerSchema, 'read', (one) => queryStock(one, query)),
    writeStock: async (write) => answered(StockWrittenSchema, 'write', (one) => writeStock(one, write)),
    recordShipment: async (shipment) =>
      answered(ShipmentRecordedSchema, 'write', (one) => recordShipment(one, shipment)),
    replyToTicket: async (reply) =>
      answered(TicketRepliedSchema, 'write', (one) => replyToTicket(one, reply)),
    cancelOrder: async (cancel) => answered(OrderCancelledSchema, 'write', (one) => cancelOrder(one, cancel)),
    noteOrder: async (note) => answered(OrderNotedSchema, 'write', (one) => noteOrder(one, note)),
  }
}
