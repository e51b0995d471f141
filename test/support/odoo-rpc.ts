import * as z from 'zod'

/** Whom to be at which Odoo. */
export interface OdooAccess {
  readonly url: string
  readonly database: string
  readonly login: string
  readonly key: string
}

/** What Odoo raised, in its own words. */
export class OdooRaised extends Error {}

const AnswerSchema = z.object({
  result: z.unknown().optional(),
  error: z.object({ data: z.object({ name: z.string(), message: z.string() }) }).optional(),
})

type Named = Readonly<Record<string, unknown>> & { readonly context?: Readonly<Record<string, unknown>> }

/** JSON-RPC without the product's adapter: the laboratory's own eyes and hands. */
export class OdooRpc {
  readonly #access: OdooAccess
  #uid: Promise<number> | undefined

  constructor(access: OdooAccess) {
    this.#access = access
  }

  /** @throws OdooRaised */
  async call<T>(
    schema: z.ZodType<T>,
    model: string,
    method: string,
    args: readonly unknown[],
    named: Named = {},
  ): Promise<T> {
    const { database, key } = this.#access
    this.#uid ??= this.#authenticate()
    const context = { lang: 'en_US', tz: 'UTC', ...named.context }
    return schema.parse(
      await this.#post('object', 'execute_kw', [
        database,
        await this.#uid,
        key,
        model,
        method,
        args,
        { ...named, context },
      ]),
    )
  }

  async #authenticate(): Promise<number> {
    const { database, login, key } = this.#access
    const uid = z.int().safeParse(await this.#post('common', 'authenticate', [database, login, key, {}]))
    if (!uid.success) throw new OdooRaised(`Odoo does not take this key for the login "${login}"`)
    return uid.data
  }

  async #post(service: string, method: string, args: readonly unknown[]): Promise<unknown> {
    const answered = await fetch(new URL('/jsonrpc', this.#access.url), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', method: 'call', id: 1, params: { service, method, args } }),
    })
    const { result, error } = AnswerSchema.parse(await answered.json())
    if (error) throw new OdooRaised(`${named(args) ?? method}: ${error.data.name}: ${error.data.message}`)
    return result
  }
}

const named = ([, , , model, method]: readonly unknown[]) =>
  typeof model === 'string' ? `${model}/${String(method)}` : undefined
