import * as z from 'zod'
import { SERVICE } from '../support/odoo-kinds-lab.ts'
import { OdooRaised, type OdooRpc } from '../support/odoo-rpc.ts'
import { createProduct } from './products.ts'

const FoundSchema = z.array(z.object({ id: z.int() }))
const ReferenceSchema = z.tuple([z.string(), z.int()])

/**
 * A service desk in Odoo: a project with stages, and for the login the rights “Project: User”, “Invoicing: Billing” and to read
 * what was tracked. It takes the app Project and an administrator.
 * @returns whether all of it is there now
 */
export async function prepareService(rpc: OdooRpc, login: string): Promise<boolean> {
  try {
    await make(rpc, login)
    return true
  } catch (error) {
    if (error instanceof OdooRaised) return false
    throw error
  }
}

async function make(rpc: OdooRpc, login: string): Promise<void> {
  const find = async (model: string, domain: readonly unknown[]) => {
    const [found] = await rpc.call(FoundSchema, model, 'search_read', [], { domain, fields: ['id'] })
    return found?.id
  }
  const there = async (model: string, domain: readonly unknown[], values: object) =>
    (await find(model, domain)) ?? rpc.call(z.int(), model, 'create', [values])
  const known = async (module: string, name: string) =>
    (await rpc.call(ReferenceSchema, 'ir.model.data', 'check_object_reference', [module, name]))[1]

  const stages = ['New', ...Object.values(SERVICE.stages).flat()]
  await there('project.project', [['name', '=', SERVICE.project]], {
    name: SERVICE.project,
    type_ids: stages.map((name, sequence) => [0, 0, { name, sequence }]),
  })
  const fields = await rpc.call(z.record(z.string(), z.unknown()), 'res.users', 'fields_get', [], {
    attributes: ['type'],
  })
  const groups = 'group_ids' in fields ? 'group_ids' : 'groups_id'
  const user = await find('res.users', [['login', '=', login]])
  const service = await known('project', 'group_project_user')
  for (const group of [service, await known('account', 'group_account_invoice')])
    await rpc.call(z.literal(true), 'res.users', 'write', [[user], { [groups]: [[4, group]] }])
  const tracking = await find('ir.model', [['model', '=', 'mail.tracking.value']])
  const name = 'Sync test: what was tracked'
  await there('ir.model.access', [['name', '=', name]], {
    name,
    model_id: tracking ?? false,
    group_id: service,
    perm_read: true,
  })
  for (const code of [SERVICE.refund, 'BLADE-2'])
    if (!(await find('product.product', [['default_code', '=', code]]))) await createProduct(rpc, code)
}
