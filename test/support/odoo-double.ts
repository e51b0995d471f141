import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import * as z from 'zod'
import type { OdooAccess } from './odoo-rpc.ts'

/**
 * Odoo as far as the adapter touches it. It does only what a server was seen to do: each behaviour names the observation
 * under fixtures/odoo/. Not there: taxes, access rights, lots. `npm run test:odoo` runs the same suite on a real
 * one.
 */

type Scalar = string | number | boolean | readonly number[]
type Values = Record<string, Scalar>
interface Stored {
  readonly id: number
  readonly values: Values
}

/** An exception of the server's, by its Python class: the transaction is rolled back. */
class Raised extends Error {
  readonly kind: string
  constructor(kind: string, message: string) {
    super(message)
    this.kind = kind
  }
}

/** What `load` cannot import: told in its messages. */
class NotImported extends Error {}

const FieldsSchema = z.object({
  fields_get: z.record(
    z.string(),
    z.record(z.string(), z.object({ type: z.string(), relation: z.string().optional(), string: z.string() })),
  ),
})

const fieldsIn = (file: string) =>
  FieldsSchema.parse(JSON.parse(readFileSync(new URL(`fixtures/odoo/${file}`, import.meta.url), 'utf8')))
    .fields_get
const together = (...files: readonly string[]) => {
  const merged: ReturnType<typeof fieldsIn> = {}
  for (const [model, fields] of files.flatMap((file) => Object.entries(fieldsIn(file))))
    merged[model] = { ...merged[model], ...fields }
  return merged
}
const FIELDS = {
  17: together('fields.json', 'stock-fields.json', 'service-fields.json'),
  18: together('fields.json', 'stock-fields-18.json', 'service-fields-18.json'),
  19: together('fields-19.json', 'stock-fields-19.json'),
}

const CallSchema = z.object({
  params: z.object({ service: z.string(), method: z.string(), args: z.array(z.unknown()) }),
})
const ExecuteSchema = z.tuple([
  z.string(),
  z.unknown(),
  z.unknown(),
  z.string(),
  z.string(),
  z.array(z.unknown()),
  z.record(z.string(), z.unknown()),
])
const Json2Schema = z.looseObject({ ids: z.array(z.int()).optional() })
const IdsSchema = z.array(z.int())
const LeafSchema = z.tuple([z.string(), z.string(), z.unknown()])
const DomainSchema = z.array(z.union([z.literal('|'), LeafSchema]))
type Domain = z.infer<typeof DomainSchema>
const SearchSchema = z.object({
  domain: DomainSchema.default([]),
  fields: z.array(z.string()).default([]),
})
interface Specification {
  readonly [field: string]: { readonly fields?: Specification | undefined }
}
const SpecificationSchema: z.ZodType<Specification> = z.lazy(() =>
  z.record(z.string(), z.object({ fields: SpecificationSchema.optional() })),
)
const NestedSchema = z.object({
  domain: DomainSchema.default([]),
  specification: SpecificationSchema,
  order: z.literal('id').optional(),
  limit: z.int().optional(),
})
const CreationSchema = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.int())]))
const CountSchema = z.object({ product_id: z.int(), location_id: z.int(), inventory_quantity: z.number() })
const DeliverySchema = z.strictObject({
  carrier_tracking_ref: z.string().optional(),
  move_ids: z
    .array(z.tuple([z.literal(1), z.int(), z.strictObject({ quantity: z.number(), picked: z.boolean() })]))
    .default([]),
})
/** The adapter saves an order's date, and lead times of its lines as they are. */
const SaveSchema = z.object({
  vals: z.strictObject({
    date_order: z.string(),
    order_line: z.array(z.tuple([z.literal(1), z.int(), z.strictObject({ customer_lead: z.number() })])),
  }),
  specification: SpecificationSchema,
})
const TaskChangeSchema = z.strictObject({
  stage_id: z.int().optional(),
  user_ids: z.array(z.tuple([z.literal(4), z.int()])).optional(),
})
const PostSchema = z.object({ body: z.string(), message_type: z.string(), subtype_xmlid: z.string() })
const PartnerChangeSchema = z.strictObject({
  category_id: z.array(z.tuple([z.literal(4), z.int()])),
  comment: z.string(),
})
const LoadSchema = z.object({ fields: z.array(z.string()), data: z.array(z.array(z.string())) })
const ContextSchema = z.object({ context: z.record(z.string(), z.unknown()).default({}) })

const CNY = 6
const PRICELIST = 1
const CHINA = 48
/** stock.json */
const PLACES = { stock: 8, second: 18, customers: 5, inventory: 14 } as const
/** service.json */
const OPERATIONS = { receipts: 1, deliveries: 2 } as const
const SUBTYPES = { discussion: 1, note: 2, created: 7, moved: 8 } as const
const STAGE_FIELD = 5784
/** Users with the partners they write as. */
const SYNC = { uid: 6, partner: 7 } as const
const PEOPLE = { uid: 2, partner: 3 } as const

/** Fields that hold records of their own, which `load` takes in further rows. */
const CHILDREN: Readonly<Record<string, { field: string; model: string; parent: string }>> = {
  'sale.order': { field: 'order_line', model: 'sale.order.line', parent: 'order_id' },
  'res.partner': { field: 'child_ids', model: 'res.partner', parent: 'parent_id' },
  'stock.picking': { field: 'move_ids', model: 'stock.move', parent: 'picking_id' },
}
const OF_CHILDREN = /^(?:order_line|child_ids|move_ids)\//

/** Of models whose fields are not among the observed ones. */
const RELATIONS: Readonly<Record<string, string>> = {
  currency_id: 'res.currency',
  state_ids: 'res.country.state',
  order_id: 'sale.order',
}

const LIST_PRICE = 1

/** Seen to refuse a second `load` of the same record while one is under way. */
const IN_PARALLEL = new Set(['sale.order', 'res.partner', 'project.task', 'stock.picking', 'mail.message'])

/** Of an exception in JSON-2: access-19.json, calls-refused-19.json. Any other is 500. */
const STATUSES: Readonly<Record<string, number>> = {
  'werkzeug.exceptions.Unauthorized': 401,
  'werkzeug.exceptions.NotFound': 404,
  'odoo.exceptions.AccessError': 403,
  'odoo.exceptions.MissingError': 404,
  'odoo.exceptions.UserError': 422,
}

export type OdooVersion = 17 | 18 | 19

export interface OdooDoubleOptions {
  readonly products: readonly string[]
  /** Where they differ in what the adapter meets. 19 has JSON-2, beside JSON-RPC. */
  readonly version?: OdooVersion
}

export class OdooDouble {
  access: OdooAccess = { url: '', database: 'odoo', login: 'sync', key: 'k'.repeat(40) }
  /** Who works there. */
  people: OdooAccess = { ...this.access, login: 'people', key: 'p'.repeat(40) }
  readonly #server: Server
  readonly #version: OdooVersion
  readonly #fields: (typeof FIELDS)[OdooVersion]
  #tables = new Map<string, Map<number, Stored>>()
  #externalIds = new Map<string, readonly [model: string, id: number]>()
  /** create-only.json */
  #keptAsTheyAre = new Set<string>()
  #next = 100
  #user: typeof SYNC | typeof PEOPLE = SYNC
  /** External ids of orders whose `load` has not committed. */
  readonly #loading = new Set<string>()

  constructor({ products, version = 17 }: OdooDoubleOptions) {
    this.#version = version
    this.#fields = FIELDS[version]
    this.#server = createServer((request, response) => {
      this.#handle(request, response).catch(() => response.destroy())
    })
    this.#put('res.company', 1, {
      name: 'Demo',
      currency_id: CNY,
      tax_calculation_rounding_method: 'round_per_line',
    })
    this.#put('res.currency', CNY, { name: 'CNY' })
    this.#put('product.pricelist', PRICELIST, { name: 'Default', currency_id: CNY })
    this.#put('res.partner', 1, { name: 'Demo', ref_company_ids: [1], property_product_pricelist: PRICELIST })
    this.#put('res.country', CHINA, { name: 'China', code: 'CN', state_ids: [875, 876] })
    this.#put('res.country.state', 875, { name: '上海市', country_id: CHINA })
    this.#put('res.country.state', 876, { name: '浙江省', country_id: CHINA })
    for (const model of [
      'account.tax',
      'account.payment.term',
      'stock.warehouse',
      'account.journal',
      'res.partner',
    ])
      this.#table(model)
    for (const model of ['sale.order', 'sale.order.line', 'stock.picking']) this.#table(model)
    for (const model of ['product.product', 'stock.move', 'stock.move.line', 'stock.quant', 'stock.lot'])
      this.#table(model)
    for (const id of [PLACES.stock, PLACES.second])
      this.#put('stock.location', id, { name: 'Stock', usage: 'internal' })
    this.#put('stock.location', PLACES.customers, { name: 'Customers', usage: 'customer' })
    this.#put('stock.location', PLACES.inventory, { name: 'Inventory adjustment', usage: 'inventory' })
    for (const code of products) this.addProduct(code)
    for (const [id, name, code, to] of [
      [OPERATIONS.receipts, 'Receipts', 'incoming', OPERATIONS.deliveries],
      [OPERATIONS.deliveries, 'Delivery Orders', 'outgoing', OPERATIONS.receipts],
    ] as const)
      this.#put('stock.picking.type', id, {
        name,
        code,
        warehouse_id: 1,
        return_picking_type_id: to,
        default_location_src_id: code === 'outgoing' ? PLACES.stock : false,
        default_location_dest_id: code === 'outgoing' ? false : PLACES.stock,
      })
    for (const model of ['project.project', 'project.task', 'project.task.type', 'project.tags'])
      this.#table(model)
    for (const model of ['res.partner.category', 'mail.message', 'mail.tracking.value', 'ir.model.fields'])
      this.#table(model)
    for (const { partner } of [SYNC, PEOPLE])
      this.#put('res.partner', partner, { name: `Colleague ${partner}`, partner_share: false })
    this.#put('uom.uom', 1, { name: 'Units' })
    this.#table('res.users')
    for (const { uid } of [SYNC, PEOPLE]) this.#put('res.users', uid, { name: `Colleague ${uid}` })
    for (const [name, id] of [
      ['mt_comment', SUBTYPES.discussion],
      ['mt_note', SUBTYPES.note],
    ] as const) {
      this.#put('mail.message.subtype', id, { name })
      this.#externalIds.set(`mail.${name}`, ['mail.message.subtype', id])
    }
    this.#externalIds.set('project.field_project_task__stage_id', ['ir.model.fields', STAGE_FIELD])
  }

  addProject(name: string, stages: readonly string[]): void {
    const project = this.#put('project.project', this.#next++, { name }).id
    for (const stage of stages)
      this.#put('project.task.type', this.#next++, { name: stage, project_ids: [project] })
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    const { port } = this.#server.address() as AddressInfo
    const url = `http://127.0.0.1:${port}`
    this.access = { ...this.access, url }
    this.people = { ...this.people, url }
    return this
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  addProduct(code: string): void {
    const goods = { name: code, default_code: code, taxes_id: [], type: 'consu', tracking: 'none' }
    this.#put('product.product', this.#next++, goods)
  }

  /** A second one, and their codes. */
  addWarehouses(): void {
    this.#put('stock.warehouse', 1, { name: 'Main', code: 'WH', lot_stock_id: PLACES.stock })
    this.#put('stock.warehouse', 2, { name: 'Second', code: 'WH2', lot_stock_id: PLACES.second })
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = ''
    for await (const chunk of request.setEncoding('utf8')) text += chunk
    const { status, type, body } = await this.#answer(request, text)
    response.writeHead(status, { 'content-type': type }).end(body)
  }

  async #answer({ url = '/', headers }: IncomingMessage, text: string): Promise<Reply> {
    if (url === '/jsonrpc') return this.#byRpc(text)
    const json2 = /^\/json\/2\/([^/]+)\/([^/]+)$/.exec(url)
    // version.json
    if (this.#version < 19) return page(404)
    // version-19.json
    if (url === '/web/version')
      return json(200, { version_info: [19, 0, 0, 'final', 0, ''], version: '19.0' })
    // access-19.json
    if (!json2?.[1] || !json2[2] || headers['x-odoo-database'] !== this.access.database) return page(404)
    const [, model, method] = json2
    const ran = await outcomeOf(() => {
      // access-19.json
      if (headers.authorization !== `bearer ${this.access.key}`)
        throw new Raised('werkzeug.exceptions.Unauthorized', 'Invalid apikey')
      // calls-refused-19.json
      if (!this.#has(model))
        throw new Raised('werkzeug.exceptions.NotFound', `the model '${model}' does not exist`)
      const { ids, ...named } = Json2Schema.parse(JSON.parse(text))
      return this.#call(model, method, ids ? [ids] : [], named)
    })
    if (!('raised' in ran)) return json(200, ran.result)
    const { kind: name, message } = ran.raised
    return json(STATUSES[name] ?? 500, { name, message })
  }

  async #byRpc(text: string): Promise<Reply> {
    const { service, method, args } = CallSchema.parse(JSON.parse(text)).params
    const ran = await outcomeOf(() =>
      service === 'common' ? this.#authenticate(args) : this.#execute(method, args),
    )
    const rpc = { jsonrpc: '2.0', id: 1 }
    if (!('raised' in ran)) return json(200, { ...rpc, result: ran.result })
    const { kind: name, message } = ran.raised
    return json(200, { ...rpc, error: { code: 200, message: 'Odoo Server Error', data: { name, message } } })
  }

  /** Everything it wrote is undone where it fails. */
  #atomically<T>(run: () => T): T {
    const before = structuredClone([
      this.#tables,
      this.#externalIds,
      this.#next,
      this.#keptAsTheyAre,
    ] as const)
    try {
      return run()
    } catch (error) {
      ;[this.#tables, this.#externalIds, this.#next, this.#keptAsTheyAre] = before
      throw error
    }
  }

  /** access.json */
  #authenticate([database, login, key]: readonly unknown[]): number | false {
    const { access, people } = this
    const is = (one: OdooAccess) => database === one.database && login === one.login && key === one.key
    return is(access) ? SYNC.uid : is(people) ? PEOPLE.uid : false
  }

  #execute(verb: string, params: readonly unknown[]): unknown {
    const [, uid, key, model, method, args, named] = ExecuteSchema.parse(params)
    // access.json
    const isSync = uid === SYNC.uid && key === this.access.key
    const isPeople = uid === PEOPLE.uid && key === this.people.key
    if (verb !== 'execute_kw' || !(isSync || isPeople))
      throw new Raised('odoo.exceptions.AccessDenied', 'Access Denied')
    this.#user = isSync ? SYNC : PEOPLE
    // calls-refused.json
    if (!this.#has(model)) throw new Raised('odoo.exceptions.UserError', `Object ${model} doesn't exist`)
    return this.#call(model, method, args, named)
  }

  #has(model: string): boolean {
    return model === 'ir.model.data' || this.#tables.has(model)
  }

  #call(model: string, method: string, args: readonly unknown[], named: Record<string, unknown>): unknown {
    const { context } = ContextSchema.parse(named)
    const call = `${model}/${method}`
    // external-ids.json
    if (call === 'ir.model.data/check_object_reference') return this.#reference(args, named)
    const ids = IdsSchema.optional().catch(undefined).parse(args[0]) ?? []
    switch (method) {
      case 'fields_get':
        return this.#fields[model] ?? {}
      case 'search_read': {
        const { domain, fields } = SearchSchema.parse(named)
        return this.#search(model, domain).map((record) => this.#render(model, record, fields))
      }
      // nested.json
      case 'web_search_read': {
        const { domain, specification, limit } = NestedSchema.parse(named)
        const found = this.#search(model, domain).toSorted((one, other) => one.id - other.id)
        const records = found
          .slice(0, limit)
          .map((one) => (model === 'product.product' ? this.#counted(one, context) : one))
          .map((one) => this.#nested(model, one, specification))
        return { length: records.length, records }
      }
      case 'context_get':
        return { uid: this.#user.uid }
      case 'search_count':
        return this.#search(model, SearchSchema.parse(named).domain).length
      case 'get_external_id':
        return Object.fromEntries(ids.map((id) => [id, this.#externalIdOf(model, id)]))
      case 'load': {
        const { fields, data } = LoadSchema.parse(named)
        return this.#load(model, fields, data, context)
      }
    }
    switch (call) {
      case 'sale.order/action_confirm':
        return this.#atomically(() => this.#confirm(ids))
      case 'sale.order/web_save': {
        const { vals, specification } = SaveSchema.parse(named)
        return this.#atomically(() => ids.map((id) => this.#redate(id, vals, specification)))
      }
      case 'sale.order/action_cancel':
        return this.#atomically(() => this.#cancel(ids, context['disable_cancel_warning'] === true))
      case 'stock.picking/button_validate':
        return this.#atomically(() => this.#validate(ids))
      case 'stock.picking/write':
        return this.#atomically(() => this.#pick(ids, DeliverySchema.parse(args[1])))
      case 'stock.picking/action_confirm':
        return this.#atomically(() => this.#reserve(ids))
      case 'stock.picking/action_cancel':
        return this.#atomically(() => this.#callOff(ids))
      case 'project.task/write':
        return this.#atomically(() => this.#changeTask(ids, TaskChangeSchema.parse(args[1])))
      case 'project.task/message_post': {
        const { body, message_type: type, subtype_xmlid: subtype } = PostSchema.parse(named)
        const known = this.#externalIds.get(subtype)?.[1] ?? 0
        return ids.map((id) => this.#post(id, type, known, `<p>${escaped(body)}</p>`))[0]
      }
      case 'res.partner/write': {
        const { category_id: tags, comment } = PartnerChangeSchema.parse(args[1])
        for (const id of ids) {
          const kept = IdsSchema.optional().parse(this.#get('res.partner', id).values['category_id']) ?? []
          this.#put('res.partner', id, { category_id: [...kept, ...tags.map(([, tag]) => tag)], comment })
        }
        return true
      }
      case 'stock.quant/create':
        return this.#atomically(() => this.#count(CountSchema.parse(args[0])))
      case 'stock.quant/action_apply_inventory':
        return this.#atomically(() => this.#apply(ids))
      case 'product.product/create':
      case 'res.partner/create':
      case 'res.partner.category/create':
        return this.#create(model, CreationSchema.parse(args[0]))
    }
    // calls-refused.json, calls-refused-19.json
    throw this.#version >= 19
      ? new Raised('werkzeug.exceptions.NotFound', `The method '${model}.${method}' does not exist`)
      : new Raised('builtins.AttributeError', `The method '${method}' does not exist on the model '${model}'`)
  }

  #reference(args: readonly unknown[], named: Readonly<Record<string, unknown>>): readonly [string, number] {
    const [module, name] = z
      .tuple([z.string(), z.string()])
      .parse([args[0] ?? named['module'], args[1] ?? named['xml_id']])
    const found = this.#externalIds.get(`${module}.${name}`)
    if (!found)
      throw new Raised('builtins.ValueError', `External ID not found in the system: ${module}.${name}`)
    return found
  }

  #externalIdOf(model: string, id: number): string {
    return [...this.#externalIds].find(([, [of, record]]) => of === model && record === id)?.[0] ?? ''
  }

  #table(model: string): Map<number, Stored> {
    const table = this.#tables.get(model) ?? new Map<number, Stored>()
    this.#tables.set(model, table)
    return table
  }

  #put(model: string, id: number, values: Values): Stored {
    const isNew = !this.#table(model).has(id)
    const stamp = {
      ...(model.startsWith('stock.') || model === 'mail.message' ? { write_date: now() } : {}),
      ...(model === 'stock.picking' && isNew ? { create_date: now() } : {}),
    }
    const record = { id, values: { ...this.#table(model).get(id)?.values, ...values, ...stamp } }
    this.#table(model).set(id, record)
    return record
  }

  #get(model: string, id: number): Stored {
    const record = this.#table(model).get(id)
    // calls-refused.json
    if (!record)
      throw new Raised(
        'odoo.exceptions.MissingError',
        `Record does not exist or has been deleted.\n(Record: ${model}(${id},), User: 6)`,
      )
    return record
  }

  #search(model: string, domain: Domain): Stored[] {
    return [...this.#table(model).values()].filter((record) => {
      const rest = [...domain]
      const next = (): boolean => {
        const term = rest.shift()
        if (term === undefined) return true
        if (term !== '|') return this.#holds(model, record, term)
        const either = [next(), next()]
        return either.includes(true)
      }
      let all = true
      while (rest.length > 0) all = next() && all
      return all
    })
  }

  #holds(model: string, record: Stored, [path, operator, wanted]: z.infer<typeof LeafSchema>): boolean {
    const [field = '', ...of] = path.split('.')
    // calls-refused.json
    if (field !== 'id' && this.#fields[model] && !this.#fields[model][field])
      throw new Raised(
        'builtins.ValueError',
        `Invalid field ${model}.${field} in ${this.#version >= 19 ? 'condition' : 'leaf'} ('${field}', '${operator}', ${JSON.stringify(wanted)})`,
      )
    const own = field === 'id' ? record.id : (record.values[field] ?? false)
    if (of.length > 0) {
      const relation = this.#fields[model]?.[field]?.relation ?? RELATIONS[field] ?? ''
      const linked = own === false ? [] : IdsSchema.parse(Array.isArray(own) ? own : [own])
      return linked.some((id) =>
        this.#holds(relation, this.#get(relation, id), [of.join('.'), operator, wanted]),
      )
    }
    const value = own
    const among = Array.isArray(wanted) && wanted.includes(value)
    switch (operator) {
      case '=':
        return value === wanted
      case '!=':
        return value !== wanted
      case 'in':
        return among
      case 'not in':
        return !among
      case '>':
        return Number(value) > Number(wanted)
      case 'ilike':
        return String(value).toLowerCase().includes(String(wanted).toLowerCase())
      case '>=':
        return String(value) >= String(wanted)
    }
    throw new Error(`the double knows no ${operator}`)
  }

  #render(model: string, { id, values }: Stored, fields: readonly string[]): Record<string, unknown> {
    const named = fields.filter((name) => name !== 'id')
    const shown = named.map((name) => {
      const field = this.#fields[model]?.[name]
      if (this.#fields[model] && !field) throw this.#unknownField(model, name)
      const value = values[name] ?? (field?.type.endsWith('2many') ? [] : false)
      const relation = field?.relation ?? RELATIONS[name]
      const link = relation !== undefined && typeof value === 'number'
      return [name, link ? [value, this.#nameOf(relation, value)] : value]
    })
    return { ...Object.fromEntries(shown), id }
  }

  /** calls-refused.json, calls-refused-19.json */
  #unknownField(model: string, name: string): Raised {
    const on = this.#version >= 19 ? 'on' : 'on model'
    return new Raised('builtins.ValueError', `Invalid field '${name}' ${on} '${model}'`)
  }

  /** nested.json */
  #nested(model: string, { id, values }: Stored, specification: Specification): Record<string, unknown> {
    const shown = Object.entries(specification).map(([name, { fields }]) => {
      if (name === 'display_name') return [name, this.#nameOf(model, id)]
      const field = this.#fields[model]?.[name]
      if (this.#fields[model] && !field) throw this.#unknownField(model, name)
      const value = values[name] ?? (field?.type.endsWith('2many') ? [] : false)
      const relation = field?.relation ?? RELATIONS[name]
      if (!fields || relation === undefined || typeof value === 'boolean') return [name, value]
      const linked = IdsSchema.parse(Array.isArray(value) ? value : [value]).map((one) =>
        this.#nested(relation, this.#get(relation, one), fields),
      )
      return [name, Array.isArray(value) ? linked : linked[0]]
    })
    return { ...Object.fromEntries(shown), id }
  }

  /** nested.json: with the lead times, the deliveries' deadlines follow the order's date. */
  #redate(id: number, { date_order, order_line }: z.infer<typeof SaveSchema>['vals'], shown: Specification) {
    for (const [, line, values] of order_line) this.#put('sale.order.line', line, values)
    const order = this.#put('sale.order', id, { date_order })
    if (order.values['state'] === 'sale' && !order.values['commitment_date'] && order_line.length > 0)
      for (const picking of this.#search('stock.picking', [['sale_id', '=', id]]))
        this.#put('stock.picking', picking.id, { date_deadline: date_order })
    return this.#nested('sale.order', order, shown)
  }

  #nameOf(model: string, id: number): string {
    const { name, default_code: code } = this.#get(model, id).values
    return code ? `[${String(code)}] ${String(name)}` : String(name)
  }

  /** load.json, load-errors.json; concurrent.json for two at once; create-only.json. */
  async #load(
    model: string,
    fields: readonly string[],
    data: readonly (readonly string[])[],
    context: Readonly<Record<string, unknown>>,
  ): Promise<object> {
    const loaded = (ids: readonly number[] | false, ...messages: readonly string[]) => ({
      ids,
      messages: messages.map((message) => ({
        rows: { from: 0, to: data.length - 1 },
        record: 0,
        type: 'error',
        message,
      })),
      nextrow: 0,
    })
    const rows = rowsOf(fields, data)
    const own = rows[0]?.['id'] ?? ''
    const createOnly = context['mode'] === 'update' && context['noupdate'] === true
    const known = this.#externalIds.get(own)
    if (createOnly && known && this.#keptAsTheyAre.has(own)) return loaded([known[1]])
    if (IN_PARALLEL.has(model) && own !== '') {
      if (this.#loading.has(own))
        return loaded(false, 'could not serialize access due to concurrent update\n')
      this.#loading.add(own)
      await sleep(2)
      this.#loading.delete(own)
    }
    try {
      return loaded([
        this.#atomically(() => {
          if (createOnly) this.#keptAsTheyAre.add(own)
          return this.#import(model, rows, context['tz'])
        }),
      ])
    } catch (error) {
      if (error instanceof NotImported) return loaded(false, error.message)
      throw error
    }
  }

  #import(model: string, rows: readonly Readonly<Record<string, string>>[], zone: unknown): number {
    const [head = {}] = rows
    const children = CHILDREN[model]
    const values = this.#valuesOf(model, head, zone)
    const id = this.#recordFor(model, head, (created) => this.#defaults(model, created, values))
    const before = this.#get(model, id).values
    this.#put(model, id, values)
    if (!children) return id
    const { field, parent } = children
    for (const row of rows) {
      const own = Object.entries(row).filter(([name]) => name.startsWith(`${field}/`))
      if (own.every(([, text]) => text === '')) continue
      const child = Object.fromEntries(own.map(([name, text]) => [name.slice(field.length + 1), text]))
      const childValues = this.#valuesOf(children.model, child, zone)
      const childId = this.#recordFor(children.model, child, () => ({
        ...this.#defaults(children.model, 0, childValues),
        [parent]: id,
      }))
      if (model === 'sale.order') this.#sell(id, childId, childValues)
      else if (model === 'stock.picking') this.#plan(id, childId, childValues)
      else this.#put(children.model, childId, childValues)
    }
    const all = this.#search(children.model, [[parent, '=', id]])
    this.#put(model, id, { [field]: all.map((child) => child.id) })
    if (model === 'sale.order') this.#reckon(id, before, values)
    return id
  }

  #sell(order: number, id: number, values: Values): void {
    const { locked, state } = this.#get('sale.order', order).values
    // amend-confirmed.json
    if (locked)
      throw new NotImported(
        'It is forbidden to modify the following fields in a locked order:\nDescription\nUnit Price\nProduct\nQuantity',
      )
    const before = this.#get('sale.order.line', id).values
    const given = 'product_uom_qty' in values && !('price_unit' in values) ? { price_unit: LIST_PRICE } : {}
    // recomputed.json
    const after = this.#put('sale.order.line', id, { ...values, ...given }).values
    const [quantity, price] = [Number(after['product_uom_qty']), Number(after['price_unit'])]
    // delivery.json
    if (quantity < Number(before['qty_delivered']))
      throw new NotImported(
        'The ordered quantity of a sale order line cannot be decreased below the amount already delivered. Instead, create a return in your inventory.',
      )
    this.#put('sale.order.line', id, { price_total: Math.round(quantity * price * 100) / 100 })
    const sold = Number(before['product_uom_qty'] ?? 0)
    if (state === 'sale' && quantity < sold) this.#takeBack(order)
  }

  /** recomputed.json: a delivery shrinks only where its deadline is that of the order; else goods are to come back. */
  #takeBack(order: number): void {
    const { values } = this.#get('sale.order', order)
    const deadline = deadlineOf(values)
    const open = this.#search('stock.picking', [
      ['sale_id', '=', order],
      ['state', '=', 'assigned'],
    ])
    if (open.some((picking) => picking.values['date_deadline'] === deadline)) return
    const back = this.#next++
    this.#put('stock.picking', back, {
      state: 'assigned',
      sale_id: order,
      picking_type_code: 'incoming',
      date_deadline: deadline,
    })
    this.#put('sale.order', order, { picking_ids: [...IdsSchema.parse(values['picking_ids']), back] })
  }

  #reckon(id: number, before: Values, written: Values): void {
    const lines = this.#search('sale.order.line', [['order_id', '=', id]])
    const total = lines.reduce((sum, line) => sum + Number(line.values['price_total']), 0)
    const { values } = this.#put('sale.order', id, { amount_total: Math.round(total * 100) / 100 })
    // recomputed.json: the deliveries follow the promised date, never the order's own
    if (before['state'] !== 'sale' || !('commitment_date' in written)) return
    for (const picking of this.#search('stock.picking', [['sale_id', '=', id]]))
      this.#put('stock.picking', picking.id, { date_deadline: deadlineOf(values) })
  }

  #recordFor(model: string, row: Readonly<Record<string, string>>, defaults: (id: number) => Values): number {
    if (row['.id']) return this.#get(model, Number(row['.id'])).id
    const { id: externalId = '' } = row
    const known = this.#externalIds.get(externalId)
    // external-ids.json
    if (known && known[0] !== model)
      throw new NotImported(
        `For external id ${externalId} when trying to create/update a record of model ${model} found record of different model ${known[0]} (1)`,
      )
    if (known) return known[1]
    const id = this.#next++
    this.#put(model, id, defaults(id))
    if (externalId !== '') this.#externalIds.set(externalId, [model, id])
    return id
  }

  #defaults(model: string, id: number, given: Values): Values {
    if (model === 'res.partner') {
      // external-ids-19.json
      if (!given['name'] && given['type'] !== 'delivery')
        throw new NotImported(this.#version >= 19 ? 'Contacts require a name' : "'Contacts require a name'")
      // child-contacts-18.json, load-19.json
      if (this.#version >= 18 && given['parent_id'])
        throw new NotImported(
          `You do not have enough rights to access the ${this.#version >= 19 ? 'field' : 'fields'} "credit_limit" on Contact (res.partner). Please contact your system administrator.`,
        )
      return { property_product_pricelist: PRICELIST }
    }
    if (model === 'stock.picking') return this.#planned(id, given)
    if (model === 'stock.move')
      return { state: 'draft', quantity: 0, picked: false, product_uom: 1, move_line_ids: [] }
    if (model === 'project.task') return this.#opened(id, given)
    // service.json
    if (model === 'project.tags' && this.#search(model, [['name', '=', given['name']]]).length > 0)
      throw new NotImported(
        "The value for the field 'name' already exists (this is probably 'Name' in the current model).",
      )
    if (model === 'mail.message') return { create_uid: this.#user.uid, is_internal: false, date: now() }
    if (model === 'sale.order.line')
      return { discount: 0, price_total: 0, qty_delivered: 0, customer_lead: 0 }
    if (model !== 'sale.order') return {}
    const { partner_id: partner } = given
    if (typeof partner !== 'number')
      // load-errors.json, load-19.json
      throw new NotImported(
        `Missing required value for the field 'Customer' (partner_id)${this.#version >= 19 ? ".\nModel: 'Sales Order' (sale.order)\n- create/update: a mandatory field is not set\n" : ''}`,
      )
    return {
      name: `S${String(id).padStart(5, '0')}`,
      state: 'draft',
      locked: false,
      currency_id: CNY,
      pricelist_id: PRICELIST,
      amount_total: 0,
      partner_invoice_id: partner,
      partner_shipping_id: partner,
      date_order: now(),
    }
  }

  #valuesOf(model: string, row: Readonly<Record<string, string>>, zone: unknown): Values {
    const columns = Object.entries(row).filter(
      ([name]) => name !== 'id' && name !== '.id' && !OF_CHILDREN.test(name),
    )
    return Object.fromEntries(
      columns.map(([column, text]) => {
        const [name = '', by] = column.split('/')
        const field = this.#fields[model]?.[name]
        // load-errors.json
        if (!field)
          // calls-refused-19.json
          throw this.#version >= 19
            ? new Raised('builtins.ValueError', `Invalid field name '${name}'`)
            : new Raised('builtins.KeyError', `'${name}'`)
        const found = () => this.#linked(field.relation ?? '', by, text, field.string)
        if (field.type === 'many2many')
          return [
            name,
            text === ''
              ? []
              : text.split(',').map((one) => this.#linked(field.relation ?? '', by, one, field.string)),
          ]
        if (text === '') return [name, field.type === 'float' ? 0 : false]
        switch (field.type) {
          case 'many2one':
            return [name, found()]
          case 'float':
          case 'monetary':
            return [name, Number(text)]
          case 'integer':
          case 'many2one_reference':
            return [name, Number(text)]
          case 'boolean':
            return [name, text === '1']
          case 'datetime':
            // load.json: in the zone of the context, or the user's
            return [name, zone === 'UTC' ? text : shifted(text, -8)]
          case 'html':
            return [name, text.startsWith('<') ? text : `<p>${text}</p>`]
          default:
            return [name, text]
        }
      }),
    )
  }

  #linked(relation: string, by: string | undefined, text: string, label: string): number {
    const known = by === 'id' ? this.#externalIds.get(text)?.[1] : by === '.id' ? Number(text) : undefined
    if (known !== undefined && this.#tables.get(relation)?.has(known)) return known
    const what = by === 'id' ? 'external id' : by === '.id' ? 'database id' : 'name'
    throw new NotImported(`No matching record found for ${what} '${text}' in field '${label}'`)
  }

  /** confirm.json */
  #confirm(ids: readonly number[]): true {
    const orders = ids.map((id) => this.#get('sale.order', id))
    const other = orders.filter(({ values }) => values['state'] !== 'draft' && values['state'] !== 'sent')
    if (other.length > 0)
      throw new Raised(
        'odoo.exceptions.UserError',
        // confirm-18.json
        this.#version >= 18
          ? 'Some orders are not in a state requiring confirmation.'
          : `The following orders are not in a state requiring confirmation: ${other.map(({ values }) => values['name']).join(', ')}`,
      )
    for (const { id, values } of orders) {
      const picking = this.#next++
      const date = now()
      this.#put('stock.picking', picking, {
        date_deadline: deadlineOf({ ...values, date_order: date }),
        state: 'assigned',
        sale_id: id,
        name: `WH/OUT/${String(picking).padStart(5, '0')}`,
        picking_type_code: 'outgoing',
        picking_type_id: OPERATIONS.deliveries,
        location_id: PLACES.stock,
        location_dest_id: PLACES.customers,
        partner_id: values['partner_shipping_id'] ?? false,
      })
      for (const line of this.#search('sale.order.line', [['order_id', '=', id]]))
        this.#move(line, picking, Number(line.values['product_uom_qty']))
      this.#put('sale.order', id, {
        state: 'sale',
        date_order: date,
        delivery_status: 'pending',
        picking_ids: [picking],
      })
    }
    return true
  }

  /** cancel.json; since 19 without a wizard, confirm-cancel-19.json */
  #cancel(ids: readonly number[], unasked: boolean): true | object {
    for (const { id, values } of ids.map((one) => this.#get('sale.order', one))) {
      if (values['locked'])
        throw new Raised(
          'odoo.exceptions.UserError',
          'You cannot cancel a locked order. Please unlock it first.',
        )
      if (values['state'] === 'sale' && !unasked && this.#version < 19)
        return { name: 'Cancel Sales Order', res_model: 'sale.order.cancel', type: 'ir.actions.act_window' }
      this.#put('sale.order', id, { state: 'cancel' })
      for (const picking of this.#search('stock.picking', [['sale_id', '=', id]]))
        if (picking.values['state'] !== 'done') {
          this.#put('stock.picking', picking.id, { state: 'cancel' })
          for (const move of this.#search('stock.move', [['picking_id', '=', picking.id]]))
            this.#put('stock.move', move.id, { state: 'cancel', quantity: 0, move_line_ids: [] })
        }
    }
    return true
  }

  /** delivery.json */
  #validate(ids: readonly number[]): true {
    for (const { id, values } of ids.map((one) => this.#get('stock.picking', one))) {
      // delivery-19.json
      if (values['state'] === 'done' && this.#version >= 19) continue
      if (values['state'] !== 'assigned')
        throw new Raised(
          'odoo.exceptions.UserError',
          'You cannot validate a transfer if no quantities are reserved. To force the transfer, encode quantities.',
        )
      this.#put('stock.picking', id, { state: 'done', date_done: now() })
      if (values['sale_id'] && values['picking_type_code'] === 'outgoing') this.#leave(id, values)
      else this.#arrive(id)
    }
    return true
  }

  /** stock.json: what was picked leaves, or all if nothing was; the rest waits in a backorder. */
  #leave(picking: number, { sale_id: order = 0, ...delivery }: Values): void {
    const moves = this.#search('stock.move', [['picking_id', '=', picking]])
    const isPicked = moves.some(({ values }) => values['picked'] === true)
    const lines = this.#search('sale.order.line', [['order_id', '=', order]])
    if (!isPicked)
      for (const { id, values } of lines)
        this.#put('sale.order.line', id, { qty_delivered: values['product_uom_qty'] ?? 0 })
    const rest: (readonly [line: Stored, quantity: number])[] = []
    for (const { id, values } of moves) {
      const line = this.#get('sale.order.line', Number(values['sale_line_id']))
      const demand = Number(values['product_uom_qty'])
      const left = isPicked ? (values['picked'] === true ? Number(values['quantity']) : 0) : demand
      if (left < demand) rest.push([line, demand - left])
      if (left === 0) {
        this.#put('stock.move', id, { state: 'cancel', quantity: 0, move_line_ids: [] })
        continue
      }
      if (isPicked)
        this.#put('sale.order.line', line.id, {
          qty_delivered: Number(line.values['qty_delivered'] ?? 0) + left,
        })
      this.#put('stock.move', id, { state: 'done', quantity: left, move_line_ids: [this.#pieces(left)] })
      this.#shelve(Number(values['product_id']), PLACES.stock, -left)
    }
    this.#put('sale.order', Number(order), { delivery_status: rest.length > 0 ? 'partial' : 'full' })
    if (rest.length === 0) return
    const backorder = this.#next++
    const { date_done: _done, carrier_tracking_ref: _number, ...same } = delivery
    this.#put('stock.picking', backorder, { ...same, sale_id: order, state: 'assigned', move_ids: [] })
    for (const [line, quantity] of rest) this.#move(line, backorder, quantity)
    const known = IdsSchema.parse(this.#get('sale.order', Number(order)).values['picking_ids'])
    this.#put('sale.order', Number(order), { picking_ids: [...known, backorder] })
  }

  /** stock.json: what is free of it is reserved. */
  #move(line: Stored, picking: number, demand: number): void {
    const id = this.#next++
    const product = Number(line.values['product_id'])
    const free = this.#isCounted(product) ? Math.max(0, this.#free(product, [PLACES.stock])) : demand
    const quantity = Math.min(demand, free)
    this.#put('stock.move', id, {
      product_id: product,
      sale_line_id: line.id,
      picking_id: picking,
      product_uom_qty: demand,
      product_uom: 1,
      quantity,
      picked: false,
      state: quantity === demand ? 'assigned' : quantity > 0 ? 'partially_available' : 'confirmed',
      location_id: PLACES.stock,
      location_dest_id: PLACES.customers,
      move_line_ids: quantity > 0 ? [this.#pieces(quantity)] : [],
    })
    for (const [model, of] of [
      ['sale.order.line', line.id],
      ['stock.picking', picking],
    ] as const) {
      const known = IdsSchema.optional().parse(this.#get(model, of).values['move_ids']) ?? []
      this.#put(model, of, { move_ids: [...known, id] })
    }
  }

  #pieces(quantity: number): number {
    return this.#put('stock.move.line', this.#next++, { quantity_product_uom: quantity }).id
  }

  /** stock.json */
  #pick(ids: readonly number[], { carrier_tracking_ref: tracking, move_ids: moves }: Picked): true {
    for (const id of ids)
      if (tracking !== undefined) this.#put('stock.picking', id, { carrier_tracking_ref: tracking })
    for (const [, move, { quantity, picked }] of moves) {
      const lines = quantity > 0 ? [this.#pieces(quantity)] : []
      this.#put('stock.move', move, { quantity, picked, move_line_ids: lines })
    }
    return true
  }

  /** service.json: a return is of the order that the delivery was of. */
  #planned(id: number, given: Values): Values {
    const type = this.#table('stock.picking.type').get(Number(given['picking_type_id']))
    // service.json
    if (!type || !given['location_id'])
      throw new NotImported("Missing required value for the field 'Source Location' (location_id)")
    const back = given['return_id'] ? this.#get('stock.picking', Number(given['return_id'])) : undefined
    const order = back?.values['sale_id'] ?? false
    if (order) {
      const known = IdsSchema.parse(this.#get('sale.order', Number(order)).values['picking_ids'])
      this.#put('sale.order', Number(order), { picking_ids: [...known, id] })
    }
    const code = String(type.values['code'])
    const name = `WH/${code === 'incoming' ? 'IN' : 'OUT'}/${String(id).padStart(5, '0')}`
    return { state: 'draft', name, picking_type_code: code, sale_id: order, return_id: false }
  }

  #plan(picking: number, id: number, values: Values): void {
    this.#put('stock.move', id, { ...values, picking_id: picking })
    for (const [model, of, field] of [
      ['stock.move', values['origin_returned_move_id'], 'returned_move_ids'],
      ['sale.order.line', values['sale_line_id'], 'move_ids'],
    ] as const) {
      if (typeof of !== 'number') continue
      const known = IdsSchema.optional().parse(this.#get(model, of).values[field]) ?? []
      this.#put(model, of, { [field]: [...known, id] })
    }
  }

  /** service.json */
  #reserve(ids: readonly number[]): true {
    for (const { id, values } of ids.map((one) => this.#get('stock.picking', one))) {
      if (values['state'] !== 'draft') continue
      for (const move of this.#search('stock.move', [['picking_id', '=', id]])) {
        const quantity = Number(move.values['product_uom_qty'])
        this.#put('stock.move', move.id, {
          state: 'assigned',
          quantity,
          move_line_ids: [this.#pieces(quantity)],
        })
      }
      this.#put('stock.picking', id, { state: 'assigned' })
    }
    return true
  }

  /** service.json */
  #callOff(ids: readonly number[]): true {
    for (const { id, values } of ids.map((one) => this.#get('stock.picking', one))) {
      if (values['state'] === 'done')
        throw new Raised(
          'odoo.exceptions.UserError',
          "You cannot cancel a stock move that has been set to 'Done'. Create a return in order to reverse the moves which took place.",
        )
      this.#put('stock.picking', id, { state: 'cancel' })
      for (const move of this.#search('stock.move', [['picking_id', '=', id]]))
        this.#put('stock.move', move.id, { state: 'cancel', quantity: 0, move_line_ids: [] })
    }
    return true
  }

  /** service.json: what came back counts as delivered no longer. */
  #arrive(picking: number): void {
    for (const { id, values } of this.#search('stock.move', [['picking_id', '=', picking]])) {
      this.#put('stock.move', id, { state: 'done' })
      if (!values['to_refund'] || typeof values['sale_line_id'] !== 'number') continue
      const line = this.#get('sale.order.line', values['sale_line_id'])
      const before = Number(line.values['qty_delivered'])
      this.#put('sale.order.line', line.id, { qty_delivered: before - Number(values['quantity']) })
    }
  }

  /** service.json: it begins in the project's first stage. */
  #opened(id: number, { project_id: project }: Values): Values {
    const [first] = this.#search('project.task.type', [['project_ids.name', '!=', '']]).filter(({ values }) =>
      IdsSchema.parse(values['project_ids']).includes(Number(project)),
    )
    const values = { stage_id: first?.id ?? false, user_ids: [], tag_ids: [], message_ids: [] }
    this.#put('project.task', id, values)
    this.#post(id, 'notification', SUBTYPES.created, '')
    return { ...this.#get('project.task', id).values, date_last_stage_update: now() }
  }

  /** service.json */
  #changeTask(
    ids: readonly number[],
    { stage_id: to, user_ids: users }: z.infer<typeof TaskChangeSchema>,
  ): true {
    for (const id of ids) {
      const { values } = this.#get('project.task', id)
      if (users)
        this.#put('project.task', id, { user_ids: users.map(([, user]) => user), date_assign: now() })
      if (to === undefined || to === values['stage_id']) continue
      this.#put('project.task', id, { stage_id: to, date_last_stage_update: now() })
      this.#put('mail.tracking.value', this.#next++, {
        mail_message_id: this.#post(id, 'notification', SUBTYPES.moved, ''),
        field_id: STAGE_FIELD,
        old_value_integer: Number(values['stage_id']),
        new_value_integer: to,
      })
    }
    return true
  }

  /** service.json */
  #post(task: number, type: string, subtype: number, body: string): number {
    const message = this.#put('mail.message', this.#next++, {
      model: 'project.task',
      res_id: task,
      body,
      message_type: type,
      subtype_id: subtype,
      is_internal: false,
      author_id: this.#user.partner,
      create_uid: this.#user.uid,
      date: now(),
    })
    const known = IdsSchema.parse(this.#get('project.task', task).values['message_ids'])
    this.#put('project.task', task, { message_ids: [...known, message.id] })
    return message.id
  }

  #isCounted(product: number): boolean {
    const { is_storable: storable, type } = this.#get('product.product', product).values
    return storable === true || type === 'product'
  }

  /** stock.json: 17 goes by `warehouse`, 18 and later by `warehouse_id`. */
  #counted(product: Stored, context: Readonly<Record<string, unknown>>): Stored {
    const named = IdsSchema.optional().parse(context[this.#version >= 18 ? 'warehouse_id' : 'warehouse'])
    const places = [...this.#table('stock.warehouse').values()]
      .filter(({ id }) => named?.includes(id) ?? true)
      .map(({ values }) => Number(values['lot_stock_id']))
    return { ...product, values: { ...product.values, free_qty: this.#free(product.id, places) } }
  }

  #free(product: number, places: readonly number[]): number {
    const sum = (model: string, field: string, ...and: Domain) =>
      this.#search(model, [['product_id', '=', product], ['location_id', 'in', places], ...and]).reduce(
        (total, { values }) => total + Number(values[field]),
        0,
      )
    const open = ['state', 'not in', ['done', 'cancel']] as const
    return sum('stock.quant', 'quantity') - sum('stock.move', 'quantity', [...open])
  }

  #quantOf(product: number, place: number): Stored {
    const [known] = this.#search('stock.quant', [
      ['product_id', '=', product],
      ['location_id', '=', place],
    ])
    return (
      known ??
      this.#put('stock.quant', this.#next++, { product_id: product, location_id: place, quantity: 0 })
    )
  }

  #shelve(product: number, place: number, more: number): void {
    if (!this.#isCounted(product)) return
    const { id, values } = this.#quantOf(product, place)
    this.#put('stock.quant', id, { quantity: Number(values['quantity']) + more })
  }

  /** stock.json */
  #count({ product_id: product, location_id: place, inventory_quantity: counted }: Counted): number {
    return this.#put('stock.quant', this.#quantOf(product, place).id, { inventory_quantity: counted }).id
  }

  /** stock.json: the difference is a move. */
  #apply(ids: readonly number[]): null {
    for (const { values } of ids.map((id) => this.#get('stock.quant', id))) {
      const [product, place] = [Number(values['product_id']), Number(values['location_id'])]
      const more = Number(values['inventory_quantity']) - Number(values['quantity'])
      this.#put('stock.move', this.#next++, {
        product_id: product,
        state: 'done',
        quantity: Math.abs(more),
        location_id: more < 0 ? place : PLACES.inventory,
        location_dest_id: more < 0 ? PLACES.inventory : place,
      })
      this.#shelve(product, place, more)
    }
    return null
  }

  #create(model: string, values: Values): number {
    const kind = values['detailed_type'] === undefined ? {} : { type: values['detailed_type'] }
    return this.#put(model, this.#next++, { tracking: 'none', ...values, ...kind }).id
  }
}

type Picked = z.infer<typeof DeliverySchema>
type Counted = z.infer<typeof CountSchema>

interface Reply {
  readonly status: number
  readonly type: string
  readonly body: string
}

const json = (status: number, value: unknown): Reply => ({
  status,
  type: 'application/json; charset=utf-8',
  body: JSON.stringify(value),
})

const page = (status: number): Reply => ({ status, type: 'text/html', body: '<!DOCTYPE html>' })

async function outcomeOf(what: () => unknown): Promise<{ result: unknown } | { raised: Raised }> {
  try {
    return { result: await what() }
  } catch (error) {
    if (error instanceof Raised) return { raised: error }
    throw error
  }
}

function rowsOf(fields: readonly string[], data: readonly (readonly string[])[]): Record<string, string>[] {
  return data.map((row) => Object.fromEntries(fields.map((field, index) => [field, row[index] ?? ''])))
}

const deadlineOf = (order: Values) => order['commitment_date'] || order['date_order'] || false

const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

const now = () => new Date().toISOString().slice(0, 19).replace('T', ' ')

const shifted = (naive: string, hours: number) =>
  new Date(Date.parse(`${naive.replace(' ', 'T')}Z`) + hours * 3_600_000)
    .toISOString()
    .slice(0, 19)
    .replace('T', ' ')
