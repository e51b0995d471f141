import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { type WebhookEvent, WebhookEventSchema } from '#contracts/webhook.ts'
import { DemoShop } from '../../../../local/demo/shop.ts'
import { type StubServer, startStub } from '../../../support/stub-server.ts'

const BodySchema = z.object({ events: z.array(WebhookEventSchema) })

describe('the demo shop’s relay', () => {
  let shop: DemoShop
  let stub: StubServer
  const heard: WebhookEvent[] = []

  beforeEach(async () => {
    heard.length = 0
    shop = new DemoShop({ file: ':memory:' })
    // Takes orders alone, as a service does whose targets take orders alone.
    stub = await startStub(({ body }) => {
      const { events } = BodySchema.parse(JSON.parse(body))
      heard.push(...events)
      const results = events.map(({ type }, index) => ({
        index,
        type,
        result: type.startsWith('order.') ? 'accepted' : 'not-subscribed',
      }))
      return { status: 207, body: { correlationId: 'corr-00000001', results } }
    })
  })
  afterEach(async () => {
    await shop.close()
    await stub.stop()
  })

  const relayed = () => expect.poll(() => shop.outbox(), { timeout: 10_000 }).toEqual([])

  it('never tells of a change whose webhook got lost, which the list of changes keeps, but of the next one', async () => {
    const lost = shop.place({ paid: true })
    shop.loseWebhook(lost.no)
    const told = shop.place({ paid: true })
    shop.relayTo(stub.endpoint)
    await relayed()
    const numbers = () =>
      heard.map((event) => (event.type === 'order.snapshot' ? event.snapshot.order_sn : ''))
    expect(numbers()).toEqual([told.no])
    expect(shop.database.changesAfter(0, 10).map(({ id }) => id)).toEqual([lost.id, told.id])
    expect(shop.changedSeq(lost.no)).toBeGreaterThan(0)
    shop.edit(lost.no)
    await relayed()
    expect(numbers()).toEqual([told.no, lost.no])
  })

  it('tells of customers, messages, returns and deletions, each in its own words', async () => {
    const order = shop.place({ paid: true })
    shop.ship(order.no, {
      tracking: [],
      lines: order.lines.map(({ recId, quantity }) => ({ rec_id: recId, quantity })),
    })
    shop.takeBack(order.no)
    const { id } = shop.register()
    shop.ask('样例', '样例')
    const other = shop.place()
    shop.relayTo(stub.endpoint)
    await relayed()
    shop.unregister(id)
    shop.cancel(other.no)
    shop.delete(other.no)
    await relayed()
    expect(heard.map(({ type }) => type).sort()).toEqual([
      'customer.deleted',
      'customer.snapshot',
      'order.deleted',
      'order.snapshot',
      'order.snapshot',
      'return.snapshot',
      'ticket.snapshot',
    ])
    const seqs = heard.map(({ version }) => version.seq)
    expect(seqs).toEqual([...seqs].sort((a, b) => a - b))
  })

  it('tells nothing more of what was deleted before it was told', async () => {
    const order = shop.place()
    shop.cancel(order.no)
    shop.delete(order.no)
    shop.relayTo(stub.endpoint)
    await relayed()
    expect(heard).toMatchObject([
      { type: 'order.deleted', tombstone: { order_sn: order.no, order_status: 2 } },
    ])
  })
})

describe('a file of an earlier version', () => {
  const dir = mkdtempSync(join(tmpdir(), 'demo-shop-'))
  const file = join(dir, 'shop.sqlite')
  afterEach(() => rmSync(dir, { recursive: true }))

  it('keeps its orders, its secret and what was still to be relayed', async () => {
    const newer = new DemoShop({ file: ':memory:' })
    const [first, second] = [newer.place(), newer.place()]
    await newer.close()
    const database = new DatabaseSync(file)
    database.exec(`
      CREATE TABLE bridge (epoch TEXT NOT NULL, secret TEXT NOT NULL);
      CREATE TABLE counter (seq INTEGER NOT NULL);
      CREATE TABLE orders (
        id INTEGER PRIMARY KEY, no TEXT NOT NULL UNIQUE, body TEXT NOT NULL,
        last_event TEXT, accepted_seq INTEGER NOT NULL DEFAULT 0
      );
      CREATE TABLE outbox (
        order_id INTEGER PRIMARY KEY, trigger_seq INTEGER NOT NULL, why TEXT, set_aside INTEGER NOT NULL DEFAULT 0
      );
      INSERT INTO bridge VALUES ('demo-1', 'whsec_c2VjcmV0');
      INSERT INTO counter VALUES (9);
    `)
    const insert = database.prepare('INSERT INTO orders (id, no, body) VALUES (?, ?, ?)')
    for (const order of [first, second]) insert.run(order.id, order.no, JSON.stringify(order))
    database.prepare("INSERT INTO outbox VALUES (?, 8, 'no-answer', 0)").run(second.id)
    database.close()

    const shop = new DemoShop({ file })
    expect(shop.identity).toEqual({ epoch: 'demo-1', secret: 'whsec_c2VjcmV0' })
    expect(shop.orders()).toEqual([first, second])
    expect(shop.outbox()).toEqual([{ no: second.no, why: 'no-answer' }])
    expect(shop.capture(first.no)?.version).toEqual({ epoch: 'demo-1', seq: 10 })
    await shop.close()

    const again = new DemoShop({ file })
    expect(again.outbox()).toEqual([{ no: second.no, why: 'no-answer' }])
    await again.close()
  })
})
