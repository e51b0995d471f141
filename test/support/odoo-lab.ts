import { randomBytes } from 'node:crypto'
import * as z from 'zod'
import { createGateways } from '#adapters/erp/create-gateways.ts'
import { TargetConfigSchema } from '#contracts/config.ts'
import type { OdooTargetSchema } from '#contracts/odoo-target.ts'
import type { ErpSubject } from '../conformance/erp-gateway.ts'
import { CountingIds } from './counting-ids.ts'
import { OdooProxy } from './odoo-proxy.ts'
import { type OdooAccess, OdooRpc } from './odoo-rpc.ts'

export const UNKNOWN_SKU = 'NO-SUCH-ITEM'

export interface OdooSubject extends ErpSubject {
  readonly proxy: OdooProxy
  readonly rpc: OdooRpc
}

const OrdersSchema = z.array(z.object({ id: z.int(), state: z.string() }))
const PickingsSchema = z.array(z.object({ id: z.int(), state: z.string() }))

/** A gateway to an Odoo, double or real, with a proxy between them; orders go under a reference of their own. */
export async function odooSubject(
  { rpc, ...access }: OdooAccess & { readonly rpc?: OdooRpc },
  target: Partial<z.input<typeof OdooTargetSchema>> = {},
): Promise<OdooSubject> {
  const proxy = await new OdooProxy(access.url).start()
  const lab = rpc ?? new OdooRpc(access)
  const config = TargetConfigSchema.parse({
    adapter: 'odoo',
    odoo: { url: proxy.url, database: access.database, login: access.login, ...target },
  })
  const { order: gateway } = createGateways(config, {
    configDir: import.meta.dirname,
    secrets: async () => ({ key: access.key }),
    clock: { now: () => Date.now() },
    ids: new CountingIds(),
  })
  if (!gateway) throw new Error('Odoo takes orders')
  const ordersOf = (reference: string) =>
    lab.call(OrdersSchema, 'sale.order', 'search_read', [], {
      domain: [['origin', '=', reference]],
      fields: ['state'],
    })
  return {
    gateway,
    proxy,
    rpc: lab,
    erp: {
      unknownSku: UNKNOWN_SKU,
      reference: `ECdemo-${randomBytes(5).toString('hex')}-rt`,
      documents: async (reference) => {
        await proxy.settled()
        return (await ordersOf(reference)).length
      },
      calls: async () => proxy.calls,
      fail: async (mishap, during) => proxy.fail(mishap, during),
      babble: async (status, body, during) => proxy.babble(status, body, during),
      commitHeld: () => proxy.commitHeld(),
      ship: async (reference) => {
        for (const { id, state } of await ordersOf(reference)) await deliver(lab, id, state)
      },
    },
    close: () => proxy.close(),
  }
}

async function deliver(rpc: OdooRpc, order: number, state: string): Promise<void> {
  if (state === 'draft') await rpc.call(z.literal(true), 'sale.order', 'action_confirm', [[order]])
  const pickings = () =>
    rpc.call(PickingsSchema, 'stock.picking', 'search_read', [], {
      domain: [['sale_id', '=', order]],
      fields: ['state'],
    })
  for (const { id } of await pickings())
    await rpc.call(z.literal(true), 'stock.picking', 'button_validate', [[id]], {
      context: { skip_sms: true },
    })
  z.array(z.object({ state: z.literal('done') }))
    .min(1)
    .parse(await pickings())
}
