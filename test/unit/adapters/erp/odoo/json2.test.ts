import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { type Call, createOdooClient } from '#adapters/erp/odoo/client.ts'
import { failureOfLoad } from '#adapters/erp/odoo/errors.ts'
import { createTransport } from '#adapters/http/transport.ts'

const clock = { now: () => Date.now() }
const ExchangesSchema = z.object({
  exchanges: z.array(
    z.object({
      label: z.string(),
      status: z.int(),
      type: z.string().default('application/json'),
      answer: z.unknown(),
    }),
  ),
})
const PageSchema = z.object({ text: z.string() })
const LoadedSchema = z.object({ ids: z.literal(false), messages: z.array(z.object({ message: z.string() })) })

/** What an Odoo 19 was seen to answer. */
function seen(file: string, label: string, which = 0) {
  const url = new URL(`../../../../support/fixtures/odoo/${file}.json`, import.meta.url)
  const { exchanges } = ExchangesSchema.parse(JSON.parse(readFileSync(url, 'utf8')))
  const found = exchanges.filter((exchange) => exchange.label === label)[which]
  if (!found) throw new Error(`${file}.json has no ${label}`)
  return found
}

function aClient(answer: () => Response) {
  const sent: Request[] = []
  const client = createOdooClient({
    config: { url: 'https://erp.example/', database: 'shop', login: 'sync', protocol: 'json2' },
    secrets: async () => ({ key: 'no-real-key' }),
    clock,
    transport: createTransport({
      clock,
      fetch: async (input, init) => {
        sent.push(new Request(input, init))
        return answer()
      },
    }),
  })
  const call = (what: Call, manner: 'read' | 'write') =>
    client(what, manner, [], { deadline: clock.now() + 5_000, correlationId: 'c-1' })
  return { call, sent }
}

function answering({ status, type, answer }: ReturnType<typeof seen>) {
  const page = PageSchema.safeParse(answer).data?.text
  return aClient(
    () => new Response(page ?? JSON.stringify(answer), { status, headers: { 'content-type': type } }),
  )
}

describe('JSON-2', () => {
  it('takes arguments by name, and ids and context beside them', async () => {
    const { call, sent } = answering(seen('confirm-cancel-19', 'cancel draft'))
    const context = { disable_cancel_warning: true }
    const cancelled = await call({ model: 'sale.order', method: 'action_cancel', ids: [7], context }, 'write')
    expect(cancelled).toEqual({ ok: true, value: true })
    expect(sent[0]?.url).toBe('https://erp.example/json/2/sale.order/action_cancel')
    expect(await sent[0]?.json()).toEqual({
      ids: [7],
      context: { lang: 'en_US', tz: 'UTC', disable_cancel_warning: true },
    })
    expect(Object.fromEntries(sent[0]?.headers ?? [])).toMatchObject({
      authorization: 'bearer no-real-key',
      'content-type': 'application/json',
      'x-odoo-database': 'shop',
    })
  })

  it.each([
    ['AuthDenied', 'access-19', 'wrong key'],
    ['AuthDenied', 'access-19', 'no rights, read'],
    ['Misconfigured', 'access-19', 'wrong database'],
    ['Misconfigured', 'calls-refused-19', 'unknown model'],
    ['Misconfigured', 'calls-refused-19', 'unknown method'],
    ['Misconfigured', 'calls-refused-19', 'unknown field, search_read'],
    ['Misconfigured', 'calls-refused-19', 'unknown field, domain'],
    ['Misconfigured', 'calls-refused-19', 'unknown column in load'],
    ['Misconfigured', 'calls-refused-19', 'missing argument'],
    ['Misconfigured', 'calls-refused-19', 'ids for a method of the model'],
    ['Misconfigured', 'calls-refused-19', 'text/plain'],
    ['NotFound', 'calls-refused-19', 'write of a missing record'],
    ['Invalid', 'calls-refused-19', 'create without partner'],
    ['StateConflict', 'confirm-cancel-19', 'confirm twice'],
    ['StateConflict', 'confirm-cancel-19', 'cancel locked'],
    ['Contended', 'concurrent-19', 'write while others hold the row'],
  ])('is told %s by %s: %s', async (kind, file, label) => {
    const { call } = answering(seen(file, label))
    const what = { model: 'sale.order', method: 'load' }
    // Odoo has rolled back whatever it raises: as clear a no to a write as to a read.
    for (const manner of ['read', 'write'] as const)
      expect(await call(what, manner)).toMatchObject({ ok: false, failure: { class: kind } })
  })

  it('does not take the error of a proxy for one of Odoo’s', async () => {
    const { call } = aClient(() => new Response('{"message":"upstream timed out"}', { status: 504 }))
    const what = { model: 'sale.order', method: 'load' }
    expect(await call(what, 'write')).toMatchObject({ failure: { class: 'UnknownOutcome' } })
    expect(await call(what, 'read')).toMatchObject({ failure: { class: 'Transient' } })
  })

  it.each([
    ['AuthDenied', 'access-19', 'no rights, load', 0],
    ['AuthDenied', 'load-19', 'child by parent_id', 0],
    ['MissingReference', 'load-19', 'load refused', 0],
    ['MissingReference', 'load-19', 'load refused', 1],
    ['Invalid', 'load-19', 'load refused', 2],
    ['StateConflict', 'confirm-cancel-19', 'another product on a confirmed line', 0],
    ['StateConflict', 'confirm-cancel-19', 'load locked', 0],
    ['StateConflict', 'delivery-19', 'load k', 0],
    ['Contended', 'concurrent-19', '8 at once: load of one new order', 1],
  ])('is told %s by a load that wrote nothing in %s: %s', (kind, file, label, which) => {
    const { messages } = LoadedSchema.parse(seen(file, label, which).answer)
    expect(failureOfLoad(messages.map(({ message }) => message)).class).toBe(kind)
  })
})
