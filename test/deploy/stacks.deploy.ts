import { GetQueueAttributesCommand, ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import * as z from 'zod'
import type { SyncConfigSchema } from '#contracts/config.ts'
import { RestTargetSchema } from '#contracts/rest-target.ts'
import type { OrderSnapshot } from '#contracts/webhook.ts'
import { close, listen } from '../../local/cloud/listen.ts'
import { BRIDGE_PATH } from '../../local/demo/bridge-api.ts'
import { DemoShop } from '../../local/demo/shop.ts'
import { createShopServer } from '../../local/demo/shop-server.ts'
import { SECRET } from '../support/a-webhook-request.ts'
import { anOrder, EPOCH, type OrderBuilder, snapshotEvent } from '../support/an-order.ts'
import { demoRestTarget } from '../support/demo-rest-target.ts'
import { ErpDouble } from '../support/erp-double.ts'
import { Deployment } from './deployment.ts'
import { type Edit, editStatements } from './edits.ts'

const KEY = 'an-invented-api-key'
/** The shop whose webhook is never heard of. */
const SWEPT = 'C3'
const SECONDS = 1_000
/** The emulator runs one batch of a FIFO queue at a time, and one of them hangs until its call is given up. */
const SOON = 45 * SECONDS

const erp = new ErpDouble({
  unknownSkus: ['NOT-IN-ERP'],
  door: { kind: 'check', admits: ({ headers }) => headers['x-erp-key'] === KEY },
})

/** Settled at once: whatever it was sent, this ERP has done it before it hangs. */
const configFor = (...shops: string[]): z.input<typeof SyncConfigSchema> => ({
  version: 1,
  shops: {
    ...Object.fromEntries(shops.map((shop) => [shop, { targets: ['erp'], sweepMinutes: 0 }])),
    [SWEPT]: { targets: ['erp'], sweepMinutes: 1 },
  },
  targets: {
    erp: {
      adapter: 'rest',
      rate: { perMinute: 6_000, slots: 4 },
      settleSeconds: 1,
      rest: z.encode(
        RestTargetSchema,
        demoRestTarget(erp.url, { confirm: true, auth: { type: 'apiKey', header: 'X-Erp-Key', prefix: '' } }),
      ),
    },
  },
  deploy: { alarmEmail: 'operator@example.com' },
})

describe('the stacks as cdk deploys them', () => {
  const cloud = new Deployment()
  let age = 3_600 * SECONDS
  const shop = new DemoShop({ file: ':memory:', now: () => Date.now() - age })
  /** Placed an hour ago: its webhook is not waited for any more. */
  const untold = shop.place({ paid: true }).no
  age = 0
  const shopServer = createShopServer(shop, () => '')
  let seq = 0
  /** Made while orders are taken. */
  let update: Promise<void>

  beforeAll(async () => {
    await erp.start()
    await cloud.synthesize('first', configFor('A1'))
    await cloud.deploy('first')
    await cloud.putSecret(cloud.secrets.shop('A1'), { secrets: [SECRET], epochs: [EPOCH] })
    await cloud.putSecret(cloud.secrets.target('erp'), { apiKey: KEY })
    const { epoch, secret } = shop.identity
    await cloud.putSecret(cloud.secrets.shop(SWEPT), { secrets: [secret], epochs: [epoch] })
    await cloud.putSecret(cloud.secrets.bridge(SWEPT), {
      url: `${await listen(shopServer)}${BRIDGE_PATH}`,
      secrets: [shop.database.bridgeSecret],
    })
    update = cloud.synthesize('second', configFor('A1', 'B2'))
  })
  afterAll(() => Promise.all([erp.close(), close(shopServer), shop.close()]))

  const order = (id: number): OrderBuilder => anOrder().with({ order_id: String(id), order_sn: number(id) })
  const number = (id: number) => `20261121${String(id).padStart(5, '0')}`
  const documents = (id: number, shop = 'A1') =>
    erp.server.documents().filter(({ reference }) => reference.startsWith(`EC${shop}-${number(id)}`))
  const journal = (id: number) =>
    erp.server.journal.filter(({ reference }) => reference?.startsWith(`ECA1-${number(id)}`))
  const row = async (id: number) => (await cloud.ledger.findByNo(number(id)))[0]

  const send = async (snapshot: OrderSnapshot, shop = 'A1') => {
    seq += 1
    const event = snapshotEvent(snapshot, { seq })
    expect(await cloud.post(event, { shop })).toMatchObject({
      status: 202,
      body: { results: [{ result: 'accepted' }] },
    })
    return event
  }
  const eventually = (check: () => void | Promise<void>, timeout = SOON) =>
    vi.waitFor(check, { timeout, interval: 100 })

  describe.concurrent('take orders', () => {
    it('refuses what is not signed, or not with the shop’s secret', async () => {
      const event = snapshotEvent(order(9).paid().snapshot(), { seq: 1 })
      const forged = `whsec_${Buffer.from('another secret of 32 bytes, forged').toString('base64')}`
      for (const secret of ['none', forged]) {
        expect(await cloud.post(event, { secret })).toMatchObject({ status: 401 })
      }
      expect(documents(9)).toEqual([])
    })

    it('brings a signed order to the ERP once, however often it comes, and follows its edit and cancel', async () => {
      const paid = order(1).paid()
      const first = await send(paid.snapshot())
      await eventually(() => expect(documents(1)).toMatchObject([{ status: 'confirmed', revision: 2 }]))

      for (const again of [1, 2]) {
        expect(await cloud.post(first), `time ${again}`).toMatchObject({ status: 202 })
      }
      await send(paid.snapshot())
      await send(paid.withLine({ goods_number: 3 }).snapshot())
      await eventually(() => expect(documents(1)).toMatchObject([{ body: { lines: [{ quantity: 3 }] } }]))
      // Messages of one order keep their order, so the repetitions are behind us.
      expect(journal(1).filter(({ event }) => event === 'created')).toHaveLength(1)
      expect(journal(1).filter(({ event }) => event === 'amended')).toHaveLength(1)

      await send(paid.cancelled().snapshot())
      await eventually(() => expect(documents(1)).toMatchObject([{ status: 'cancelled' }]))
      await eventually(async () =>
        expect(await row(1)).toMatchObject({ status: 'done', erp: { state: 'cancelled' } }),
      )
    })

    it('finds the document of a call that was never answered, and makes no second one', async () => {
      const reference = `ECA1-${number(2)}-2`
      erp.fail('hang-after-commit', { op: 'place', reference })
      await send(order(2).paid().snapshot())
      await eventually(async () => expect(await row(2)).toMatchObject({ status: 'done' }), 100 * SECONDS)
      expect(documents(2)).toMatchObject([{ reference, status: 'confirmed' }])
      const placed = journal(2).filter(({ op }) => op === 'place')
      expect(placed.map(({ event }) => event)).toEqual(['received', 'created', 'unanswered'])
      expect(journal(2).some(({ op, event }) => op === 'find' && event === 'answered')).toBe(true)
    }, 110_000)

    it('fetches by its schedule what no webhook told', async () => {
      const found = () =>
        erp.server.documents().filter(({ reference }) => reference.startsWith(`EC${SWEPT}-${untold}`))
      await eventually(() => expect(found()).toMatchObject([{ status: 'confirmed' }]), 150 * SECONDS)
    }, 160_000)

    it('parks an order whose SKU the ERP does not know, for an operator to find', async () => {
      await send(order(3).paid().withLine({ product_sn: 'NOT-IN-ERP' }).snapshot())
      await eventually(async () => {
        const { rows } = await cloud.ledger.list('erp', 'parked')
        expect(rows).toMatchObject([
          { no: number(3), reason: { code: 'missing-reference', subject: 'NOT-IN-ERP' } },
        ])
      })
      expect(documents(3)).toEqual([])
    })

    it('puts a message nobody can read aside', async () => {
      await cloud.sqs.send(
        new SendMessageCommand({
          QueueUrl: cloud.queueUrl,
          MessageBody: '{"v":99}',
          MessageGroupId: 'g',
          MessageDeduplicationId: 'unreadable',
        }),
      )
      const receive = new ReceiveMessageCommand({ QueueUrl: cloud.deadLetterQueueUrl })
      await eventually(async () =>
        expect((await cloud.sqs.send(receive)).Messages).toMatchObject([{ Body: '{"v":99}' }]),
      )
    })
  })

  it('have a queue that keeps a message for two weeks and hands it out again after six function timeouts', async () => {
    const { Attributes } = await cloud.sqs.send(attributesOf(cloud.queueUrl))
    const { Attributes: aside } = await cloud.sqs.send(attributesOf(cloud.deadLetterQueueUrl))
    expect(Attributes).toMatchObject({
      FifoQueue: 'true',
      DeduplicationScope: 'messageGroup',
      FifoThroughputLimit: 'perMessageGroupId',
      MessageRetentionPeriod: String(14 * 86_400),
      VisibilityTimeout: String(6 * cloud.stage.deliverTimeoutSeconds),
    })
    expect(JSON.parse(Attributes?.['RedrivePolicy'] ?? '')).toEqual({
      deadLetterTargetArn: aside?.['QueueArn'],
      maxReceiveCount: 1_000,
    })
  })

  it('keep their ledger, queue, secrets and alarms’ topic through an update that adds a shop', async () => {
    await send(order(4).paid().snapshot())
    await eventually(() => expect(documents(4)).toHaveLength(1))
    const { tableName, queueUrl, alarmTopicArn } = cloud

    await update
    await cloud.deploy('second')
    expect(cloud).toMatchObject({ tableName, queueUrl, alarmTopicArn })
    await cloud.putSecret(cloud.secrets.shop('B2'), { secrets: [SECRET], epochs: [EPOCH] })

    await send(order(4).paid().snapshot(), 'B2')
    await send(order(4).paid().withLine({ goods_number: 5 }).snapshot())
    await eventually(() => expect(documents(4)).toMatchObject([{ body: { lines: [{ quantity: 5 }] } }]))
    await eventually(() => expect(documents(4, 'B2')).toHaveLength(1))
    expect((await cloud.ledger.list('erp', 'parked')).rows).toMatchObject([{ no: number(3) }])
  })

  it('accept nothing while a grant is missing, which shows that the grants are in force here', async () => {
    await cloud.deploy('second', [WITHOUT_SENDING])
    const event = snapshotEvent(order(5).paid().snapshot(), { seq: 500 })
    await eventually(async () =>
      expect(await cloud.post(event)).toMatchObject({ body: { results: [{ result: 'retry' }] } }),
    )
    expect(documents(5)).toEqual([])
  })

  it('leave the ledger and the queue behind when they are torn down, and the ledger’s stack refuses', async () => {
    await cloud.destroy('Sync')
    await expect(cloud.post(snapshotEvent(order(6).paid().snapshot(), { seq: 600 }))).resolves.toMatchObject({
      status: 404,
    })
    await expect(cloud.destroy('Stateful')).rejects.toThrow('TerminationProtection')
    expect(await row(1)).toMatchObject({ status: 'done' })
    expect((await cloud.sqs.send(attributesOf(cloud.queueUrl))).Attributes).toHaveProperty('QueueArn')
  })
})

const attributesOf = (queueUrl: string) =>
  new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['All'] })

const WITHOUT_SENDING: Edit = {
  reason: 'takes from the webhook what lets it send to the queue',
  type: 'AWS::IAM::Policy',
  apply: (properties, logicalId) =>
    logicalId.startsWith('ShopWebhook') &&
    editStatements(properties, (statement) =>
      statement.Action.includes('sqs:SendMessage') ? undefined : statement,
    ),
}
