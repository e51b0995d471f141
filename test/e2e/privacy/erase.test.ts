import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { ScanCommand } from '@aws-sdk/client-dynamodb'
import { ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createDynamoClient } from '#adapters/dynamodb/dynamo-client.ts'
import { createSecretsClient } from '#adapters/secrets/secrets-client.ts'
import { createSqsClient } from '#adapters/sqs/sqs-client.ts'
import { ReceiptSchema } from '#contracts/erasure.ts'
import type { WebhookEvent } from '#contracts/webhook.ts'
import { openConnection } from '../../../cli/open-connection.ts'
import { runCli } from '../../../cli/program.ts'
import { OUTPUT_NAMES } from '../../../infra/output-names.ts'
import { secretNames } from '../../../infra/secret-names.ts'
import { SECRET } from '../../support/a-webhook-request.ts'
import { anOrder, EPOCH } from '../../support/an-order.ts'
import { CountingIds } from '../../support/counting-ids.ts'
import { QUICK, Spine } from '../../support/spine.ts'
import { tracesIn } from '../../support/traces.ts'

const PHONE = '13900004321'
const EMAIL = 'xiaoming.wang@example.com'
const NAME = '王晓明明'
const STREET = '无名路 77 号 1201 室'
const WORDS = '请在周三下午送来'
const TRACES = [PHONE, EMAIL, NAME, STREET, WORDS, 'xm_wang_77']
/** Before now, whatever the clock of this machine says. */
const AGO = new Date(Math.floor(Date.now() / 1000) * 1000 - 3_600_000)

const CALL = { connectTimeoutMs: 2_000, requestTimeoutMs: 5_000, maxAttempts: 2 }
const LOCAL = { region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } }

describe('an erased person on one machine', () => {
  let spine: Spine
  let desk: { url: string; close: () => void; received: () => number }
  let stopped = false
  beforeAll(async () => {
    desk = await startDesk()
    spine = await Spine.start({
      erp: { unknownSkus: ['NOT-IN-ERP'] },
      configure: (config) => ({
        ...config,
        shops: { A1: { targets: ['erp', 'desk'] } },
        targets: {
          ...config.targets,
          desk: {
            adapter: 'webhook',
            kinds: ['customer', 'ticket'],
            rate: { perMinute: 6_000, slots: 4 },
            webhook: { url: desk.url },
          },
        },
      }),
    })
    await spine.cloud.putSecret(secretNames(QUICK.name).target('desk'), JSON.stringify({ signing: SECRET }))
  })
  afterAll(async () => {
    if (!stopped) await spine.stop()
    desk.close()
  })

  let seq = 0
  const order = (id: number, sku = 'TEE-L') =>
    anOrder()
      .with({
        order_id: String(id),
        order_sn: `20261121${String(id).padStart(5, '0')}`,
        user_name: 'xm_wang_77',
        added_at: AGO.toISOString().replace('.000Z', 'Z'),
        consignee: NAME,
        mobile: PHONE,
        email: EMAIL,
        address: STREET,
        postscript: WORDS,
      })
      .withLine({ product_sn: sku })
      .paid()
      .snapshot()

  const event = (type: string, snapshot: object): WebhookEvent => {
    seq += 1
    const hash = createHash('sha256').update(JSON.stringify(snapshot)).digest('hex')
    return { type, version: { epoch: EPOCH, seq }, hash, hashVersion: 1, snapshot } as WebhookEvent
  }
  const raw = Math.floor(AGO.getTime() / 1000)
  const written = AGO.toISOString().replace('.000Z', 'Z')
  const customer = () => {
    const { snapshot } = example('customer')
    const addresses = snapshot['addresses'] as Record<string, unknown>[]
    return event('customer.snapshot', {
      ...snapshot,
      user_name: 'xm_wang_77',
      alias: NAME,
      email: EMAIL,
      mobile_phone: PHONE,
      reg_time: raw,
      registered_at: written,
      addresses: addresses.map((address) => ({
        ...address,
        consignee: NAME,
        mobile: PHONE,
        email: EMAIL,
        address: STREET,
      })),
    })
  }
  const ticket = () =>
    event('ticket.snapshot', {
      ...example('ticket').snapshot,
      msg_time: raw,
      written_at: written,
      user_name: 'xm_wang_77',
      user_email: EMAIL,
      msg_title: '送货',
      msg_content: `${NAME}：${WORDS}，${PHONE}`,
      replies: [],
    })

  it('leaves nothing behind but the receipt', async () => {
    const sqs = createSqsClient({ ...CALL, ...LOCAL, endpoint: spine.cloud.endpoints.sqs })
    const dynamo = createDynamoClient({ ...CALL, ...LOCAL, endpoint: spine.cloud.endpoints.dynamodb })
    const { outputs } = spine.cloud
    const deadLetters = outputs[OUTPUT_NAMES.deadLetterQueueUrl('erp')] ?? ''

    // Delivered, parked, aside; and one that the ERP keeps waiting.
    await spine.post(event('order.snapshot', order(1)))
    await spine.post(event('order.snapshot', order(2, 'NOT-IN-ERP')))
    await spine.post(customer())
    await spine.post(ticket())
    await sqs.send(
      new SendMessageCommand({
        QueueUrl: deadLetters,
        MessageBody: `{"broken": "${PHONE}"`,
        MessageGroupId: 'g',
        MessageDeduplicationId: 'd',
      }),
    )
    await spine.drained()
    spine.erp.fail('error-500', { times: 1_000 })
    const asked = spine.erp.calls.length
    await spine.post(event('order.snapshot', order(3)))
    await vi.waitUntil(() => spine.erp.calls.length > asked, { timeout: 30_000 })

    expect(await traces(dynamo, sqs)).not.toEqual([])
    expect(desk.received()).toBe(2)

    const connect = async () =>
      openConnection(
        {
          stage: QUICK.name,
          configDir: join(dirname(spine.assembly), 'config'),
          clients: {
            dynamo,
            sqs,
            secrets: createSecretsClient({
              ...CALL,
              ...LOCAL,
              endpoint: spine.cloud.endpoints.secretsmanager,
            }),
          },
          tableName: outputs[OUTPUT_NAMES.tableName] ?? '',
          queueUrls: {
            erp: outputs[OUTPUT_NAMES.queueUrl('erp')] ?? '',
            desk: outputs[OUTPUT_NAMES.queueUrl('desk')] ?? '',
          },
          dlqUrls: { erp: deadLetters, desk: outputs[OUTPUT_NAMES.deadLetterQueueUrl('desk')] ?? '' },
          writebackQueueUrl: outputs[OUTPUT_NAMES.writebackQueueUrl],
          writebackDlqUrl: outputs[OUTPUT_NAMES.writebackDeadLetterQueueUrl],
          secretPrefix: secretNames(QUICK.name).prefix,
          webhookUrl: () => undefined,
          invoke: async () => undefined,
          unknown: (name) => {
            throw new Error(name)
          },
          log: { info: () => {}, warn: () => {}, error: () => {} },
        },
        { clock: { now: () => Date.now() }, ids: new CountingIds() },
      )
    const out: string[] = []
    const exit = await runCli(['person', 'erase', PHONE, '--yes', '--json'], {
      out: (text) => out.push(text),
      err: () => {},
      stdin: async () => '',
      language: 'en',
      colour: false,
      timeZone: 'UTC',
      directory: dirname(spine.assembly),
      dataDir: dirname(spine.assembly),
      connect,
      clock: { now: () => Date.now() },
      pause: async (ms) => {
        await setTimeout(ms)
      },
      ids: new CountingIds(),
      fetch: globalThis.fetch,
      randomBytes: (count) => Buffer.alloc(count),
      debug: false,
    })
    expect(exit).toBe(0)
    const receipt = ReceiptSchema.parse(JSON.parse(out.join('\n')))
    expect(receipt.removed).toMatchObject({
      things: { order: 3, customer: 1, ticket: 1 },
      states: 5,
      deadLetters: 1,
    })
    // Nobody knows what the ERP did with the one it keeps waiting.
    const states = receipt.kept.documents.map(({ state }) => state)
    expect(states.toSorted()).toEqual(['live', 'live', 'live', 'unknown'])

    // The shop still has the person, and sends it all once more.
    const before = spine.erp.server.documents().length
    for (const id of [1, 2, 3]) await spine.post(event('order.snapshot', order(id)))
    await spine.post(customer())
    await spine.post(ticket())
    await spine.drained()
    expect(spine.erp.server.documents()).toHaveLength(before)
    expect(desk.received()).toBe(2)
    expect(await traces(dynamo, sqs)).toEqual([])
    expect(tracesIn(Buffer.from(spine.logs().join('\n')), TRACES)).toEqual([])

    const data = join(dirname(spine.assembly), 'data')
    await spine.cloud.stop()
    expect(traceFiles(data)).toEqual([])
    stopped = true
    await spine.stop()
  })

  /** Where in the tables and queues something of the person lies. */
  async function traces(
    dynamo: ReturnType<typeof createDynamoClient>,
    sqs: ReturnType<typeof createSqsClient>,
  ): Promise<string[]> {
    const found: string[] = []
    for (const { name } of spine.cloud.resources.tables) {
      const { Items = [] } = await dynamo.send(new ScanCommand({ TableName: name }))
      for (const item of Items) {
        for (const [attribute, value] of Object.entries(item)) {
          const bytes = value.B ? Buffer.from(value.B) : Buffer.from(JSON.stringify(value))
          for (const trace of tracesIn(bytes, TRACES)) found.push(`${item['pk']?.S} ${attribute}: ${trace}`)
        }
      }
    }
    for (const { name, ref } of spine.cloud.resources.queues) {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({ QueueUrl: ref, MaxNumberOfMessages: 10, VisibilityTimeout: 0 }),
      )
      for (const message of Messages)
        for (const trace of tracesIn(Buffer.from(JSON.stringify(message)), TRACES))
          found.push(`${name}: ${trace}`)
    }
    return found
  }
})

/** But for the files of the tables, whose engine keeps what was deleted until it compacts them. */
function traceFiles(data: string): string[] {
  return readdirSync(data, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('dynamodb'))
    .flatMap((entry) => {
      const file = join(entry.parentPath, entry.name)
      return tracesIn(readFileSync(file), TRACES).map((trace) => `${file}: ${trace}`)
    })
}

function example(name: string): { snapshot: Record<string, unknown> } {
  const file = join(import.meta.dirname, `../../support/fixtures/webhook/valid/${name}.json`)
  return JSON.parse(readFileSync(file, 'utf8')).events[0]
}

async function startDesk() {
  let received = 0
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      received += 1
      response.writeHead(204).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}/hook`, close: () => server.close(), received: () => received }
}

it('would find a trace however it is written', () => {
  const texts = ['王晓明明', '13900004321']
  const json = JSON.stringify({ name: texts[0], phone: texts[1] })
  for (const bytes of [
    Buffer.from(json),
    Buffer.from(json, 'utf16le'),
    gzipSync(json),
    Buffer.from(Buffer.from(json).toString('base64')),
    Buffer.concat([Buffer.from('xx'), gzipSync(json)]),
  ])
    expect(tracesIn(bytes, texts)).toEqual(texts)
  expect(tracesIn(Buffer.from('{}'), texts)).toEqual([])
})
