import * as z from 'zod'
import { type OdooTarget, OdooTargetSchema } from '#contracts/odoo-target.ts'
import type { OdooAccess } from '../support/odoo-rpc.ts'

const EnvSchema = z.object({
  ODOO_URL: z.string(),
  ODOO_DATABASE: z.string(),
  ODOO_LOGIN: z.string(),
  ODOO_KEY: z.string(),
  ODOO_ADMIN_LOGIN: z.string().optional(),
  ODOO_ADMIN_KEY: z.string().optional(),
  ODOO_PROTOCOL: OdooTargetSchema.shape.protocol,
})

interface Access {
  readonly adapter: OdooAccess
  readonly owner: OdooAccess
  readonly protocol: OdooTarget['protocol']
}

/** As run.ts hands it on: who the adapter is, how it speaks, and who makes products. */
export function accessFrom(env: unknown): Access {
  const said = EnvSchema.parse(env)
  const at = { url: said.ODOO_URL, database: said.ODOO_DATABASE }
  const adapter = { ...at, login: said.ODOO_LOGIN, key: said.ODOO_KEY }
  const { ODOO_ADMIN_LOGIN: login = adapter.login, ODOO_ADMIN_KEY: key = adapter.key } = said
  return { adapter, owner: { ...at, login, key }, protocol: said.ODOO_PROTOCOL }
}
