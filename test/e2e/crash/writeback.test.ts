import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { SQSClient } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DynamoWritebackLedger } from '#adapters/dynamodb/dynamo-writeback-ledger.ts'
import { SqsWritebackQueue } from '#adapters/sqs/sqs-writeback-queue.ts'
import type { WritebackCommand } from '#contracts/writeback.ts'
import { OUTPUT_NAMES } from '../../../infra/output-names.ts'
import { secretNames } from '../../../infra/secret-names.ts'
import { close, listen } from '../../../local/cloud/listen.ts'
import { BRIDGE_PATH } from '../../../local/demo/bridge-api.ts'
import { BUYERS, PRODUCTS, type Product } from '../../../local/demo/catalogue.ts'
import { DemoShop } from '../../../local/demo/shop.ts'
import type { ShopOrder } from '../../../local/demo/shop-order.ts'
import { createShopServer } from '../../../local/demo/shop-server.ts'
import { BridgeProxy } from '../../support/bridge-proxy.ts'
import { clientConfig } from '../../support/cloud-fixture.ts'
import { RecordingLog } from '../../support/recording-log.ts'
import { QUICK, Spine } from '../../support/spine.ts'
import type { Moment, Put } from '../../support/table-proxy.ts'

/** In the order of one write-back: the row is claimed, the shop is called, the row is told how that went. */
const STEPS = ['claim', 'call', 'record'].flatMap((what) => [`before the ${what}`, `after the ${what}`])
const FIGURE = 40
const [SOLD, COUNTED = SOLD] = PRODUCTS

interface Death {
  readonly step: string
  /** What tells its call of the bridge from others. */
  readonly mark: string
  /** What happens before its message comes back. */
  readonly meanwhile?: () => void
}

describe('a worker that dies in the middle of a write-back', { timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'writeback-'))
  const file = join(folder, 'shop.sqlite')
  const shop = new DemoShop({ file })
  const shopServer = createShopServer(shop, () => '')
  /** To come, by the id of the command; and those that have been. */
  const deaths = new Map<string, Death>()
  const died: string[] = []
  const writes = new Map<string, number>()
  /** Order numbers by the id of their command. */
  const shipped = new Map<string, string>()
  const cancelled = new Map<string, string>()
  let forgotten = ''
  let spine: Spine
  let bridge: BridgeProxy
  let sqs: SQSClient
  let dynamo: DynamoDBClient

  const die = (id: string, { step, meanwhile }: Death) => {
    deaths.delete(id)
    const worker = spine.cloud.functions.find(({ logicalId }) => logicalId.startsWith('ShopWriteback'))
    expect(worker?.pids()).not.toEqual([])
    worker?.kill('SIGKILL')
    meanwhile?.()
    died.push(id)
    if (step.startsWith('before')) throw new Error('it died before it was sent')
  }
  const atTable = ({ when }: Moment, { Item }: Put) => {
    const [id, death] = [...deaths].find(([one]) => Item.pk.S.endsWith(`#${one}`)) ?? []
    if (id === undefined || !death) return
    if (when === 'before') writes.set(id, (writes.get(id) ?? 0) + 1)
    if (death.step === `${when} the ${writes.get(id) === 1 ? 'claim' : 'record'}`) die(id, death)
  }
  const atBridge = (when: Moment['when'], body: string) => {
    const [id, death] =
      [...deaths].find(([, { step, mark }]) => step === `${when} the call` && body.includes(mark)) ?? []
    if (id !== undefined && death) die(id, death)
  }

  beforeAll(async () => {
    const shopUrl = await listen(shopServer)
    bridge = new BridgeProxy(shopUrl, atBridge)
    spine = await Spine.start({ table: { at: atTable } })
    await spine.cloud.putSecret(
      secretNames(QUICK.name).bridge('A1'),
      JSON.stringify({ url: `${await bridge.start()}${BRIDGE_PATH}`, secrets: [shop.database.bridgeSecret] }),
    )
    sqs = new SQSClient(clientConfig(spine.cloud.endpoints.sqs))
    dynamo = new DynamoDBClient(clientConfig(spine.cloud.endpoints.dynamodb))

    // One after the other; what was interrupted comes back meanwhile, and dies no second time.
    for (const [index, step] of STEPS.entries())
      shipped.set(`OUT-${index}`, await ship(`OUT-${index}`, { step }))
    for (const [index, step] of ['after the call', 'before the record'].entries())
      cancelled.set(`cancel-${index}`, await cancel(`cancel-${index}`, step))
    await count(COUNTED, 'after the call')
    forgotten = await ship('OUT-forgotten', { step: 'after the call', meanwhile: forget })
    await spine.drained()
  })
  afterAll(async () => {
    await spine?.stop()
    await bridge?.close()
    await close(shopServer)
    await shop.close()
    sqs?.destroy()
    dynamo?.destroy()
    rmSync(folder, { recursive: true, force: true })
  })

  /** Queues a command, and waits until its worker is dead. */
  async function send(id: string, command: WritebackCommand, death: Death): Promise<void> {
    deaths.set(id, death)
    const queueUrl = spine.cloud.outputs[OUTPUT_NAMES.writebackQueueUrl] ?? ''
    const queue = new SqsWritebackQueue({ client: sqs, queueUrl, log: new RecordingLog() })
    const firstSeenAt = new Date().toISOString()
    const about = { v: 1, shop: 'A1', target: 'erp', cause: 'run', correlationId: `c-${id}` } as const
    expect(await queue.enqueue([{ ...about, id, firstSeenAt, command }])).toEqual(['queued'])
    await spine.until(() => died.includes(id), `${id} dies ${death.step}`)
  }

  const place = (quantity: number): ShopOrder =>
    shop.place({
      items: [{ product: SOLD, quantity }],
      paid: true,
      buyer: BUYERS.findIndex(({ userId }) => userId !== '0'),
    })
  const identityOf = ({ id, no, addTime }: ShopOrder) => ({
    order_id: String(id),
    order_sn: no,
    add_time: addTime,
  })

  /** One piece of three leaves. */
  async function ship(id: string, death: Omit<Death, 'mark'>): Promise<string> {
    const order = place(3)
    const shipment_id = `erp/${id}`
    const lines = order.lines.map(({ recId }) => ({ rec_id: recId, quantity: 1 }))
    const shipment = {
      order: identityOf(order),
      shipped_at: new Date().toISOString(),
      tracking: [`SF-${id}`],
    }
    await send(
      id,
      {
        is: 'shipment',
        no: order.no,
        ref: `ECA1-${order.no}-1`,
        shipment: { shipment_id, ...shipment, lines, origin: 'erp' },
      },
      { ...death, mark: JSON.stringify(shipment_id) },
    )
    return order.no
  }

  async function cancel(id: string, step: string): Promise<string> {
    const order = place(1)
    const cancel = {
      command_id: id,
      order: identityOf(order),
      reason: '仓库缺货',
      refund: 'balance' as const,
    }
    await send(
      id,
      { is: 'cancel', no: order.no, ref: `ECA1-${order.no}-1`, cancel: { ...cancel, origin: 'operator' } },
      { step, mark: JSON.stringify(id) },
    )
    return order.no
  }

  function forget(): void {
    const database = new DatabaseSync(file)
    database.exec("DELETE FROM commands WHERE id = 'erp/OUT-forgotten'")
    database.close()
  }

  /** A piece is sold before the figure can come a second time. */
  async function count({ sku, goodsId, productId }: Product, step: string): Promise<void> {
    const as_of = new Date().toISOString()
    const items = [{ sku, quantity: FIGURE, expect: shop.stockOf(sku)?.quantity ?? 0 }]
    await send(
      `stock:${sku}`,
      { is: 'stock', pool: sku.toLowerCase(), write: { as_of, origin: 'erp', items } },
      { step, mark: JSON.stringify(sku), meanwhile: () => shop.database.moveStock(goodsId, productId, -1) },
    )
  }

  it('leaves each command carried out once, wherever it dies, and nothing unknown', async () => {
    expect(deaths.size).toBe(0)
    expect(died).toHaveLength(STEPS.length + 4)
    const writebacks = new DynamoWritebackLedger({
      client: dynamo,
      table: spine.cloud.outputs[OUTPUT_NAMES.tableName] ?? '',
    })
    expect(shipped.size).toBe(STEPS.length)
    for (const [id, no] of shipped) {
      expect(await writebacks.get({ target: 'erp', kind: 'shipment', id })).toMatchObject({ status: 'done' })
      const deliveries = shop
        .order(no)
        ?.deliveries?.map(({ tracking, lines }) => [tracking, lines[0]?.quantity])
      expect([id, deliveries]).toEqual([id, [[[`SF-${id}`], 1]]])
    }
    expect(cancelled.size).toBe(2)
    for (const [id, no] of cancelled) {
      expect(await writebacks.get({ target: 'erp', kind: 'cancel', id })).toMatchObject({ status: 'done' })
      expect(shop.order(no)).toMatchObject({ status: 'cancelled', refunds: { length: 1 } })
    }
    expect(shop.stockOf(COUNTED.sku)?.quantity).toBe(FIGURE - 1)
  })

  it('would leave a shipment recorded twice, were the shop to forget the id of the command', () => {
    expect(shop.order(forgotten)?.deliveries).toHaveLength(2)
  })
})
