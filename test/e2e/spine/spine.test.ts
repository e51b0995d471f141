import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { stageNamed } from '../../../infra/stages.ts'
import { anOrder, aTombstone, deletedEvent, snapshotEvent } from '../../support/an-order.ts'
import { clientConfig } from '../../support/cloud-fixture.ts'
import { Spine } from '../../support/spine.ts'

const EventSchema = z.looseObject({ correlationId: z.string() })

describe('the spine on one machine', () => {
  let spine: Spine

  beforeAll(async () => {
    spine = await Spine.start({
      stage: stageNamed('local'),
      erp: { unknownSkus: ['NOT-IN-ERP'] },
      rest: { confirm: true },
    })
  })
  afterAll(() => spine.stop())

  const order = (id: number) =>
    anOrder().with({ order_id: String(id), order_sn: `20261121${String(id).padStart(5, '0')}` })
  const documents = (id: number) =>
    spine.erp.server
      .documents()
      .filter(({ reference }) => reference.includes(`20261121${String(id).padStart(5, '0')}`))

  it('carries one correlation id from the webhook into the queue and to the ERP', async () => {
    const { correlationId } = EventSchema.parse(
      await spine.post(snapshotEvent(order(1).paid().snapshot(), { seq: 1 })),
    )
    await spine.drained()
    expect(documents(1)).toMatchObject([{ status: 'confirmed' }])
    const calls = spine.erp.calls.filter(({ op }) => op === 'place' || op === 'confirm')
    expect(calls.map(({ headers }) => headers['x-correlation-id'])).toEqual([correlationId, correlationId])
    expect(spine.logs().filter((line) => line.includes(correlationId)).length).toBeGreaterThanOrEqual(3)
  })

  it('brings the ERP through a whole life: unpaid, paid, edited, cancelled, deleted', async () => {
    const life = [
      order(2).snapshot(),
      order(2).paid().snapshot(),
      order(2).paid().withLine({ goods_number: 3 }).snapshot(),
      order(2).cancelled().snapshot(),
    ]
    for (const [index, snapshot] of life.entries()) {
      await spine.post(snapshotEvent(snapshot, { seq: 10 + index }))
      await spine.drained()
      expect(documents(2)).toHaveLength(index === 0 ? 0 : 1)
    }
    expect(documents(2)).toMatchObject([{ status: 'cancelled' }])
    const { order_id, order_sn, add_time } = life[0] ?? order(2).snapshot()
    await spine.post(deletedEvent(aTombstone({ order_id, order_sn, add_time }), { seq: 20 }))
    await spine.drained()
    expect(documents(2)).toHaveLength(1)
  })

  it('delivers a thousand lines', async () => {
    const lines = Array.from({ length: 1_000 }, (_, index) => ({
      rec_id: String(90_000 + index),
      goods_number: (index % 3) + 1,
    }))
    await spine.post(snapshotEvent(order(3).paid().withLines(lines).snapshot(), { seq: 30 }))
    await spine.drained()
    const [document] = documents(3)
    expect(z.array(z.unknown()).parse(document?.body['lines'])).toHaveLength(1_000)
  })

  it('keeps emoji and ids beyond 53 bits', async () => {
    const snapshot = order(4)
      .paid()
      .with({ order_id: '9223372036854775806', postscript: '请尽快发货 🎁👨‍👩‍👧' })
      .snapshot()
    await spine.post(snapshotEvent(snapshot, { seq: 40 }))
    await spine.drained()
    const document = spine.erp.server
      .documents()
      .find(({ body }) => JSON.stringify(body).includes('9223372036854775806'))
    expect(JSON.stringify(document?.body)).toContain('🎁👨‍👩‍👧')
    expect(JSON.stringify(document?.body)).toContain('"orderId":"9223372036854775806"')
  })

  it('parks an unknown SKU, goes on with the next order, and places it once the ERP has the item', async () => {
    const parked = order(5).paid().withLine({ product_sn: 'NOT-IN-ERP' }).snapshot()
    await spine.post(snapshotEvent(parked, { seq: 50 }))
    await spine.post(snapshotEvent(order(6).paid().snapshot(), { seq: 51 }))
    await spine.drained()
    expect(documents(5)).toEqual([])
    expect(documents(6)).toHaveLength(1)
    spine.erp.server.unknownSkus.clear()
    await spine.post(snapshotEvent(parked, { seq: 52 }))
    await spine.drained()
    expect(documents(5)).toHaveLength(1)
  })

  it('puts a message nobody can read aside, so that the order’s next one goes on', async () => {
    const client = new SQSClient(clientConfig(spine.cloud.endpoints.sqs))
    const deliver = spine.cloud.functions.find(({ env }) => env['TARGET'] === 'erp')
    await client.send(
      new SendMessageCommand({
        QueueUrl: deliver?.env['QUEUE_URL'],
        MessageBody: '{"v":99}',
        MessageGroupId: 'g',
        MessageDeduplicationId: 'unreadable',
      }),
    )
    await spine.until(
      () => spine.logs().some((line) => line.includes('MESSAGE_UNREADABLE')),
      'the log says so',
    )
    await spine.drained()
    expect(await spine.cloud.idle()).toBe(true)
  })

  it('writes no person into a log', () => {
    const { consignee, address, tel, mobile, email, user_name } = order(1).snapshot()
    const people = [consignee, address, tel, mobile, email, user_name].filter((text) => text.length > 3)
    expect(people.length).toBeGreaterThan(2)
    const logs = spine.logs().join('\n')
    expect(logs.length).toBeGreaterThan(1_000)
    for (const text of people) expect(logs).not.toContain(text)
  })
})
