import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import * as z from 'zod'
import { DynamoLedger } from '#adapters/dynamodb/dynamo-ledger.ts'
import { SqsDeliveryQueue } from '#adapters/sqs/sqs-delivery-queue.ts'
import { replay } from '#app/replay.ts'
import { SyncConfigSchema } from '#contracts/config.ts'
import type { RestTarget } from '#contracts/rest-target.ts'
import type { WebhookEvent } from '#contracts/webhook.ts'
import type { WritebackMessageSchema } from '#contracts/writeback.ts'
import { OUTPUT_NAMES } from '../../../infra/output-names.ts'
import { secretNames } from '../../../infra/secret-names.ts'
import { stageNamed } from '../../../infra/stages.ts'
import { readAssembly, type Stack } from '../../../local/cloud/assembly.ts'
import type { CloudFunction } from '../../../local/cloud/cloud.ts'
import { close, listen } from '../../../local/cloud/listen.ts'
import { BRIDGE_PATH } from '../../../local/demo/bridge-api.ts'
import { PRODUCTS } from '../../../local/demo/catalogue.ts'
import { DEMO_CONFIG_DIR, DEMO_TARGET } from '../../../local/demo/demo-config.ts'
import { DemoDesk } from '../../../local/demo/desk.ts'
import { MAIN_WAREHOUSE } from '../../../local/demo/erp-server.ts'
import { DemoShop } from '../../../local/demo/shop.ts'
import { createShopServer } from '../../../local/demo/shop-server.ts'
import { anOrder, aTombstone, deletedEvent, snapshotEvent } from '../../support/an-order.ts'
import { CallRecorder, type RecordedCall } from '../../support/call-recorder.ts'
import { clientConfig } from '../../support/cloud-fixture.ts'
import { demoRestTarget } from '../../support/demo-rest-target.ts'
import { ErpDouble } from '../../support/erp-double.ts'
import { readPermissions } from '../../support/permissions.ts'
import { privilegeFindings, verdict } from '../../support/privilege-findings.ts'
import { RecordingLog } from '../../support/recording-log.ts'
import { Spine } from '../../support/spine.ts'
import { type StubServer, startStub } from '../../support/stub-server.ts'
import { synthesizeInto } from '../../support/synthesized.ts'

const ADAPTERS = join(import.meta.dirname, '../../../shared/adapters')
const TARGETS = ['erp', 'keyed'] as const
type Target = (typeof TARGETS)[number]
/** Sends its orders to `erp`, and gets stock and shipments from there. */
const SHOP = 'B2'
const RUNNERS = ['stock', 'shipments', 'aftersales', 'sweep'] as const
/** Its service desk. */
const DESK = 'desk'
/** Of how an ERP is read, which the demo ERP has and the double with it. */
const { stock, commitments, shipments, aftersales } = demoRest().operations
const LAMP = 'LAMP-01'

const newSecret = () => `whsec_${randomBytes(32).toString('base64')}`

const stage = stageNamed('demo')
const auth = { type: 'bearer' } as const
const unknownSkus = ['NOT-IN-ERP']
const order = (id: number) =>
  anOrder().with({ order_id: String(id), order_sn: `20261121${String(id).padStart(5, '0')}` })
const PARKED = order(2).paid().withLine({ product_sn: 'NOT-IN-ERP' }).snapshot()
/** gzip cannot press it into one item of the table. */
const LONG_NOTE = createHash('shake256', { outputLength: 500_000 }).update('a long note').digest('base64')

describe('the role of a function', { timeout: 120_000 }, () => {
  const recorder = new CallRecorder()
  const keyed = new ErpDouble({ mode: 'request-key', unknownSkus })
  /** Opened long ago: what is new in it, no webhook will tell. */
  let shopOpenedMsAgo = 3_600_000
  const shop = new DemoShop({ file: ':memory:', now: () => Date.now() - shopOpenedMsAgo })
  const shopServer = createShopServer(shop, () => '')
  const deskDir = mkdtempSync(join(tmpdir(), 'desk-'))
  const desk = new DemoDesk({ dataDir: deskDir, newSecret })
  let spine: Spine
  let bridge: StubServer
  let stacks: readonly Stack[]
  let calls: readonly RecordedCall[]

  beforeAll(async () => {
    await Promise.all([recorder.start(), keyed.start(), desk.listen(0)])
    spine = await Spine.start({
      stage,
      erp: { unknownSkus },
      rest: {
        auth,
        operations: {
          place: { path: '/orders' },
          ...(stock && { stock }),
          ...(commitments && { commitments }),
          ...(shipments && { shipments }),
          ...(aftersales && { aftersales }),
        },
        kinds: partsRefusedHalfWay(demoRest().kinds),
      },
      configure: ({ shops, targets, ...config }) => ({
        ...config,
        shops: {
          A1: { ...shops['A1'], sweepMinutes: 0 },
          [SHOP]: { targets: ['erp', DESK], rate: { perMinute: 6_000, slots: 2 } },
        },
        targets: {
          ...targets,
          erp: {
            ...targets['erp'],
            kinds: ['order', 'customer', 'return', 'parts'],
            shipments: {},
            aftersales: {},
          },
          [DESK]: {
            adapter: 'webhook',
            kinds: ['ticket'],
            rate: { perMinute: 6_000, slots: 2 },
            webhook: { url: `${desk.url}/hooks` },
          },
        },
        pools: { main: { target: 'erp', shops: { [SHOP]: {} } } },
      }),
      moreTargets: {
        keyed: demoRestTarget(keyed.url, { auth, idempotency: 'request-key', without: ['find'] }),
      },
      env: recorder.env,
    })
    recorder.upstreams = spine.cloud.endpoints
    for (const target of TARGETS) {
      await spine.cloud.putSecret(
        secretNames(stage.name).target(target),
        JSON.stringify({ token: 'invented', callback: desk.secrets.callback }),
      )
    }
    // The shop of now, as its bridge tells it, for the replay; it is busy when it is told to cancel, the first time.
    let asked = 0
    bridge = await startStub(({ body }) => {
      if (!body.includes('command_id'))
        return { status: 200, body: { event: snapshotEvent(PARKED, { seq: 900 }) } }
      asked += 1
      return asked === 1
        ? { status: 503, body: { error: { code: 'busy', message: 'It is busy.', remedy: 'Wait.' } } }
        : { status: 200, body: { result: 'cancelled', order_status: 2 } }
    })
    const names = secretNames(stage.name)
    const put = (name: string, value: object) => spine.cloud.putSecret(name, JSON.stringify(value))
    await put(names.bridge('A1'), {
      url: `${bridge.endpoint}/v1/`,
      secrets: [`brsec_${Buffer.alloc(32, 9).toString('base64')}`],
    })
    await put(names.bridge(SHOP), {
      url: `${await listen(shopServer)}${BRIDGE_PATH}`,
      secrets: [shop.database.bridgeSecret],
    })
    await put(names.target(DESK), desk.secrets)
    tellAs(DESK)
    await put(names.shop(SHOP), { secrets: [shop.identity.secret], epochs: [shop.identity.epoch] })
    stacks = readAssembly(spine.assembly).stacks
    await everyPath()
    calls = recorder.calls()
  }, 300_000)
  afterAll(async () => {
    await spine?.stop()
    await bridge?.stop()
    await Promise.all([recorder.close(), keyed.close(), close(shopServer), shop.close(), desk.close()])
    rmSync(deskDir, { recursive: true })
  })

  /** Each path of a delivery that calls AWS, to an ERP that can be asked and to one that cannot. */
  async function everyPath(): Promise<void> {
    const erps = [spine.erp, keyed]
    const send = async (snapshot: Parameters<Spine['send']>[0]) => {
      await spine.send(snapshot)
      await spine.drained()
    }
    const edited = order(1).paid().withLine({ goods_number: 3 }).snapshot()
    await send(order(1).paid().snapshot())
    await send(edited)
    await send(edited)
    await send(order(1).cancelled().snapshot())

    await send(PARKED)
    for (const erp of erps) erp.server.unknownSkus.clear()
    await replayed(PARKED.order_sn)

    for (const erp of erps) erp.fail('hang-after-commit', { op: 'place' })
    await send(order(3).paid().with({ postscript: LONG_NOTE }).snapshot())
    await mangled()

    const { order_id, order_sn, add_time } = order(4).snapshot()
    await send(order(4).paid().snapshot())
    await spine.post(deletedEvent(aTombstone({ order_id, order_sn, add_time }), { seq: 1_000 }))
    await spine.drained()
    await wayBack()
  }

  /** What no webhook told, what the ERP has and ships, and commands for the shops, with a shop that is busy and a mangled one. */
  async function wayBack(): Promise<void> {
    const lamp = PRODUCTS.find(({ sku }) => sku === LAMP)
    if (!lamp) throw new Error('the demo’s catalogue has no lamp any more')
    const placed = () => shop.place({ items: [{ product: lamp, quantity: 2 }], paid: true })
    const [{ no: told }, { no }] = [placed(), placed()]
    shop.ask('何时发货', '请问', shop.order(told))
    shopOpenedMsAgo = 0
    await relayed(told)
    const fire = async (schedule: string) => {
      const end = await spine.cloud.fire(schedule, { now: true })
      expect(end).toMatchObject({ is: 'done' })
      await spine.drained()
    }
    await fire(`order-sweep-${SHOP}`)
    await replayed(no)
    spine.erp.server.warehouse.put({ sku: LAMP, warehouse: MAIN_WAREHOUSE, onHand: 17 })
    await fire('stock-reconcile-main')
    for (const { reference } of spine.erp.server
      .documents()
      .filter((document) => document.reference.includes(no)))
      spine.erp.server.ship(reference, { tracking: ['SF1000000001'] })
    await fire('shipment-pull-erp')
    await afterSales(no)
    await fire('aftersale-pull-erp')

    const { order_id, order_sn, add_time } = order(5).snapshot()
    const ids = { order_id, order_sn, add_time }
    await sendWriteback({
      v: 1,
      shop: 'A1',
      target: 'erp',
      id: 'cancel-1',
      cause: 'operator',
      firstSeenAt: new Date().toISOString(),
      correlationId: 'by-hand',
      command: {
        is: 'cancel',
        no: order_sn,
        ref: `ECA1-${order_sn}-5`,
        cancel: { command_id: 'cancel-1', order: ids, reason: '缺货', refund: 'none', origin: 'operator' },
      },
    })
    await sendWriteback({ v: 99 })
    await spine.drained()
  }

  const tellAs = (target: string) =>
    desk.tellTo(spine.cloud.outputs[OUTPUT_NAMES.callbackUrl]?.replace('{target}', target) ?? '')

  /** What comes after the goods: messages, a part for one of them, its parcel, a return, and what becomes of them. */
  async function afterSales(no: string): Promise<void> {
    const about = shop.order(no)
    if (!about) throw new Error('the order is gone')
    const member = shop.register()
    const lamp = PRODUCTS.filter(({ sku }) => sku === LAMP).map((product) => ({ product, quantity: 1 }))
    await relayed(shop.place({ items: lamp, paid: true, userId: String(member.id) }).no)
    await posted(shop.event('customer', member.id))
    const event = shop.event('ticket', shop.ask('坏了', '灯不亮', about).id)
    if (event?.type !== 'ticket.snapshot') throw new Error('the shop has no ticket')
    await toDeskThatIsDown(event)
    const ticket = desk.ticket(`EC${SHOP}-T${event.snapshot.msg_id}`)
    if (!ticket) throw new Error('the desk has no ticket')
    const step = desk.note(ticket.reference, { step: 'waiting-parts', parts: [{ sku: LAMP, quantity: 1 }] })
    expect(await desk.tell([step])).toBe(202)
    await spine.drained()
    const [{ requestId, reference } = { requestId: '', reference: '' }] =
      desk.ticket(ticket.reference)?.parts ?? []
    await sendWriteback({
      v: 1,
      shop: SHOP,
      target: 'erp',
      id: 'parcel-1',
      cause: 'run',
      firstSeenAt: new Date().toISOString(),
      correlationId: 'by-hand',
      command: {
        is: 'parcel',
        no: ticket.reference,
        ref: reference,
        request: `${DESK}.${event.snapshot.msg_id}.${event.snapshot.msg_time}.${requestId}`,
        parcel: { id: 'parcel-1', shippedAt: new Date().toISOString(), carrier: 'SF', tracking: ['SF2'] },
      },
    })
    await spine.drained()
    // Nothing becomes of it, but it is signed as it should be.
    tellAs('erp')
    expect(await desk.tell([{ ...step, step: 'no such step' }])).toBe(207)

    for (const { id } of shop.takeBack(no, 'balance')) await posted(shop.event('return', id))
    for (const back of spine.erp.server.documentsOf('returns'))
      spine.erp.server.advance(back.reference, { step: 'received' })
  }

  /** The desk comes back once it was called in vain. */
  async function toDeskThatIsDown(event: WebhookEvent): Promise<void> {
    const { port } = new URL(desk.url)
    const retries = () => spine.logs().filter((line) => line.includes('"is":"retry"')).length
    const before = retries()
    await desk.close()
    const url = `${spine.cloud.apiUrl}/v1/shops/${SHOP}/events`
    expect(await shop.post(url, [JSON.stringify(event)])).toMatchObject([{ result: 'accepted' }])
    await vi.waitUntil(() => retries() > before, { timeout: 60_000, interval: 200 })
    await desk.listen(Number(port))
    await spine.drained()
  }

  const relayed = (no: string) => posted(shop.capture(no))

  /** Through the webhook. */
  async function posted(event: WebhookEvent | undefined): Promise<void> {
    const url = `${spine.cloud.apiUrl}/v1/shops/${SHOP}/events`
    expect(await shop.post(url, [JSON.stringify(event)])).toMatchObject([{ result: 'accepted' }])
    await spine.drained()
  }

  async function sendWriteback(message: z.input<typeof WritebackMessageSchema> | { v: 99 }): Promise<void> {
    const sqs = new SQSClient(clientConfig(spine.cloud.endpoints.sqs))
    await sqs.send(
      new SendMessageCommand({
        QueueUrl: spine.cloud.outputs[OUTPUT_NAMES.writebackQueueUrl],
        MessageBody: JSON.stringify(message),
        MessageGroupId: `by hand ${message.v}`,
        MessageDeduplicationId: randomUUID(),
      }),
    )
    sqs.destroy()
  }

  /** As an operator does it: not with the functions' credentials, past the recorder. */
  async function replayed(no: string): Promise<void> {
    const { outputs, endpoints } = spine.cloud
    const clock = { now: () => Date.now() }
    const ids = { next: () => randomUUID() }
    const sqs = new SQSClient(clientConfig(endpoints.sqs))
    const dynamo = new DynamoDBClient(clientConfig(endpoints.dynamodb))
    const ledger = new DynamoLedger({ client: dynamo, table: outputs[OUTPUT_NAMES.tableName] ?? '', clock })
    const queueUrls = Object.fromEntries(
      TARGETS.map((target) => [target, outputs[OUTPUT_NAMES.queueUrl(target)] ?? '']),
    )
    const queue = new SqsDeliveryQueue({ client: sqs, queueUrls, log: new RecordingLog() })
    for (const row of await ledger.findByNo(no)) await replay(row, undefined, { ledger, queue, clock, ids })
    sqs.destroy()
    dynamo.destroy()
    await spine.drained()
  }

  async function mangled(): Promise<void> {
    const sqs = new SQSClient(clientConfig(spine.cloud.endpoints.sqs))
    for (const target of [...TARGETS, DESK] as const) {
      await sqs.send(
        new SendMessageCommand({
          QueueUrl: deliverTo(target).env['QUEUE_URL'],
          MessageBody: '{"v":99}',
          MessageGroupId: 'g',
          MessageDeduplicationId: 'mangled',
        }),
      )
    }
    sqs.destroy()
    await spine.drained()
  }

  const only = (found: CloudFunction | undefined): CloudFunction => {
    if (!found) throw new Error('there is no such function')
    return found
  }
  const deliverTo = (target: Target | typeof DESK) =>
    only(spine.cloud.functions.find(({ env }) => env['TARGET'] === target))
  const named = (folder: string) =>
    only(spine.cloud.functions.find(({ logicalId }) => logicalId.startsWith(folder)))
  const findings = (changed = stacks) => privilegeFindings(readPermissions(changed), calls)

  describe('is held against a run', () => {
    const made = ({ name }: CloudFunction) =>
      [
        ...new Set(
          calls
            .filter(({ functionName }) => functionName === name)
            .map(({ operation, sortKey }) => [operation, ...(sortKey ? [kindOf(sortKey)] : [])].join(' ')),
        ),
      ].sort()

    it('that ended as it should, at both ERPs', () => {
      for (const { server } of [spine.erp, keyed]) {
        const ended = server
          .documents()
          .filter(({ reference }) => reference.startsWith('ECA1-'))
          .map(({ reference, status }) => [reference.split('-')[1], status])
        expect(Object.fromEntries(ended)).toEqual({
          [order(1).snapshot().order_sn]: 'cancelled',
          [order(2).snapshot().order_sn]: 'open',
          [order(3).snapshot().order_sn]: 'open',
          [order(4).snapshot().order_sn]: 'cancelled',
        })
        expect(server.journal.filter(({ event }) => event === 'unanswered')).toHaveLength(1)
      }
      const logged = (code: string) => spine.logs().filter((line) => line.includes(code)).length
      expect(logged('parked: missing-reference')).toBe(TARGETS.length)
      expect(logged('"flavour":"duplicate"')).toBe(TARGETS.length)
      // A replay for each target, and a cancel that was tried twice.
      expect(bridge.requests).toHaveLength(TARGETS.length + 2)
      expect(logged('MESSAGE_UNREADABLE')).toBe(TARGETS.length + 2)
      // What the ERP has, less what left the shop with the shipment, and came back.
      expect(shop.stockOf(LAMP)?.quantity).toBe(17 - 2 + 2)
      expect(shop.orders().map(({ deliveries }) => deliveries?.map(({ tracking }) => tracking))).toEqual([
        undefined,
        [['SF1000000001']],
        undefined,
      ])
      expect(
        desk.tickets().map(({ parts }) => parts.map(({ state, parcels }) => [state, parcels.length])),
      ).toEqual([[], [['refused', 1]]])
      expect(shop.tickets().map(({ replies }) => replies.length)).toEqual([0, 1])
      const there = (collection: 'customers' | 'returns' | 'parts') =>
        spine.erp.server.documentsOf(collection).map(({ status }) => status)
      expect([there('customers'), there('returns'), there('parts')]).toEqual([
        ['open', 'open'],
        ['open'],
        ['cancelled'],
      ])
      const cancelled = spine.logs().filter((line) => /"kind":"cancel".*"status":"done"/.test(line))
      expect(cancelled).toHaveLength(1)
    })

    it('that touched every kind of item, and every queue and secret', () => {
      const everywhere = [
        'ChangeMessageVisibilityBatch',
        'GetItem gate',
        'GetItem row',
        'GetSecretValue',
        'PutItem gate',
        'PutItem row',
        'PutItem subject',
        'PutItem part of subject',
        'SendMessage',
        'UpdateItem hour',
      ]
      const requests = ['GetItem', 'PutItem'].flatMap((verb) => [
        `${verb} request`,
        `${verb} part of request`,
      ])
      const known = ['GetItem erased', 'PutItem person']
      const around = ['BatchGetItem', 'GetItem subject', 'Query', 'SendMessageBatch']
      expect(made(deliverTo('erp'))).toEqual([...everywhere, ...known, ...around].sort())
      expect(made(deliverTo('keyed'))).toEqual([...everywhere, ...known, ...requests].sort())
      const ofOrders = ['PutItem part of subject', 'UpdateItem hour']
      expect(made(deliverTo(DESK))).toEqual(
        [...everywhere, ...known, 'BatchGetItem', 'GetItem subject', 'Query']
          .filter((call) => !ofOrders.includes(call))
          .sort(),
      )
      expect(made(named('TargetCallback'))).toEqual(['GetSecretValue', 'SendMessageBatch'])
      expect(made(named('ShopWebhook'))).toEqual(['GetSecretValue', 'SendMessageBatch'])
      const run = [
        'GetItem gate',
        'GetItem note',
        'GetItem row',
        'GetSecretValue',
        'PutItem gate',
        'PutItem note',
        'SendMessageBatch',
      ]
      expect(made(named('StockReconcile'))).toEqual(run)
      expect(made(named('ShipmentPull'))).toEqual([...run, 'GetItem subject', 'PutItem row', 'Query'].sort())
      expect(made(named('AftersalePull'))).toEqual([...run, 'PutItem row'].sort())
      const swept = run.filter((call) => call !== 'GetItem row')
      expect(made(named('OrderSweep'))).toEqual([...swept, 'BatchGetItem', 'PutItem row', 'Query'].sort())
      expect(made(named('ShopWriteback'))).toEqual([
        'ChangeMessageVisibilityBatch',
        'GetItem gate',
        'GetItem row',
        'GetItem subject',
        'GetSecretValue',
        'PutItem gate',
        'PutItem row',
        'Query',
        'SendMessage',
        'SendMessageBatch',
      ])
    })

    it('that used every command of the adapters', () => {
      const written = globSync('**/*.ts', { cwd: ADAPTERS }).flatMap((file) =>
        [...readFileSync(join(ADAPTERS, file), 'utf8').matchAll(/new (\w+)Command\(/g)].map(
          ([, name]) => name,
        ),
      )
      const used = calls.map(({ operation }) => operation)
      expect(written.length).toBeGreaterThan(0)
      // An operator erases a person, with credentials of his own.
      const operators = [
        'ChangeMessageVisibility',
        'DeleteItem',
        'DeleteMessage',
        'GetQueueAttributes',
        'ReceiveMessage',
      ]
      const unused = [...new Set(written)].filter((name) => !used.includes(name ?? ''))
      expect(unused.map(String).toSorted()).toEqual(operators)
    })

    it('of every function there is', () => {
      const names = spine.cloud.functions.map(({ name }) => name)
      expect([...new Set(calls.map(({ functionName }) => functionName))].sort()).toEqual(names.toSorted())
      expect(names).toHaveLength(3 + [...TARGETS, DESK].length + RUNNERS.length)
    })
  })

  it('allows all it needs, nothing it does not need, and nothing that only others need', () => {
    expect(findings()).toEqual([])
  })

  it('allows no call to a queue without TLS', () => {
    const permissions = readPermissions(stacks)
    const sent = calls.filter(({ action }) => action.startsWith('sqs:'))
    expect(sent.length).toBeGreaterThan(0)
    for (const call of sent) {
      for (const lambda of permissions.functions) {
        expect(verdict(permissions, lambda, { ...call, secureTransport: false })).toBe('explicitly denied')
      }
    }
  })

  it.each(['test', 'prod'])('is the same at stage %s', (name) => {
    const dir = mkdtempSync(join(tmpdir(), 'privilege-'))
    const rate = { perMinute: 60, slots: 4 }
    const target = { kinds: ['order' as const], rate }
    const topology = {
      shops: {
        A1: { targets: [...TARGETS], sweepMinutes: 0, rate: { slots: 2 } },
        [SHOP]: { targets: ['erp', DESK], sweepMinutes: 5, rate: { slots: 2 } },
      },
      targets: {
        erp: {
          kinds: ['order' as const, 'customer' as const, 'return' as const, 'parts' as const],
          rate,
          shipments: { everyMinutes: 5 },
          aftersales: { everyMinutes: 5 },
        },
        keyed: target,
        [DESK]: { kinds: ['ticket' as const], rate },
      },
      pools: { main: { target: 'erp', shops: { [SHOP]: {} }, everyMinutes: 5 } },
    }
    const { out } = synthesizeInto(dir, stageNamed(name), topology)
    const { functions } = readPermissions(readAssembly(out).stacks)
    rmSync(dir, { recursive: true })
    const named = JSON.stringify(functions).replaceAll(
      new RegExp(`(?<=[-/])${name}(?=[-/])`, 'g'),
      stage.name,
    )
    expect(JSON.parse(named)).toEqual(readPermissions(stacks).functions)
  })

  describe('would fail', () => {
    it('without any single one of its grants', () => {
      const variants = eachGrantRemoved(stacks)
      const byRole = Map.groupBy(variants, ({ what }) =>
        what.replace(/RoleDefaultPolicy[0-9A-F]{8}: .*$/s, ''),
      )
      expect(Object.fromEntries([...byRole].map(([role, { length }]) => [role, length]))).toEqual({
        // Logs 2, queues 3, secrets 3.
        ShopWebhook: 8,
        // Logs 2, queue 5, table 3, secrets 4; with orders of two shops 2 more, to tell of customers and parts 5.
        ErpDelivererp: 14 + 2 + 5,
        ErpDeliverkeyed: 14,
        // No hours of deletions, but parts asked for and what was bought: table 1, indexes 2.
        ErpDeliverdesk: 13 + 3,
        // Logs 2, queue 1, secrets 2.
        TargetCallback: 5,
        // Logs 2, queue 5, table 2, secrets 2; queues 2 and an index for steps and parcels.
        ShopWriteback: 11 + 3,
        // Each run: logs 2, table 2, queue 1, secret 1.
        StockReconcile: 6 + 1,
        StockReconcileSchedules: 1,
        ShipmentPull: 6 + 1,
        ShipmentPullSchedules: 1,
        AftersalePull: 6,
        AftersalePullSchedules: 1,
        // A queue, secrets 3, what a table is read for 2.
        OrderSweep: 6 + 6,
        OrderSweepSchedules: 1,
      })
      const unnoticed = variants.filter(
        ({ without }) => !findings(without).some((finding) => finding.includes(' is implicitly denied ')),
      )
      expect(unnoticed.map(({ what }) => what)).toEqual([])
    })

    const ledger = () => arnOf(calls, 'dynamodb:GetItem')
    const queue = (target: Target) => arnOf(calls, 'sqs:ChangeMessageVisibility', deliverTo(target))
    const deadLetters = () => arnOf(calls, 'sqs:SendMessage', deliverTo('erp'))
    const secret = () =>
      arnOf(
        calls.filter(({ resource }) => resource.includes('/target/')),
        'secretsmanager:GetSecretValue',
        deliverTo('erp'),
      )
    it.each<[string, () => object, RegExp]>([
      ['deleted rows', () => grant('dynamodb:DeleteItem', ledger()), /never needs dynamodb:DeleteItem/],
      [
        'read indexes',
        () => grant('dynamodb:GetItem', `${ledger()}/index/*`),
        /never needs dynamodb:GetItem/,
      ],
      ['did anything to the table', () => grant('dynamodb:*', ledger()), /never needs dynamodb:\*/],
      [
        'filled another’s queue',
        () => grant('sqs:SendMessage', queue('keyed')),
        /may sqs:SendMessage .*: only others/,
      ],
      ['polled another’s queue', () => grant('sqs:ReceiveMessage', queue('keyed')), /only others do/],
      [
        'emptied its dead letters',
        () => grant('sqs:PurgeQueue', deadLetters()),
        /never needs sqs:PurgeQueue/,
      ],
      [
        'read every target’s secret',
        () => grant('secretsmanager:GetSecretValue', secret().replace(/target\/.*/, 'target/*')),
        /may secretsmanager:GetSecretValue on .*keyed.*: only others do/,
      ],
      [
        'wrote others’ logs',
        () => grant('logs:PutLogEvents', '*'),
        /may logs:PutLogEvents .*: only others do/,
      ],
      [
        'was denied what it needs',
        () => ({ ...grant('dynamodb:PutItem', '*'), Effect: 'Deny' }),
        /is explicitly denied dynamodb:PutItem/,
      ],
    ])('if a delivery %s', (_, statement, finding) => {
      const { name } = deliverTo('erp')
      const found = findings(withStatement(stacks, 'ErpDelivererp', statement()))
      expect(found.filter((sentence) => sentence.startsWith(`${name} `)).join('\n')).toMatch(finding)
    })
  })
})

/** The ERP takes a request for parts and then confirms none, so that what it took has to be taken back. */
function partsRefusedHalfWay(kinds: RestTarget['kinds']): RestTarget['kinds'] {
  const parts = kinds?.parts
  if (!parts) throw new Error('the demo ERP takes requests for parts')
  const step = { name: 'confirm', method: 'POST', path: '/parts/{id}/nowhere' } as const
  const rules = [{ when: 'status = 404', class: 'Invalid' as const }]
  const operations = {
    ...parts.operations,
    steps: [{ ...step, mapping: 'none', headers: {}, query: {}, rules }],
  }
  return { ...kinds, parts: { ...parts, operations } }
}

function demoRest(): RestTarget {
  const text = readFileSync(join(DEMO_CONFIG_DIR, 'sync.config.json'), 'utf8')
  const target = SyncConfigSchema.parse(JSON.parse(text)).targets[DEMO_TARGET]
  if (target?.adapter !== 'rest') throw new Error('the demo ERP is a rest target')
  return target.rest
}

/** row, subject, request, note, gate, hour, erased or person; a long body lies in parts of their own. */
function kindOf(sortKey: string): string {
  if (sortKey.startsWith('L#')) return 'person'
  const [kind = '', ...more] = sortKey.split('#')
  const named = kind === 'request' || kind === 'hour' ? 1 : 0
  return more.length > named ? `part of ${kind}` : kind
}

function arnOf(calls: readonly RecordedCall[], action: string, by?: CloudFunction): string {
  const call = calls.find((one) => one.action === action && (!by || one.functionName === by.name))
  if (!call) throw new Error(`nobody called ${action}`)
  return call.resource
}

const grant = (Action: string, Resource: string) => ({ Effect: 'Allow', Action, Resource })

const listSchema = z.unknown().transform((value): unknown[] => (Array.isArray(value) ? value : [value]))
const PolicySchema = z.looseObject({
  PolicyDocument: z.looseObject({
    Statement: z.array(z.looseObject({ Action: listSchema, Resource: listSchema })),
  }),
})
type RawStatement = z.output<typeof PolicySchema>['PolicyDocument']['Statement'][number]

/** A copy in which the statements of every policy of a role are what `change` makes of them. */
function withPolicies(
  stacks: readonly Stack[],
  change: (statements: readonly RawStatement[], logicalId: string) => readonly object[],
): Stack[] {
  return stacks.map((stack) => ({
    ...stack,
    Resources: Object.fromEntries(
      Object.entries(stack.Resources).map(([logicalId, resource]) => {
        if (resource.Type !== 'AWS::IAM::Policy') return [logicalId, resource]
        const { PolicyDocument, ...properties } = PolicySchema.parse(resource.Properties)
        const Statement = change(PolicyDocument.Statement, logicalId)
        return [
          logicalId,
          { ...resource, Properties: { ...properties, PolicyDocument: { ...PolicyDocument, Statement } } },
        ]
      }),
    ),
  }))
}

function withStatement(stacks: readonly Stack[], policy: string, statement: object): Stack[] {
  return withPolicies(stacks, (statements, logicalId) =>
    logicalId.startsWith(policy) ? [...statements, statement] : statements,
  )
}

/** As many copies as there are grants, one action on one resource each, and each copy without one of them. */
function eachGrantRemoved(stacks: readonly Stack[]): { what: string; without: Stack[] }[] {
  const grants: { what: string; policy: string; index: number; action: unknown; resource: unknown }[] = []
  withPolicies(stacks, (statements, policy) => {
    for (const [index, { Action, Resource }] of statements.entries())
      for (const action of Action)
        for (const resource of Resource)
          grants.push({
            what: `${policy}: ${String(action)} on ${JSON.stringify(resource)}`,
            policy,
            index,
            action,
            resource,
          })
    return statements
  })
  return grants.map(({ what, policy, index, action, resource }) => ({
    what,
    without: withPolicies(stacks, (statements, logicalId) =>
      statements.flatMap((statement, at) =>
        logicalId === policy && at === index ? split(statement, action, resource) : [statement],
      ),
    ),
  }))
}

/** The same statement but for one action on one resource. */
function split(statement: RawStatement, action: unknown, resource: unknown): object[] {
  const others = statement.Action.filter((one) => one !== action)
  const elsewhere = statement.Resource.filter((one) => one !== resource)
  return [
    ...(others.length > 0 ? [{ ...statement, Action: others }] : []),
    ...(elsewhere.length > 0 ? [{ ...statement, Action: [action], Resource: elsewhere }] : []),
  ]
}
