import { describe, expect, it } from 'vitest'
import type * as z from 'zod'
import { createRestGateways } from '#adapters/erp/rest/gateways.ts'
import { describeRestTarget } from '#adapters/erp/rest/target.ts'
import { RestTargetSchema } from '#contracts/rest-target.ts'
import type { ErpGateway, TicketWrite } from '#ports/erp-gateway.ts'
import { aPartsState } from '../../../../support/a-parts-request.ts'
import { aPurchase } from '../../../../support/a-purchase.ts'
import { aTicket } from '../../../../support/a-ticket.ts'
import { CountingIds } from '../../../../support/counting-ids.ts'
import { ManualClock } from '../../../../support/manual-clock.ts'
import { type ScriptedAnswer, scriptedFetch } from '../../../../support/scripted-fetch.ts'

type Input = z.input<typeof RestTargetSchema>
type Ticket = NonNullable<NonNullable<Input['kinds']>['ticket']>

const REFERENCE = 'ECdemo-T61'
const TICKET: Ticket = {
  operations: {
    place: { path: '/cases' },
    find: {
      path: '/cases',
      query: { ref: '{reference}' },
      documents: 'body.cases.{"id": id, "state": "live", "content": content}',
    },
  },
}

function desk(change: Partial<Input> = {}, ...answers: ScriptedAnswer[]) {
  const script = scriptedFetch(...answers)
  const clock = new ManualClock()
  const config = RestTargetSchema.parse({
    baseUrl: 'https://desk.example.com',
    idempotency: 'unique-reference',
    kinds: { ticket: TICKET },
    ...change,
  })
  const gateways = createRestGateways({
    config,
    configDir: '/config',
    secrets: async () => undefined,
    fetch: script.fetch,
    clock,
    ids: new CountingIds(),
  })
  const { ticket } = gateways
  if (!ticket) throw new Error('it takes no tickets')
  return { gateways, ticket, script, context: { deadline: clock.now() + 10_000, correlationId: 'c-1' } }
}

const write = (change: Partial<TicketWrite> = {}): TicketWrite => ({
  reference: REFERENCE,
  identity: '61.1',
  ticket: aTicket(),
  purchases: [aPurchase()],
  parts: [],
  ...change,
})

async function requestOf(gateway: ErpGateway<TicketWrite>, of = write()) {
  const built = await gateway.place(of, 'create')
  if (!built.ok) throw new Error(built.failure.message)
  return built.request
}

describe('the kinds of a REST target', () => {
  it('are those that are described', () => {
    expect(Object.keys(desk().gateways)).toEqual(['ticket'])
    const orders = { place: { path: '/orders' } }
    expect(Object.keys(desk({ operations: orders }).gateways)).toEqual(['order', 'ticket'])
  })

  it('have an idempotency of their own, or that of the target', () => {
    expect(desk().ticket.describe()).toMatchObject({ idempotency: 'unique-reference', amend: false })
    const upsert = { ...TICKET, idempotency: 'upsert' as const }
    expect(desk({ kinds: { ticket: upsert } }).ticket.describe()).toMatchObject({
      idempotency: 'upsert',
      amend: true,
    })
  })

  it('read an answer by the operation, then by the kind, then by the target', async () => {
    const rule = (class_: 'Invalid' | 'Contended' | 'RateLimited') => [
      { when: 'body.no = true', class: class_ },
    ]
    const answers = { rules: rule('RateLimited') }
    const place = { path: '/cases', rules: rule('Invalid') }
    const read = async (change: Partial<Input>) => {
      const { ticket, context } = desk({ answers, ...change }, { body: { no: true } })
      const answer = await ticket.send(await requestOf(ticket), context)
      return answer.ok ? 'done' : answer.failure.class
    }
    const ofKind = { ...TICKET, answers: { rules: rule('Contended') } }
    expect(await read({})).toBe('RateLimited')
    expect(await read({ kinds: { ticket: ofKind } })).toBe('Contended')
    expect(await read({ kinds: { ticket: { ...ofKind, operations: { place } } } })).toBe('Invalid')
  })

  it('name the place of an expression that does not compile', async () => {
    const broken = { ...TICKET.operations, find: { path: '/cases', documents: 'body.[' } }
    const { ticket } = desk({ kinds: { ticket: { operations: broken } } })
    expect(await ticket.place(write(), 'create')).toMatchObject({
      ok: false,
      failure: {
        class: 'Misconfigured',
        message: expect.stringContaining('kinds.ticket.operations.find.documents'),
      },
    })
  })

  it('compare what was sent, but for what the ledger knows more of tomorrow', async () => {
    const found = async (change: Partial<TicketWrite>) => {
      const { ticket, context } = desk()
      const expected = await requestOf(ticket)
      const there = JSON.parse((await requestOf(ticket, write(change))).bytes) as { body: unknown }
      const asked = desk({}, { body: { cases: [{ id: 'C1', content: there.body }] } })
      const answer = await asked.ticket.find(REFERENCE, expected, context)
      return answer.is === 'one' ? answer.document.content : answer.is
    }
    expect(await found({})).toBe('same')
    expect(await found({ purchases: [] })).toBe('same')
    expect(await found({ ticket: aTicket({ content: 'another' }) })).toBe('different')
    expect(await found({ parts: [aPartsState()] })).toBe('different')
  })

  it('are edited by what was bought and by what became of parts', async () => {
    const { ticket } = desk()
    const contentOf = async (change: Partial<TicketWrite>) =>
      JSON.stringify(await ticket.content(write(change)))
    const plain = await contentOf({})
    expect(await contentOf({})).toBe(plain)
    expect(await contentOf({ purchases: [] })).not.toBe(plain)
    expect(await contentOf({ parts: [aPartsState()] })).not.toBe(plain)
  })

  it('have mapping files that are checked like those of orders', () => {
    const place = { path: '/cases', mapping: 'mappings/gone.jsonata' }
    const config = RestTargetSchema.parse({
      baseUrl: 'https://desk.example.com',
      idempotency: 'none',
      kinds: { ticket: { operations: { place } } },
    })
    expect(describeRestTarget(config).mappingProblems('/nowhere')).toMatchObject([
      { file: 'mappings/gone.jsonata', is: 'unreadable' },
    ])
  })
})
