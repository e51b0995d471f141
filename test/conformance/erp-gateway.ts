import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type ErpRequest, ErpRequestSchema } from '#contracts/erp-request.ts'
import type { Order } from '#contracts/order.ts'
import { FAILURE_RULES } from '#domain/erp-failure.ts'
import { lineReference, orderSourceId } from '#domain/reference.ts'
import type { Answer, Built, ErpDocument, ErpGateway, OrderWrite, Write } from '#ports/erp-gateway.ts'
import { canonicalOrder } from '../support/canonical-order.ts'

export type Mishap =
  | 'error-500'
  | 'error-502-committed'
  | 'rate-limit'
  | 'hang-before-commit'
  | 'hang-after-commit'
  | 'held-commit'
  | 'reset-before-commit'
  | 'reset-after-commit'
  | 'truncated'
  | 'cut-json'
  | 'html'

/** What the suite is about to do: write, unless said otherwise. */
export type During = 'send' | 'find'

/** The ERP behind the gateway, seen from its own side. */
export interface ErpLab {
  /** Documents it holds under the reference, whatever the gateway believes. */
  documents(reference: string): Promise<number>
  /** Requests that ever reached it. */
  calls(): Promise<number>
  /** The next call of this kind goes wrong; a look-up that an ERP's write needs is none. */
  fail(mishap: Mishap, during?: During): Promise<void>
  /** The next call of this kind is answered with this. */
  babble(status: number, body: string, during?: During): Promise<void>
  /** A `held-commit` takes effect. */
  commitHeld(): Promise<void>
  /** From now on the document can be neither changed nor cancelled. Absent: it can always be. */
  ship?(reference: string): Promise<void>
  /** A SKU it has no item for. Absent: it asks no questions. */
  readonly unknownSku?: string
  /** Of the thing, where an ERP cannot be emptied. */
  readonly reference?: string
}

/** How much time an ERP needs, and is worth. */
export interface Pace {
  readonly patienceMs: number
  /** Enough for all that comes before a write, and little enough to wait for. */
  readonly impatienceMs: number
  readonly babbles: number
}

export interface GatewaySubject<W extends Write> {
  readonly gateway: ErpGateway<W>
  readonly erp: ErpLab
  /** Adds what this ERP needs around the thing, e.g. the document of a return's order. */
  readonly prepare?: (write: W) => W
  close(): Promise<void>
}
export type ErpSubject = GatewaySubject<OrderWrite>

/** A thing of one kind, as the suite writes and edits it. */
export interface Specimen<W extends Write> {
  readonly reference: string
  readonly identity: string
  readonly first: (at: Write) => W
  readonly edited: (at: Write) => W
  /** What is no edit, by what happened to the thing in the shop. */
  readonly unedited: Readonly<Record<string, (at: Write) => W>>
  /** The thing with another SKU in it. Absent: it has none. */
  readonly withSku?: (sku: string, at: Write) => W
}

export const PACE: Pace = { patienceMs: 10_000, impatienceMs: 400, babbles: 60 }

const order = canonicalOrder()
/** As it comes back from the shop after we recorded its shipment there. */
const shipped: Order = {
  ...order,
  status: { ...order.status, order: 5, shipping: 1 },
  confirmedAt: '2026-11-21T03:00:00Z',
  shippedAt: '2026-11-21T04:00:00Z',
  shipping: { ...order.shipping, trackingNos: ['SF100'] },
  lines: order.lines.map((line) => ({ ...line, sentQuantity: line.quantity })),
  deliveries: [
    {
      deliveryId: '9',
      deliverySn: 'N9',
      status: 0,
      trackingNos: ['SF100'],
      carrier: 'SF',
      lines: [],
    },
  ],
}
const reread: Order = { ...order, orderedAt: '2026-11-20T15:00:00Z', paidAt: '2026-11-20T15:05:00Z' }

const writing =
  (of: Order) =>
  (at: Write): OrderWrite => ({
    ...at,
    order: of,
    lineReference: (line) => lineReference(at.reference, line.recId),
  })

/** An order, with what only an order goes through. */
export const ORDER: Specimen<OrderWrite> = {
  reference: 'ECdemo-2026112001001-rt',
  identity: orderSourceId(order.orderId, order.addTime),
  first: writing(order),
  edited: writing(canonicalOrder({ quantity: 3 })),
  unedited: {
    'our own shipment write-back': writing(shipped),
    'another reading of the clock': writing(reread),
  },
  withSku: (sku, at) => writing(canonicalOrder({ sku }))(at),
}

/** What every gateway for orders does, as far as it says it can. `makeSubject` gives an empty ERP. */
export function erpGatewayConformance(
  name: string,
  makeSubject: () => Promise<ErpSubject>,
  pace: Pace = PACE,
): void {
  gatewayConformance(`the ERP gateway for ${name}`, ORDER, makeSubject, pace)
}

/** What every gateway does, as far as it says it can. `makeSubject` gives an empty ERP. */
export function gatewayConformance<W extends Write>(
  name: string,
  specimen: Specimen<W>,
  makeSubject: () => Promise<GatewaySubject<W>>,
  { patienceMs, impatienceMs, babbles }: Pace,
): void {
  describe(`${name}`, { timeout: 6 * patienceMs }, async () => {
    const probe = await makeSubject()
    const abilities = probe.gateway.describe()
    const { unknownSku } = probe.erp
    const canBeTooLate = probe.erp.ship !== undefined
    await probe.close()

    let gateway: ErpGateway<W>
    let erp: ErpLab
    let subject: GatewaySubject<W>
    let reference: string

    beforeEach(async () => {
      subject = await makeSubject()
      gateway = subject.gateway
      erp = subject.erp
      reference = erp.reference ?? specimen.reference
    })
    afterEach(() => subject.close())

    const { first, edited, unedited, withSku } = specimen
    const writeOf = (
      of: (at: Write) => W,
      { document, reference: under = reference }: { document?: ErpDocument; reference?: string } = {},
    ): W => {
      const write = of({
        reference: under,
        identity: specimen.identity,
        ...(document ? { document } : {}),
      })
      return subject.prepare?.(write) ?? write
    }
    const amendOf = (of: (at: Write) => W, document: ErpDocument) => ({
      ...writeOf(of, { document }),
      document,
    })
    const context = (ms = patienceMs) => ({ deadline: Date.now() + ms, correlationId: 'c-1' })
    const build = async (built: Promise<Built>): Promise<ErpRequest> => {
      const result = await built
      if (!result.ok) throw new Error(`${result.failure.class}: ${result.failure.message}`)
      return result.request
    }
    const create = (of = first) => build(gateway.place(writeOf(of), abilities.steps[0]))
    const send = (request: ErpRequest, ms?: number) => gateway.send(request, context(ms))
    const documentIn = (answer: Answer): ErpDocument => {
      if (!answer.ok) throw new Error(`${answer.failure.class}: ${answer.failure.message}`)
      return answer.document
    }
    const cancelOf = (document: ErpDocument) =>
      build(gateway.cancel({ reference, document, reason: 'cancelled' }))
    const failureIn = (answer: Answer) => {
      if (answer.ok) throw new Error('it succeeded')
      return answer.failure
    }
    const placed = async () => documentIn(await send(await create()))
    const found = async (of = first) => gateway.find(reference, await create(of), context())
    /** The write may have happened: the ledger keeps it as unknown. */
    const isUnknown = (answer: Answer) => FAILURE_RULES[failureIn(answer).class].then === 'unknown'

    describe('building', () => {
      it('sends nothing', async () => {
        const document: ErpDocument = { id: 'D1', no: 'N1', state: 'live', step: abilities.steps[0] }
        for (const step of abilities.steps) await gateway.place(writeOf(first, { document }), step)
        await gateway.amend(amendOf(first, document))
        await gateway.cancel({ reference, document, reason: 'cancelled' })
        await gateway.content(writeOf(first))
        expect(await erp.calls()).toBe(0)
      })

      it('gives the same request for the same thing', async () => {
        expect(await create()).toEqual(await create())
      })

      it('gives another key and other bytes for another content', async () => {
        const [one, other] = [await create(), await create(edited)]
        expect(other.key).not.toBe(one.key)
        expect(other.bytes).not.toBe(one.bytes)
      })

      it('answers Unsupported to what the ERP cannot do', async () => {
        const document: ErpDocument = { id: 'D1', state: 'live', step: abilities.steps[0] }
        const unsupported = { ok: false, failure: { class: 'Unsupported' } }
        const amend = await gateway.amend(amendOf(first, document))
        const cancel = await gateway.cancel({ reference, document, reason: 'cancelled' })
        expect(amend).toMatchObject(abilities.amend ? { ok: true } : unsupported)
        expect(cancel).toMatchObject(abilities.cancel ? { ok: true } : unsupported)
        expect(await gateway.place(writeOf(first, { document }), 'no-such-step')).toMatchObject(unsupported)
      })
    })

    describe('the content', () => {
      it.each(Object.entries(unedited))('does not change by %s', async (_what, of) => {
        expect(await gateway.content(writeOf(of))).toEqual(await gateway.content(writeOf(first)))
      })

      it('is that of the thing, whatever document it went to', async () => {
        const document: ErpDocument = { id: 'D7', no: 'N7', state: 'live', step: abilities.steps[0] }
        expect(await gateway.content(writeOf(first, { document }))).toEqual(
          await gateway.content(writeOf(first)),
        )
      })

      it('changes with an edit', async () => {
        expect(await gateway.content(writeOf(edited))).not.toEqual(await gateway.content(writeOf(first)))
      })
    })

    describe('a create', () => {
      it('makes one live document', async () => {
        expect(await placed()).toMatchObject({ state: 'live', step: abilities.steps[0] })
        expect(await erp.documents(reference)).toBe(1)
      })

      it('works from a stored request as from a fresh one', async () => {
        const stored = JSON.stringify(await create())
        const answer = await send(ErpRequestSchema.parse(JSON.parse(stored)))
        expect(documentIn(answer).state).toBe('live')
        expect(await erp.documents(reference)).toBe(1)
      })

      it(`repeated does what ${abilities.idempotency} promises`, async () => {
        const first = await placed()
        const again = await send(await create())
        switch (abilities.idempotency) {
          case 'upsert':
          case 'request-key':
            expect(documentIn(again).id).toBe(first.id)
            expect(await erp.documents(reference)).toBe(1)
            break
          case 'unique-reference':
            expect(failureIn(again).class).toBe('DuplicateRef')
            expect(await erp.documents(reference)).toBe(1)
            break
          case 'none':
            expect(documentIn(again).id).not.toBe(first.id)
            expect(await erp.documents(reference)).toBe(2)
        }
      })

      it('goes through its steps in order', async () => {
        let document = await placed()
        for (const step of abilities.steps.slice(1)) {
          document = documentIn(await send(await build(gateway.place(writeOf(first, { document }), step))))
          expect(document).toMatchObject({ state: 'live', step })
        }
        expect(document.step).toBe(abilities.steps.at(-1))
        expect(await erp.documents(reference)).toBe(1)
      })
    })

    describe('the deadline', () => {
      it('lets nothing leave once it has passed', async () => {
        const request = await create()
        const answer = await gateway.send(request, { deadline: Date.now() - 1, correlationId: 'c-1' })
        expect(isUnknown(answer)).toBe(false)
        expect(failureIn(answer).class).toBe('Transient')
        expect(await erp.calls()).toBe(0)
      })

      it('ends a call that hangs before it commits, as unknown', async () => {
        await erp.fail('hang-before-commit')
        const started = Date.now()
        expect(failureIn(await send(await create(), impatienceMs)).class).toBe('UnknownOutcome')
        expect(Date.now() - started).toBeLessThan(patienceMs / 2)
        expect(await erp.documents(reference)).toBe(0)
      })

      it('ends a call that hangs after it committed, as unknown', async () => {
        await erp.fail('hang-after-commit')
        expect(failureIn(await send(await create(), impatienceMs)).class).toBe('UnknownOutcome')
        expect(await erp.documents(reference)).toBe(1)
      })
    })

    describe('an unclear answer', () => {
      it.each<[mishap: Mishap, committed: number]>([
        ['error-500', 0],
        ['error-502-committed', 1],
        ['reset-before-commit', 0],
        ['reset-after-commit', 1],
        ['truncated', 1],
        ['cut-json', 1],
        ['html', 1],
      ])('is unknown and never a refusal: %s', async (mishap, committed) => {
        await erp.fail(mishap)
        const answer = await send(await create())
        expect(['UnknownOutcome', 'Protocol']).toContain(failureIn(answer).class)
        expect(isUnknown(answer)).toBe(true)
        expect(await erp.documents(reference)).toBe(committed)
      })

      it('may be followed by a commit, which a repetition does not double where the ERP says so', async () => {
        await erp.fail('held-commit')
        const request = await create()
        expect(isUnknown(await send(request, impatienceMs))).toBe(true)
        if (abilities.find)
          expect(await gateway.find(reference, request, context())).toEqual({ is: 'absent' })
        await send(request)
        expect(await erp.documents(reference)).toBe(1)
        await erp.commitHeld()
        expect(await erp.documents(reference)).toBe(abilities.idempotency === 'none' ? 2 : 1)
      })
    })

    it('hands on the ERP’s advice when it is called too often', async () => {
      await erp.fail('rate-limit')
      expect(failureIn(await send(await create()))).toMatchObject({
        class: 'RateLimited',
        retryAfterMs: 7_000,
      })
      expect(await erp.documents(reference)).toBe(0)
    })

    it('turns whatever an ERP may babble into a value', async () => {
      const request = await create()
      const babble = fc.record({
        status: fc.oneof(
          fc.constantFrom(200, 201, 204, 400, 401, 404, 409, 422, 429, 500, 503),
          fc.integer({ min: 200, max: 599 }),
        ),
        body: fc.oneof(
          fc.json({ maxDepth: 4 }),
          fc.string({ unit: 'binary', maxLength: 200 }),
          fc.constantFrom(
            '',
            'null',
            '[]',
            '{}',
            '{"error":{}}',
            '{"documents":null}',
            '{"documents":[{}]}',
            '{"documents":[[]]}',
          ),
          fc.nat(20_000).map((depth) => '['.repeat(depth)),
          fc.nat(20_000).map((depth) => '['.repeat(depth) + ']'.repeat(depth)),
          fc
            .integer({ min: 2, max: 20_000 })
            .map((depth) => '{"documents":'.repeat(depth) + '[]' + '}'.repeat(depth)),
        ),
      })
      await fc.assert(
        fc.asyncProperty(babble, async ({ status, body }) => {
          await erp.babble(status, body)
          const answer = await send(request)
          if (!answer.ok) {
            expect(FAILURE_RULES).toHaveProperty(answer.failure.class)
            expect(answer.failure.message.length).toBeLessThanOrEqual(300)
          }
          if (!abilities.find) return
          await erp.babble(status, body, 'find')
          const seen = await gateway.find(reference, request, context())
          // Absence leads to a create, so it must have been said.
          if (status !== 404) expect(seen.is).toBe('failed')
        }),
        { numRuns: babbles },
      )
    })

    const aLookUp = () =>
      describe('a look-up', () => {
        it('finds nothing, then the document with its content and identity', async () => {
          expect(await found()).toEqual({ is: 'absent' })
          const { id } = await placed()
          const seen = await found()
          expect(seen).toMatchObject({
            is: 'one',
            document: { id, state: 'live', step: abilities.steps[0], content: 'same' },
          })
          const identity = seen.is === 'one' ? seen.document.identity : undefined
          expect([undefined, specimen.identity]).toContain(identity)
        })

        it('sees that the content is not that of the newest state', async () => {
          await placed()
          expect(await found(edited)).toMatchObject({ is: 'one', document: { content: 'different' } })
        })

        it.each(Object.entries(unedited))('does not take %s for an edit', async (_what, of) => {
          await placed()
          expect(await found(of)).toMatchObject({ is: 'one', document: { content: 'same' } })
        })

        it('says nothing about the content when none is expected', async () => {
          await placed()
          expect(await gateway.find(reference, undefined, context())).toMatchObject({
            is: 'one',
            document: { content: 'unknown' },
          })
        })

        it('does not take a longer reference for this one', async () => {
          const longer = writeOf(first, { reference: `${reference}-1` })
          documentIn(await send(await build(gateway.place(longer, abilities.steps[0]))))
          expect(await found()).toEqual({ is: 'absent' })
        })

        it.each<Mishap>(['error-500', 'reset-before-commit', 'truncated', 'cut-json', 'html', 'rate-limit'])(
          'that fails never says absent: %s',
          async (mishap) => {
            await erp.fail(mishap, 'find')
            expect(await found()).toMatchObject({ is: 'failed' })
          },
        )

        it('is given up at its deadline, and tells so', async () => {
          const request = await create()
          await erp.fail('hang-before-commit', 'find')
          const seen = await gateway.find(reference, request, context(impatienceMs))
          expect(seen).toMatchObject({ is: 'failed', failure: { class: 'Transient' } })
        })

        it('sees the document that was made without an answer', async () => {
          await erp.fail('hang-after-commit')
          await send(await create(), impatienceMs)
          expect(await found()).toMatchObject({ is: 'one', document: { state: 'live', content: 'same' } })
        })
      })

    const noLookUp = () =>
      it('says that it cannot look up', async () => {
        expect(await found()).toMatchObject({ is: 'failed', failure: { class: 'Unsupported' } })
      })

    const aDouble = () =>
      it('counts the documents of a doubled thing', async () => {
        await placed()
        await placed()
        expect(await found()).toEqual({ is: 'many', count: 2 })
      })

    const anAmend = () =>
      describe('an amend', () => {
        it('brings the document to the newest content', async () => {
          const document = await placed()
          const answer = await send(await build(gateway.amend(amendOf(edited, document))))
          expect(documentIn(answer)).toMatchObject({ id: document.id, state: 'live' })
          if (abilities.find) {
            expect(await found(edited)).toMatchObject({ is: 'one', document: { content: 'same' } })
          }
          expect(await erp.documents(reference)).toBe(1)
        })

        it('takes effect each time the thing goes back and forth', async () => {
          const document = await placed()
          for (const content of [edited, first, edited]) {
            documentIn(await send(await build(gateway.amend(amendOf(content, document)))))
            if (abilities.find) {
              expect(await found(content)).toMatchObject({ is: 'one', document: { content: 'same' } })
            }
          }
          expect(await erp.documents(reference)).toBe(1)
        })
      })

    const aCancel = () =>
      describe('a cancel', () => {
        it('leaves the document cancelled', async () => {
          const document = await placed()
          expect(documentIn(await send(await cancelOf(document)))).toMatchObject({
            id: document.id,
            state: 'cancelled',
          })
          if (abilities.find) {
            expect(await found()).toMatchObject({
              is: 'one',
              document: { id: document.id, state: 'cancelled' },
            })
          }
        })
      })

    const aLateAmend = () =>
      it('an amend that comes too late is a state conflict', async () => {
        const document = await placed()
        await erp.ship?.(reference)
        const answer = await send(await build(gateway.amend(amendOf(edited, document))))
        expect(failureIn(answer).class).toBe('StateConflict')
      })

    const aLateCancel = () =>
      it('a cancel that comes too late is a state conflict', async () => {
        const document = await placed()
        await erp.ship?.(reference)
        expect(failureIn(await send(await cancelOf(document))).class).toBe('StateConflict')
        if (abilities.find) expect(await found()).toMatchObject({ is: 'one', document: { state: 'live' } })
      })

    const anUnknownSku = (make: NonNullable<typeof withSku>, sku: string) =>
      it('names the SKU the ERP has no item for, and makes nothing', async () => {
        const answer = await send(await create((at) => make(sku, at)))
        expect(failureIn(answer)).toMatchObject({ class: 'MissingReference', subject: sku })
        expect(await erp.documents(reference)).toBe(0)
      })

    if (withSku && unknownSku !== undefined) anUnknownSku(withSku, unknownSku)
    if (abilities.find) aLookUp()
    else noLookUp()
    if (abilities.find && abilities.idempotency === 'none') aDouble()
    if (abilities.amend) anAmend()
    if (abilities.cancel) aCancel()
    if (abilities.amend && canBeTooLate) aLateAmend()
    if (abilities.cancel && canBeTooLate) aLateCancel()
  })
}
