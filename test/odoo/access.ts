import * as z from 'zod'
import type { OdooAccess } from '../support/odoo-rpc.ts'

const EnvSchema = z.object({
  ODOO_URL: z.string(),
  ODOO_DATABASE: z.string(),
  ODOO_LOGIN: z.string(),
  ODOO_KEY: z.string(),
  ODOO_ADMIN_LOGIN: z.string().optional(),
  ODOO_ADMIN_KEY: z.string().optional(),
})

/** As run.ts hands it on: who the adapter is, and who makes products. */
export function accessFrom(env: unknown): { readonly adapter: OdooAccess; readonly owner: OdooAccess } {
  const said = EnvSchema.parse(env)
  const at = { url: said.ODOO_URL, database: said.ODOO_DATABASE }
  const adapter = { ...at, login: said.ODOO_LOGIN, key: said.ODOO_KEY }
  const { ODOO_ADMIN_LOGIN: login = adapter.login, ODOO_ADMIN_KEY: key = adapter.key } = said
  return { adapter, owner: { ...at, login, key } }
}
