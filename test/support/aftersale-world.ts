import { shortHash } from '#app/content-hash.ts'
import type { Subject } from '#contracts/delivery-message.ts'
import type { LedgerRow } from '#contracts/ledger-row.ts'
import { type Progress, ProgressSchema } from '#contracts/progress.ts'
import type { WebhookEvent } from '#contracts/webhook.ts'
import type { WritebackRow } from '#contracts/writeback.ts'
import { identityOf } from '#domain/identity.ts'
import type { ShopOrder } from '../../local/demo/shop-order.ts'
import { aRow } from './a-ledger-row.ts'
import { aReturn } from './a-return.ts'
import { aTicket } from './a-ticket.ts'
import { WritebackWorld } from './writeback-world.ts'

const SHOP = 'A1'
const DESK = 'desk'

/** A demo shop with a ticket and a return, both known to a service desk. */
export class AftersaleWorld extends WritebackWorld {
  /** As the ledger has them. */
  readonly things = { ticket: '', return: '' }
  #ticketId = 0
  #order: ShopOrder | undefined

  async open(): Promise<this> {
    const order = this.place()
    const { id, time } = this.shop.ask('搅拌机不转', '开机后没有反应。', order)
    const { id: orderId, no, addTime } = order
    const about = { orderId: String(orderId), orderSn: no, addTime, reference: `ECA1-${no}` }
    this.#ticketId = id
    this.#order = order
    const ticket = aTicket({ shop: SHOP, ticketId: String(id), msgTime: time, order: about })
    this.things.ticket = await this.#know({ is: 'ticket', ticket })
    this.things.return = await this.#know({ is: 'return', return: aReturn({ shop: SHOP, order: about }) })
    return this
  }

  async #know(subject: Subject): Promise<string> {
    const { kind, sourceId, no, reference } = identityOf(subject, shortHash)
    const key = { shop: SHOP, kind, sourceId, target: DESK }
    await this.ledger.put(aRow({ key, no, ref: reference, status: 'done' }))
    await this.ledger.putSubject(key, subject, 86_400)
    return reference
  }

  /** A step of the ticket or the return. */
  step(of: Progress['of'], change: object): Progress {
    return ProgressSchema.parse({ of, reference: this.things[of], at: '2026-11-20T01:00:00Z', ...change })
  }

  /** Ids of what the shop was told, in the order it was told. */
  replies(): string[] {
    const [reply] = this.shop.ticket(this.#ticketId)?.replies ?? []
    return (reply?.parts ?? []).map(({ replyId = 'a person' }) => replyId)
  }

  /** The ticket as the bridge would tell of it now. */
  ticketEvent(): WebhookEvent {
    const event = this.shop.event('ticket', this.#ticketId)
    if (!event) throw new Error('the shop has no such ticket')
    return event
  }

  texts(): string[] {
    const [reply] = this.shop.ticket(this.#ticketId)?.replies ?? []
    return (reply?.parts ?? []).map(({ text }) => text)
  }

  /** The lines that were written into the log of the order. */
  notes(): { by: string; text: string }[] {
    const order = this.#order && this.shop.order(this.#order.no)
    return (order?.log ?? []).map(({ by, text }) => ({ by, text }))
  }

  /** The steps that rows were kept of, by the thing. */
  async history(of: Progress['of']): Promise<Progress[]> {
    const rows = await this.writebacks.findByRef(this.things[of])
    return rows.flatMap(({ command }) => (command?.is === 'progress' ? [command.progress] : []))
  }

  progressRow(id: string): Promise<WritebackRow | undefined> {
    return this.writebacks.get({ target: DESK, kind: 'progress', id })
  }

  ledgerRow(of: Progress['of']): Promise<LedgerRow | undefined> {
    return this.ledger.findByRef(this.things[of]).then(([row]) => row)
  }
}
