import { randomInt } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import * as z from 'zod'
import type { ErpRequest } from '#contracts/erp-request.ts'
import type { Progress } from '#contracts/progress.ts'
import { lineReference } from '#domain/reference.ts'
import type {
  Answer,
  Built,
  CustomerWrite,
  ErpDocument,
  ErpGateway,
  OrderWrite,
  ReturnWrite,
  TicketWrite,
  Write,
} from '#ports/erp-gateway.ts'
import { aCustomer, aGuest } from '../support/a-customer.ts'
import { aRefund, aReturn } from '../support/a-return.ts'
import { aTicket } from '../support/a-ticket.ts'
import { canonicalOrder } from '../support/canonical-order.ts'
import {
  type OdooKindLab,
  type OdooKindSubject,
  type OtherKind,
  odooKind,
  SERVICE,
  SOLD,
  validate,
} from '../support/odoo-kinds-lab.ts'
import type { OdooRpc } from '../support/odoo-rpc.ts'
import type { Pace } from './erp-gateway.ts'

export interface ServiceLab extends OdooKindLab {
  /** Who works with Odoo: another user than the adapter’s. */
  readonly people: OdooRpc
  readonly close?: () => Promise<void>
}

const AT_ONCE = 8
const IdsSchema = z.array(z.object({ id: z.int() }))
const Anything = z.unknown()

/** What only Odoo can break, of customers, tickets and returns: several at once, and people who work in it. */
export function odooService(
  name: string,
  makeLab: () => Promise<ServiceLab>,
  { invoices }: { readonly invoices: boolean },
  { patienceMs }: Pace,
): void {
  describe(`customers, tickets and returns in ${name}`, { timeout: 6 * patienceMs }, () => {
    const closing: (() => Promise<void>)[] = []
    afterEach(async () => {
      for (const close of closing.splice(0).toReversed()) await close()
    })
    const open = async <Kind extends OtherKind>(
      kind: Kind,
      target: NonNullable<OdooKindLab['target']> = {},
    ): Promise<OdooKindSubject<Kind> & { readonly people: OdooRpc }> => {
      const lab = await makeLab()
      if (lab.close) closing.push(lab.close)
      const subject = await odooKind(kind, { ...lab, target: { ...lab.target, ...target } })
      closing.push(() => subject.close())
      return { ...subject, people: lab.people }
    }

    const context = () => ({ deadline: Date.now() + patienceMs, correlationId: 'c-1' })
    const requestIn = (built: Built): ErpRequest => {
      if (!built.ok) throw new Error(`${built.failure.class}: ${built.failure.message}`)
      return built.request
    }
    const documentIn = (answer: Answer): ErpDocument => {
      if (!answer.ok) throw new Error(`${answer.failure.class}: ${answer.failure.message}`)
      return answer.document
    }
    const create = async <W extends Write>(gateway: ErpGateway<W>, write: W) =>
      requestIn(await gateway.place(write, 'create'))
    const placed = async <W extends Write>(gateway: ErpGateway<W>, write: W) =>
      documentIn(await gateway.send(await create(gateway, write), context()))
    const amended = async <W extends Write>(gateway: ErpGateway<W>, write: W, document: ErpDocument) =>
      documentIn(await gateway.send(requestIn(await gateway.amend({ ...write, document })), context()))
    /** Every step, as deliver takes them. */
    const whole = async <W extends Write>(gateway: ErpGateway<W>, write: W) => {
      let document = await placed(gateway, write)
      const { steps } = gateway.describe()
      for (const step of steps.slice(steps.indexOf(document.step) + 1)) {
        const built = requestIn(await gateway.place({ ...write, document }, step))
        document = documentIn(await gateway.send(built, context()))
      }
      return document
    }
    const atOnce = (gateway: { send: ErpGateway['send'] }, sent: ErpRequest) =>
      Promise.all(Array.from({ length: AT_ONCE }, () => gateway.send(sent, context())))

    describe('a customer', () => {
      const writeOf = (reference: string, customer: CustomerWrite['customer']): CustomerWrite => ({
        reference,
        identity: 'x',
        customer,
        purchases: [],
      })
      const partner = async (rpc: OdooRpc, id: string) => {
        const Partner = z.object({
          name: z.string(),
          comment: z.string(),
          category_id: z.array(z.int()),
          child_ids: z.array(z.int()),
        })
        const [one] = await rpc.call(z.array(Partner), 'res.partner', 'search_read', [], {
          domain: [['id', '=', Number(id)]],
          fields: ['name', 'comment', 'category_id', 'child_ids'],
        })
        if (!one) throw new Error('there is no such contact')
        return one
      }

      it('sent eight at once becomes one contact, with its address once', async () => {
        const { gateway, reference, erp, rpc, prepare } = await open('customer')
        const write = writeOf(reference, aCustomer())
        const answers = await atOnce(gateway, await create(gateway, prepare(write)))
        expect(answers.some(({ ok }) => ok)).toBe(true)
        for (const answer of answers)
          if (!answer.ok) expect(['DuplicateRef', 'Contended']).toContain(answer.failure.class)
        expect(await erp.documents(reference)).toBe(1)
        const [id] = answers.flatMap((answer) => (answer.ok ? [answer.document.id] : []))
        expect((await partner(rpc, id ?? '')).child_ids).toHaveLength(1)
      })

      it.each([
        ['a member', (id: string) => aCustomer({ userId: id })],
        [
          'a guest',
          (id: string) =>
            aGuest({ phone: id, addresses: aGuest().addresses.map((one) => ({ ...one, phone: id })) }),
        ],
      ])('is the contact that the orders of %s are for', async (_who, customerOf) => {
        const { gateway, gateways, reference, rpc } = await open('customer')
        const id = String(randomInt(1e10, 9e10))
        const customer = customerOf(id)
        const order = canonicalOrder({ id })
        const orders = gateways.order
        if (!orders) throw new Error('it takes no orders')
        const under = `${reference}-o`
        const bought: OrderWrite = {
          reference: under,
          identity: 'x',
          order: {
            ...order,
            buyer: { ...order.buyer, userId: customer.userId },
            consignee: { ...order.consignee, phone: id },
          },
          lineReference: (line) => lineReference(under, line.recId),
        }
        const { id: sale } = await placed(orders, bought)
        const write = writeOf(reference, customer)
        const sent = await create(gateway, write)
        expect(await gateway.send(sent, context())).toMatchObject({
          ok: false,
          failure: { class: 'DuplicateRef' },
        })
        const found = await gateway.find(reference, sent, context())
        if (found.is !== 'one') throw new Error(`it is ${found.is}`)
        expect(found.document.content).toBe('different')
        await amended(gateway, write, found.document)
        expect(await gateway.find(reference, sent, context())).toMatchObject({
          document: { content: 'same' },
        })
        const [kept] = await rpc.call(
          z.array(z.object({ partner_id: z.tuple([z.int(), z.string()]) })),
          'sale.order',
          'search_read',
          [],
          { domain: [['id', '=', Number(sale)]], fields: ['partner_id'] },
        )
        expect(kept?.partner_id).toEqual([Number(found.document.id), customer.name])
      })

      it('that changes keeps the tags and notes that people gave it', async () => {
        const { gateway, reference, rpc, people, prepare } = await open('customer')
        const ranked = (change: Partial<CustomerWrite['customer']>) => {
          const write = writeOf(reference, aCustomer(change))
          return prepare(write)
        }
        const document = await placed(
          gateway,
          ranked({ rank: { id: '1', name: 'Sync gold' }, sameAs: 'ECdemo-G1' }),
        )
        const before = await partner(rpc, document.id)
        expect(before.comment).toContain('ECdemo-G1')
        const tag = await people.call(z.int(), 'res.partner.category', 'create', [
          { name: `By hand ${randomInt(1e9)}` },
        ])
        await people.call(z.literal(true), 'res.partner', 'write', [
          [Number(document.id)],
          { category_id: [[4, tag]], comment: `<p>by hand</p>${before.comment}` },
        ])
        const newer = ranked({ name: '样例改名', rank: { id: '2', name: 'Sync silver' } })
        await amended(gateway, newer, document)
        const after = await partner(rpc, document.id)
        expect(after.name).toBe('样例改名')
        expect(after.comment).toContain('by hand')
        expect(after.comment).not.toContain('ECdemo-G1')
        expect(after.category_id).toHaveLength(2)
        expect(after.category_id).toContain(tag)
        expect(after.category_id).not.toEqual(expect.arrayContaining(before.category_id))
      })
    })

    describe('a ticket', () => {
      const ticketOf = (reference: string, change: Parameters<typeof aTicket>[0] = {}): TicketWrite => ({
        reference,
        identity: 'x',
        ticket: aTicket(change),
        purchases: [],
        parts: [],
      })
      const stage = async (people: OdooRpc, wanted: string) => {
        const domain = [
          ['project_ids.name', '=', SERVICE.project],
          ['name', '=', wanted],
        ]
        const [found] = await people.call(IdsSchema, 'project.task.type', 'search_read', [], {
          domain,
          fields: ['id'],
        })
        if (!found) throw new Error(`there is no stage ${wanted}`)
        return found.id
      }
      const moved = async (people: OdooRpc, task: string, wanted: string) =>
        people.call(z.literal(true), 'project.task', 'write', [
          [Number(task)],
          { stage_id: await stage(people, wanted) },
        ])
      const said = (people: OdooRpc, task: string, body: string, subtype: string) =>
        people.call(z.unknown(), 'project.task', 'message_post', [[Number(task)]], {
          body,
          message_type: 'comment',
          subtype_xmlid: subtype,
        })
      async function told(
        subject: Pick<OdooKindSubject<'ticket'>, 'gateways' | 'reference'>,
        cursor?: string,
      ) {
        const { aftersales } = subject.gateways.reads ?? {}
        const progress: Progress[] = []
        for (let from = cursor; ; ) {
          const read = await aftersales?.read(from, context())
          if (read?.is !== 'ok') throw new Error(read ? read.failure.message : 'it has no such read')
          expect(read.value.unreadable).toEqual([])
          progress.push(...read.value.progress.filter(({ reference }) => reference === subject.reference))
          if (!read.value.more) return { progress, cursor: read.value.cursor }
          from = read.value.cursor
        }
      }

      it('sent eight at once becomes one task', async () => {
        const { gateway, reference, erp } = await open('ticket')
        const answers = await atOnce(gateway, await create(gateway, ticketOf(reference)))
        expect(answers.some(({ ok }) => ok)).toBe(true)
        for (const answer of answers)
          if (!answer.ok) expect(['DuplicateRef', 'Contended']).toContain(answer.failure.class)
        expect(await erp.documents(reference)).toBe(1)
      })

      it('that changes leaves its task in the stage it is in, with whom it is', async () => {
        const { gateway, reference, people } = await open('ticket')
        const document = await placed(gateway, ticketOf(reference))
        await moved(people, document.id, 'Inspecting')
        const Uid = z.object({ uid: z.int() })
        const { uid } = await people.call(Uid, 'res.users', 'context_get', [])
        await people.call(z.literal(true), 'project.task', 'write', [
          [Number(document.id)],
          { user_ids: [[4, uid]] },
        ])
        const newer = ticketOf(reference, { content: 'It smokes <now> & smells' })
        await amended(gateway, newer, document)
        const Task = z.object({
          stage_id: z.tuple([z.int(), z.string()]),
          user_ids: z.array(z.int()),
          description: z.string(),
        })
        const [task] = await people.call(z.array(Task), 'project.task', 'search_read', [], {
          domain: [['id', '=', Number(document.id)]],
          fields: ['stage_id', 'user_ids', 'description'],
        })
        expect(task).toMatchObject({ stage_id: [expect.any(Number), 'Inspecting'], user_ids: [uid] })
        expect(task?.description).toContain('It smokes &lt;now&gt; &amp; smells')
        const found = await gateway.find(reference, await create(gateway, newer), context())
        expect(found).toMatchObject({ document: { content: 'same' } })
      })

      it('tells the shop what people did with its task, each step once, and nothing else', async () => {
        const subject = await open('ticket')
        const { gateway, reference, people, rpc } = subject
        const document = await placed(gateway, ticketOf(reference))
        expect((await told(subject)).progress).toEqual([])
        await moved(people, document.id, 'Accepted')
        await said(people, document.id, 'Please send it to us.', 'mail.mt_comment')
        await said(people, document.id, 'He is angry', 'mail.mt_note')
        await said(rpc, document.id, 'Written by the adapter', 'mail.mt_comment')
        await moved(people, document.id, 'New')
        await moved(people, document.id, 'Repairing abroad')
        const { progress, cursor } = await told(subject)
        expect(progress.map(({ step }) => step)).toEqual(['accepted', 'accepted', 'repairing'])
        expect(progress.map(({ note }) => note)).toEqual([undefined, 'Please send it to us.', undefined])
        expect(new Set(progress.map(({ id }) => id)).size).toBe(3)
        expect((await told(subject, cursor)).progress).toEqual([])
        await moved(people, document.id, 'Closed')
        const after = await told(subject, cursor)
        expect(after.progress.map(({ step }) => step)).toEqual(['closed'])
        // From the beginning they are the same steps.
        const all = [...progress, ...after.progress]
        expect((await told(subject)).progress).toEqual(all)
      })

      it('for a project that is not there waits with its name, and stops nobody else', async () => {
        const { gateway, reference } = await open('ticket', { tickets: { project: 'No such project' } })
        const answer = await gateway.send(await create(gateway, ticketOf(reference)), context())
        expect(answer).toMatchObject({
          ok: false,
          failure: { class: 'MissingReference', field: 'odoo.tickets.project' },
        })
      })
    })

    describe('a return', () => {
      const backOf = (
        { reference, orderReference }: Pick<OdooKindSubject<'return'>, 'reference' | 'orderReference'>,
        quantity: number,
        change: Parameters<typeof aReturn>[0] = {},
      ): ReturnWrite => {
        const back = aReturn(change)
        return {
          reference,
          identity: 'x',
          return: {
            ...back,
            order: { ...back.order, reference: orderReference },
            lines: back.lines.map((line) => ({ ...line, quantity })),
          },
        }
      }
      const returnsOf = (subject: OdooKindSubject<'return'>) =>
        subject.rpc.call(
          z.array(z.object({ id: z.int(), state: z.string() })),
          'stock.picking',
          'search_read',
          [],
          {
            domain: [
              ['sale_id', '=', subject.orderId],
              ['picking_type_code', '=', 'incoming'],
            ],
            fields: ['state'],
          },
        )
      const stepsOf = async (subject: OdooKindSubject<'return'>, reference = subject.reference) => {
        const { aftersales } = subject.gateways.reads ?? {}
        const progress: Progress[] = []
        for (let from: string | undefined; ; ) {
          const read = await aftersales?.read(from, context())
          if (read?.is !== 'ok') throw new Error(read ? read.failure.message : 'it has no such read')
          progress.push(...read.value.progress.filter((step) => step.reference === reference))
          if (!read.value.more) return progress
          from = read.value.cursor
        }
      }
      const delivered = async (subject: OdooKindSubject<'return'>) => {
        const [line] = await subject.rpc.call(
          z.array(z.object({ qty_delivered: z.number() })),
          'sale.order.line',
          'search_read',
          [],
          { domain: [['order_id', '=', subject.orderId]], fields: ['qty_delivered'] },
        )
        return line?.qty_delivered
      }

      it('sent eight at once becomes one delivery back, and what came in counts as delivered no longer', async () => {
        const subject = await open('return')
        const { gateway, reference } = subject
        const sent = await create(gateway, backOf(subject, 2))
        const answers = await atOnce(gateway, sent)
        for (const answer of answers)
          if (!answer.ok) expect(['DuplicateRef', 'Contended']).toContain(answer.failure.class)
        const found = await gateway.find(reference, sent, context())
        if (found.is !== 'one') throw new Error(`it is ${found.is}`)
        expect(found.document).toMatchObject({ step: 'create', content: 'same' })
        const ready = requestIn(
          await gateway.place({ ...backOf(subject, 2), document: found.document }, 'ready'),
        )
        await atOnce(gateway, ready)
        expect(documentIn(await gateway.send(ready, context())).step).toBe('ready')
        const [back, another] = await returnsOf(subject)
        expect(another).toBeUndefined()
        expect(back?.state).toBe('assigned')
        await validate(subject.people, [back?.id ?? 0])
        expect(await delivered(subject)).toBe(SOLD - 2)
        expect(await stepsOf(subject)).toMatchObject([{ step: 'received', id: `picking-${back?.id}-done` }])
      })

      it('of more than was delivered and not returned yet is for a person', async () => {
        const subject = await open('return')
        await whole(subject.gateway, backOf(subject, 2))
        const again = { ...backOf(subject, SOLD - 1), reference: `${subject.reference}-b` }
        const refused = await subject.gateway.send(await create(subject.gateway, again), context())
        expect(refused).toMatchObject({ ok: false, failure: { class: 'StateConflict' } })
        const rest = { ...backOf(subject, SOLD - 2), reference: `${subject.reference}-c` }
        expect(await whole(subject.gateway, rest)).toMatchObject({ state: 'live' })
        expect(await returnsOf(subject)).toHaveLength(2)
      })

      it('whose answer was lost is found, and goes on from where it is', async () => {
        const subject = await open('return')
        const { gateway, proxy, reference } = subject
        const write = backOf(subject, 1)
        const sent = await create(gateway, write)
        proxy.fail('reset-after-commit')
        expect(await gateway.send(sent, context())).toMatchObject({ failure: { class: 'UnknownOutcome' } })
        const found = await gateway.find(reference, sent, context())
        if (found.is !== 'one') throw new Error(`it is ${found.is}`)
        expect(found.document.step).toBe('create')
        const ready = requestIn(await gateway.place({ ...write, document: found.document }, 'ready'))
        proxy.fail('reset-after-commit', 'action_confirm')
        expect(await gateway.send(ready, context())).toMatchObject({ failure: { class: 'UnknownOutcome' } })
        expect(await gateway.find(reference, sent, context())).toMatchObject({
          document: { step: 'ready', content: 'same' },
        })
        expect(await returnsOf(subject)).toHaveLength(1)
      })

      it('that people call off is refused', async () => {
        const subject = await open('return')
        await whole(subject.gateway, backOf(subject, 1))
        const ids = (await returnsOf(subject)).map(({ id }) => id)
        await subject.people.call(Anything, 'stock.picking', 'action_cancel', [ids])
        expect(await stepsOf(subject)).toMatchObject([{ step: 'refused', id: `picking-${ids[0]}-cancel` }])
      })

      it('of an order that is not in Odoo waits for it by name', async () => {
        const subject = await open('return')
        const strange = { ...subject, orderReference: 'ECdemo-nosuch-1' }
        const answer = await subject.gateway.send(
          await create(subject.gateway, backOf(strange, 1)),
          context(),
        )
        expect(answer).toMatchObject({
          ok: false,
          failure: { class: 'MissingReference', subject: 'ECdemo-nosuch-1' },
        })
      })

      it('of money alone is noted on the order once, and found again', async () => {
        const subject = await open('return')
        const { gateway, reference, rpc } = subject
        const write = {
          ...backOf(subject, 1),
          return: { ...aRefund(), order: backOf(subject, 1).return.order },
        }
        const sent = await create(gateway, write)
        const answers = await atOnce(gateway, sent)
        expect(answers.some(({ ok }) => ok)).toBe(true)
        expect(await gateway.send(sent, context())).toMatchObject({ failure: { class: 'DuplicateRef' } })
        expect(await gateway.find(reference, sent, context())).toMatchObject({
          is: 'one',
          document: { state: 'live', step: gateway.describe().steps.at(-1), content: 'same' },
        })
        const notes = await rpc.call(IdsSchema, 'mail.message', 'search_read', [], {
          domain: [
            ['model', '=', 'sale.order'],
            ['res_id', '=', subject.orderId],
            ['body', 'ilike', reference],
          ],
          fields: ['id'],
        })
        expect(notes).toHaveLength(1)
      })

      const withInvoices = () => {
        const returns = { creditNotes: 'posted', refundProduct: SERVICE.refund } as const
        const invoiced = async (subject: OdooKindSubject<'return'>) => {
          const orders = [subject.orderId]
          const at = { active_ids: orders, active_model: 'sale.order', active_id: subject.orderId }
          const wizard = await subject.rpc.call(
            z.int(),
            'sale.advance.payment.inv',
            'create',
            [{ advance_payment_method: 'delivered', sale_order_ids: [[6, 0, orders]] }],
            { context: at },
          )
          await subject.rpc.call(Anything, 'sale.advance.payment.inv', 'create_invoices', [[wizard]], {
            context: at,
          })
          const invoices = await subject.rpc.call(IdsSchema, 'account.move', 'search_read', [], {
            domain: [['line_ids.sale_line_ids.order_id', '=', subject.orderId]],
            fields: ['id'],
          })
          const ids = invoices.map(({ id }) => id)
          await subject.rpc.call(Anything, 'account.move', 'action_post', [ids]).catch((error: unknown) => {
            // It answers with nothing, which is no result.
            if (!(error instanceof z.ZodError)) throw error
          })
        }
        const creditNotes = (subject: OdooKindSubject<'return'>, reference = subject.reference) =>
          subject.rpc.call(
            z.array(z.object({ id: z.int(), state: z.string(), amount_total: z.number() })),
            'account.move',
            'search_read',
            [],
            { domain: [['ref', '=', reference]], fields: ['state', 'amount_total'] },
          )

        it('of goods that were invoiced is credited once, and told when it is posted', async () => {
          const subject = await open('return', { returns })
          await invoiced(subject)
          expect(await whole(subject.gateway, backOf(subject, 2))).toMatchObject({ step: 'refund' })
          expect(await creditNotes(subject)).toMatchObject([{ state: 'posted', amount_total: 39.8 }])
          const sent = await create(subject.gateway, backOf(subject, 2))
          const found = await subject.gateway.find(subject.reference, sent, context())
          if (found.is !== 'one') throw new Error(`it is ${found.is}`)
          const { document } = found
          const last = requestIn(await subject.gateway.place({ ...backOf(subject, 2), document }, 'refund'))
          documentIn(await subject.gateway.send(last, context()))
          expect(await creditNotes(subject)).toHaveLength(1)
          expect(await stepsOf(subject)).toMatchObject([{ step: 'refunded', note: '39.80 CNY' }])
        })

        it('of goods that were not invoiced is noted on the order instead', async () => {
          const subject = await open('return', { returns })
          expect(await whole(subject.gateway, backOf(subject, 1))).toMatchObject({ step: 'refund' })
          expect(await creditNotes(subject)).toEqual([])
        })

        it('of money alone is a credit note of the amount, where there is an invoice', async () => {
          const subject = await open('return', { returns: { ...returns, creditNotes: 'draft' } })
          await invoiced(subject)
          const { order } = backOf(subject, 1).return
          const write = { ...backOf(subject, 1), return: { ...aRefund(), order } }
          expect(await whole(subject.gateway, write)).toMatchObject({ step: 'refund' })
          expect(await creditNotes(subject)).toMatchObject([{ state: 'draft', amount_total: 19.9 }])
        })
      }
      if (invoices) withInvoices()
    })
  })
}
