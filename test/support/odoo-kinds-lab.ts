import { createHash, randomBytes } from 'node:crypto'
import * as z from 'zod'
import { createOdooGateways } from '#adapters/erp/odoo/gateway.ts'
import { OdooTargetSchema } from '#contracts/odoo-target.ts'
import type { DocumentKind } from '#contracts/scalars.ts'
import { lineReference } from '#domain/reference.ts'
import type { CustomerWrite, ErpGateways, ReturnWrite, Write } from '#ports/erp-gateway.ts'
import type { ErpLab } from '../conformance/erp-gateway.ts'
import { OdooProxy } from './odoo-proxy.ts'
import { type OdooAccess, OdooRpc } from './odoo-rpc.ts'

/** What the suites of everything but orders need of an Odoo. */
export const SERVICE = {
  project: 'Sync test service',
  stages: {
    accepted: 'Accepted',
    inspecting: 'Inspecting',
    repairing: ['Repairing', 'Repairing abroad'],
    'waiting-parts': 'Waiting for parts',
    closed: 'Closed',
  },
  operation: 'Delivery Orders',
  warehouse: 'WH',
  refund: 'SYNC-REFUND',
} as const

export type OtherKind = Exclude<DocumentKind, 'order'>

/** The model of each kind, and how its documents are counted without the adapter. */
const DOCUMENTS: Readonly<Record<OtherKind, { model: string; of: (reference: string) => unknown[] }>> = {
  customer: { model: 'res.partner', of: (reference) => [['ref', '=', reference]] },
  ticket: { model: 'project.task', of: (reference) => [['description', 'ilike', reference]] },
  return: { model: 'stock.picking', of: (reference) => [['origin', '=', reference]] },
  parts: { model: 'stock.picking', of: (reference) => [['origin', 'ilike', reference]] },
}

const PREFIXES: Readonly<Record<OtherKind, string>> = { customer: 'U', ticket: 'T', return: 'R', parts: 'P' }

const IdsSchema = z.array(z.object({ id: z.int() }))

export interface OdooKindLab {
  readonly adapter: OdooAccess
  readonly rpc?: OdooRpc
  readonly target?: Partial<z.input<typeof OdooTargetSchema>>
}

export interface OdooKindSubject<Kind extends OtherKind> {
  readonly gateway: NonNullable<ErpGateways[Kind]>
  readonly erp: ErpLab
  readonly prepare: <W extends Write>(write: W) => W
  close(): Promise<void>
  readonly gateways: ErpGateways
  readonly proxy: OdooProxy
  readonly rpc: OdooRpc
  readonly reference: string
  /** Of the sale order whose goods come back. */
  readonly orderReference: string
  readonly orderId: number | undefined
}

export const SOLD = 5

/** A gateway for one kind to an Odoo, double or real, with a proxy between them; documents are its own. */
export async function odooKind<Kind extends OtherKind>(
  kind: Kind,
  { adapter, rpc = new OdooRpc(adapter), target = {} }: OdooKindLab,
): Promise<OdooKindSubject<Kind>> {
  const { model, of } = DOCUMENTS[kind]
  const proxy = await new OdooProxy(adapter.url, model).start()
  const gateways = createOdooGateways({
    config: OdooTargetSchema.parse({
      url: proxy.url,
      database: adapter.database,
      login: adapter.login,
      tickets: { project: SERVICE.project, stages: SERVICE.stages, tags: { 'after-sale': 'Sync test' } },
      returns: {},
      parts: { operation: SERVICE.operation, warehouse: SERVICE.warehouse },
      ...target,
    }),
    configDir: import.meta.dirname,
    secrets: async () => ({ key: adapter.key }),
    clock: { now: () => Date.now() },
  })
  const gateway: ErpGateways[Kind] = gateways[kind]
  if (!gateway) throw new Error(`it takes no ${kind}`)

  const own = randomBytes(4).toString('hex')
  const orderReference = `ECdemo-${own}-rt`
  const reference = `ECdemo-${PREFIXES[kind]}${own}`
  const orderId = kind === 'return' ? await deliveredOrder(rpc, orderReference) : undefined
  const documents = async (reference: string) => {
    await proxy.settled()
    return rpc.call(IdsSchema, model, 'search_read', [], { domain: of(reference), fields: ['id'] })
  }

  return {
    gateway,
    gateways,
    proxy,
    rpc,
    reference,
    orderReference,
    orderId,
    prepare: <W extends Write>(write: W): W => {
      if (isOfCustomer(write))
        return { ...write, customer: { ...write.customer, userId: userOf(write.reference) } }
      if (!isOfReturn(write)) return write
      const { order } = write.return
      return { ...write, return: { ...write.return, order: { ...order, reference: orderReference } } }
    },
    erp: {
      reference,
      ...(kind === 'return' || kind === 'parts' ? { unknownSku: 'NO-SUCH-ITEM' } : {}),
      documents: async (reference) => (await documents(reference)).length,
      calls: async () => proxy.calls,
      fail: async (mishap, during) => proxy.fail(mishap, during),
      babble: async (status, body, during) => proxy.babble(status, body, during),
      commitHeld: () => proxy.commitHeld(),
      ...(kind === 'parts'
        ? {
            ship: async (reference) => {
              const ids = (await documents(reference)).map(({ id }) => id)
              await validate(rpc, ids)
            },
          }
        : {}),
    },
    close: () => proxy.close(),
  }
}

/** Leaves, or comes in, as it was asked for. */
export async function validate(rpc: OdooRpc, ids: readonly number[]): Promise<void> {
  for (const id of ids) {
    const states = z.tuple([z.object({ state: z.string() })])
    const [{ state }] = await rpc.call(states, 'stock.picking', 'search_read', [], {
      domain: [['id', '=', id]],
      fields: ['state'],
    })
    if (state === 'draft') await rpc.call(z.unknown(), 'stock.picking', 'action_confirm', [[id]])
    const moves = await rpc.call(
      z.array(z.object({ id: z.int(), product_uom_qty: z.number() })),
      'stock.move',
      'search_read',
      [],
      { domain: [['picking_id', '=', id]], fields: ['product_uom_qty'] },
    )
    const picked = moves.map(({ id: move, product_uom_qty: quantity }) => [
      1,
      move,
      { quantity, picked: true },
    ])
    await rpc.call(z.literal(true), 'stock.picking', 'write', [[id], { move_ids: picked }])
    await rpc.call(z.literal(true), 'stock.picking', 'button_validate', [[id]], {
      context: { skip_sms: true, skip_backorder: true },
    })
  }
}

/** A sale order of five T-shirts, whose line bears our reference, and which has left. */
async function deliveredOrder(rpc: OdooRpc, reference: string): Promise<number> {
  const [shirt] = await rpc.call(IdsSchema, 'product.product', 'search_read', [], {
    domain: [['default_code', '=', 'TEE-L']],
    fields: ['id'],
  })
  const buyer = await rpc.call(z.int(), 'res.partner', 'create', [{ name: `Buyer of ${reference}` }])
  const columns = {
    id: externalId('so', reference),
    origin: reference,
    'partner_id/.id': String(buyer),
    'order_line/id': externalId('sol', lineReference(reference, '10011')),
    'order_line/product_id/.id': String(shirt?.id),
    'order_line/product_uom_qty': String(SOLD),
    'order_line/price_unit': '19.9',
    'order_line/name': 'T-shirt',
  }
  const loaded = await rpc.call(z.object({ ids: z.tuple([z.int()]) }), 'sale.order', 'load', [], {
    fields: Object.keys(columns),
    data: [Object.values(columns)],
  })
  const [order] = loaded.ids
  await rpc.call(z.literal(true), 'sale.order', 'action_confirm', [[order]])
  const pickings = await rpc.call(IdsSchema, 'stock.picking', 'search_read', [], {
    domain: [['sale_id', '=', order]],
    fields: ['id'],
  })
  await validate(
    rpc,
    pickings.map(({ id }) => id),
  )
  return order
}

const externalId = (kind: 'so' | 'sol', reference: string) =>
  `ecshop.${kind}_${reference.replaceAll('-', '_')}`

const isOfCustomer = (write: Write): write is CustomerWrite => 'customer' in write
const isOfReturn = (write: Write): write is ReturnWrite => 'return' in write

/** A reference is of one member. */
const userOf = (reference: string) => String(createHash('sha256').update(reference).digest().readUInt32BE())
