import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type ErpRequest, ErpRequestSchema } from '#contracts/erp-request.ts'
import type { Order } from '#contracts/order.ts'
import { FAILURE_RULES } from '#domain/erp-failure.ts'
import { lineReference, orderSourceId } from '#domain/reference.ts'
import type { Answer, Built, ErpDocument, ErpGateway, OrderWrite } from '#ports/erp-gateway.ts'
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
  /** From now on the document can be neither changed nor cancelled. */
  ship(reference: string): Promise<void>
  /** A SKU it has no item for. */
  readonly unknownSku: string
  /** Of the order, where an ERP cannot be emptied. */
  readonly reference?: string
}

/** How much time an ERP needs, and is worth. */
export interface Pace {
  readonly patienceMs: number
  /** Enough for all that comes before a write, and little enough to wait for. */
  readonly impatienceMs: number
  readonly babbles: number
}

export interface ErpSubject {
  readonly gateway: ErpGateway
  readonly erp: ErpLab
  close(): Promise<void>
}

const PACE: Pace = { patienceMs: 10_000, impatienceMs: 400, babbles: 60 }

/** What every ErpGateway does, as far as it says it can. `makeSubject` gives an empty ERP. */
export function erpGatewayConformance(
  name: string,
  makeSubject: () => Promise<ErpSubject>,
  { patienceMs, impatienceMs, babbles }: Pace = PACE,
): void {
  describe(`the ERP gateway for ${name}`, { timeout: 6 * patienceMs }, async () => {
    const probe = await makeSubject()
    const abilities = probe.gateway.describe()
    await probe.close()

    let gateway: ErpGateway
    let erp: ErpLab
    let subject: ErpSubject
    let reference: string

    beforeEach(async () => {
      subject = await makeSubject()
      gateway = subject.gateway
      erp = subject.erp
      reference = erp.reference ?? 'ECdemo-2026112001001-rt'
    })
    afterEach(() => subject.close())

    const order = canonicalOrder()
    const edited = canonicalOrder({ quantity: 3 })

    const writeOf = (of: Order, document?: ErpDocument): OrderWrite => ({
      order: of,
      reference,
      identity: orderSourceId(of.orderId, of.addTime),
      lineReference: (line) => lineReference(reference, line.recId),
      ...(document ? { document } : {}),
    })
    const context = (ms = patienceMs) => ({ deadline: Date.now() + ms, correlationId: 'c-1' })
    const build = async (built: Promise<Built>): Promise<ErpRequest> => {
      const result = await built
      if (!result.ok) throw new Error(`${result.failure.class}: ${result.failure.message}`)
      return result.request
    }
    const create = (of = order) => build(gateway.place(writeOf(of), abilities.steps[0]))
    const send = (request: ErpRequest, ms?: number) => gateway.send(request, context(ms))
    const documentIn = (answer: Answer): ErpDocument => {
      if (!answer.ok) throw new Error(`${answer.failure.class}: ${answer.failure.message}`)
      return answer.document
    }
    const failureIn = (answer: Answer) => {
      if (answer.ok) throw new Error('it succeeded')
      return answer.failure
    }
    const placed = async () => documentIn(await send(await create()))
    const found = async (of = order) => gateway.find(reference, await create(of), context())
    /** The write may have happened: the ledger keeps it as unknown. */
    const isUnknown = (answer: Answer) => FAILURE_RULES[failureIn(answer).class].then === 'unknown'

    describe('building', () => {
      it('sends nothing', async () => {
        const document: ErpDocument = { id: 'D1', no: 'N1', state: 'live', step: abilities.steps[0] }
        for (const step of abilities.steps) await gateway.place(writeOf(order, document), step)
        await gateway.amend({ ...writeOf(order), document })
        await gateway.cancel({ reference, document, reason: 'cancelled' })
        await gateway.content(writeOf(order))
        expect(await erp.calls()).toBe(0)
      })

      it('gives the same request for the same order', async () => {
        expect(await create()).toEqual(await create(canonicalOrder()))
      })

      it('gives another key and other bytes for another content', async () => {
        const [one, other] = [await create(), await create(edited)]
        expect(other.key).not.toBe(one.key)
        expect(other.bytes).not.toBe(one.bytes)
      })

      it('answers Unsupported to what the ERP cannot do', async () => {
        const document: ErpDocument = { id: 'D1', state: 'live', step: abilities.steps[0] }
        const unsupported = { ok: false, failure: { class: 'Unsupported' } }
        const amend = await gateway.amend({ ...writeOf(order), document })
        const cancel = await gateway.cancel({ reference, document, reason: 'cancelled' })
        expect(amend).toMatchObject(abilities.amend ? { ok: true } : unsupported)
        expect(cancel).toMatchObject(abilities.cancel ? { ok: true } : unsupported)
        expect(await gateway.place(writeOf(order, document), 'no-such-step')).toMatchObject(unsupported)
      })
    })

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

    describe('the content', () => {
      it('does not change by what a write-back writes into the shop', async () => {
        expect(await gateway.content(writeOf(shipped))).toEqual(await gateway.content(writeOf(order)))
      })

      it('does not change by how the shop’s clock is read', async () => {
        const reread: Order = { ...order, orderedAt: '2026-11-20T15:00:00Z', paidAt: '2026-11-20T15:05:00Z' }
        expect(await gateway.content(writeOf(reread))).toEqual(await gateway.content(writeOf(order)))
      })

      it('is that of the order, whatever document it went to', async () => {
        const document: ErpDocument = { id: 'D7', no: 'N7', state: 'live', step: abilities.steps[0] }
        expect(await gateway.content(writeOf(order, document))).toEqual(await gateway.content(writeOf(order)))
      })

      it('changes with a quantity', async () => {
        expect(await gateway.content(writeOf(edited))).not.toEqual(await gateway.content(writeOf(order)))
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

      it('names the SKU the ERP has no item for, and makes nothing', async () => {
        const answer = await send(await create(canonicalOrder({ sku: erp.unknownSku })))
        expect(failureIn(answer)).toMatchObject({ class: 'MissingReference', subject: erp.unknownSku })
        expect(await erp.documents(reference)).toBe(0)
      })

      it('goes through its steps in order', async () => {
        let document = await placed()
        for (const step of abilities.steps.slice(1)) {
          document = documentIn(await send(await build(gateway.place(writeOf(order, document), step))))
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
          expect([undefined, orderSourceId(order.orderId, order.addTime)]).toContain(identity)
        })

        it('sees that the content is not that of the newest order', async () => {
          await placed()
          expect(await found(edited)).toMatchObject({ is: 'one', document: { content: 'different' } })
        })

        it('does not take our own shipment write-back for an edit', async () => {
          await placed()
          expect(await found(shipped)).toMatchObject({ is: 'one', document: { content: 'same' } })
        })

        it('says nothing about the content when none is expected', async () => {
          await placed()
          expect(await gateway.find(reference, undefined, context())).toMatchObject({
            is: 'one',
            document: { content: 'unknown' },
          })
        })

        it('does not take a longer reference for this one', async () => {
          const longer = { ...writeOf(order), reference: `${reference}-1` }
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
      it('counts the documents of a doubled order', async () => {
        await placed()
        await placed()
        expect(await found()).toEqual({ is: 'many', count: 2 })
      })

    const anAmend = () =>
      describe('an amend', () => {
        it('brings the document to the newest content', async () => {
          const document = await placed()
          const answer = await send(await build(gateway.amend({ ...writeOf(edited), document })))
          expect(documentIn(answer)).toMatchObject({ id: document.id, state: 'live' })
          if (abilities.find) {
            expect(await found(edited)).toMatchObject({ is: 'one', document: { content: 'same' } })
          }
          expect(await erp.documents(reference)).toBe(1)
        })

        it('takes effect each time the order goes back and forth', async () => {
          const document = await placed()
          for (const content of [edited, order, edited]) {
            documentIn(await send(await build(gateway.amend({ ...writeOf(content), document }))))
            if (abilities.find) {
              expect(await found(content)).toMatchObject({ is: 'one', document: { content: 'same' } })
            }
          }
          expect(await erp.documents(reference)).toBe(1)
        })

        it('that comes too late is a state conflict', async () => {
          const document = await placed()
          await erp.ship(reference)
          const answer = await send(await build(gateway.amend({ ...writeOf(edited), document })))
          expect(failureIn(answer).class).toBe('StateConflict')
        })
      })

    const aCancel = () =>
      describe('a cancel', () => {
        const cancelOf = (document: ErpDocument) =>
          build(gateway.cancel({ reference, document, reason: 'cancelled' }))

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

        it('that comes too late is a state conflict', async () => {
          const document = await placed()
          await erp.ship(reference)
          expect(failureIn(await send(await cancelOf(document))).class).toBe('StateConflict')
          if (abilities.find) expect(await found()).toMatchObject({ is: 'one', document: { state: 'live' } })
        })
      })

    if (abilities.find) aLookUp()
    else noLookUp()
    if (abilities.find && abilities.idempotency === 'none') aDouble()
    if (abilities.amend) anAmend()
    if (abilities.cancel) aCancel()
  })
}
