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
  result: z.unknown(),
  error: z.object({ data: z.object({ name: z.string(), message: z.string() }) }).optional(),
})

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
    named: Readonly<Record<string, unknown>> = {},
  ): Promise<T> {
    const { database, login, key } = this.#access
    this.#uid ??= this.#post('common', 'authenticate', [database, login, key, {}]).then((uid) =>
      z
        .int()
        .positive()
        .parse(uid, { error: () => `Odoo does not take this key for the login "${login}"` }),
    )
    const context = {
      lang: 'en_US',
      tz: 'UTC',
      ...z.object({ context: z.record(z.string(), z.unknown()).default({}) }).parse(named).context,
    }
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
