import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { EndpointsSchema } from '#contracts/endpoints.ts'
import type { RowStatus } from '#contracts/ledger-row.ts'
import { RestTargetSchema } from '#contracts/rest-target.ts'
import { connectLocal } from '../../../cli/connect-local.ts'
import { addStacks, createApp } from '../../../infra/app.ts'
import { bundle } from '../../../infra/bundle.ts'
import { stageNamed } from '../../../infra/stages.ts'
import { readSyncConfig } from '../../../infra/sync-config.ts'
import { type Cloud, startCloud } from '../../../local/cloud/cloud.ts'
import { endpointsOf, writeEndpoints } from '../../../local/endpoints.ts'
import { anOrder } from '../../support/an-order.ts'
import { demoRestTarget } from '../../support/demo-rest-target.ts'
import { ErpDouble } from '../../support/erp-double.ts'

const MAIN = join(import.meta.dirname, '../../../cli/main.ts')
const TOKEN = 'the-token-of-this-test'
const dir = mkdtempSync(join(tmpdir(), 'cli-e2e-'))
const configDir = join(dir, 'config')
const dataDir = join(dir, 'data')

let cloud: Cloud
let erp: ErpDouble

interface Run {
  readonly exit: number | null
  readonly out: string
  readonly err: string
}

/** The command line as a person starts it, in a process of its own. */
async function sync(command: string, stdin = ''): Promise<Run> {
  const child = spawn(process.execPath, [MAIN, ...command.split(' '), '--data', dataDir], {
    cwd: dir,
    env: { PATH: process.env['PATH'], LANG: 'C.UTF-8', TZ: 'Asia/Shanghai' },
  })
  child.stdin.end(stdin)
  const [out, err, exit] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve) => child.once('close', resolve)),
  ])
  if (/\n\s+at .*:\d+:\d+/.test(out + err)) throw new Error(`a stack trace: ${out}${err}`)
  if ((out + err).includes(TOKEN)) throw new Error('a secret was printed')
  return { exit, out, err }
}

const json = async (command: string): Promise<unknown> => JSON.parse((await sync(`${command} --json`)).out)

/** Until the ledger says so; asked without a process for each look. */
async function untilStatus(number: string, status: RowStatus): Promise<{ reference: string }> {
  const clock = { now: () => Date.now() }
  const connection = await connectLocal({ dataDir }, { clock, ids: { next: () => 'test' } })
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const [row] = (await connection?.ledger.findByNo(number)) ?? []
    if (row?.status === status) return { reference: row.ref }
    await delay(100)
  }
  throw new Error(`${number} is not ${status}`)
}

function anOrderFile(id: string, change: Parameters<ReturnType<typeof anOrder>['withLine']>[0] = {}): string {
  const order = anOrder()
    .paid()
    .withLine(change)
    .with({ order_id: id, order_sn: `2026112${id}` })
    .snapshot()
  writeFileSync(join(dir, `${id}.json`), JSON.stringify(order))
  return `${id}.json`
}

beforeAll(async () => {
  erp = await new ErpDouble({
    unknownSkus: ['NEW-SKU'],
    door: { kind: 'headers', expected: { authorization: `Bearer ${TOKEN}` } },
  }).start()
  mkdirSync(configDir)
  const rest = z.encode(RestTargetSchema, demoRestTarget(erp.url, { auth: { type: 'bearer' } }))
  const targets = { erp: { adapter: 'rest', rate: { perMinute: 6_000, slots: 2 }, rest } }
  writeFileSync(
    join(configDir, 'sync.config.json'),
    JSON.stringify({ version: 1, shops: { A1: { targets: ['erp'] } }, targets }),
  )
  bundle({ configDir, outDir: join(dir, 'build') })
  const app = createApp(join(dir, 'out'))
  addStacks(app, {
    stage: stageNamed('local'),
    config: readSyncConfig(configDir),
    buildDir: join(dir, 'build'),
  })
  app.synth()
  cloud = await startCloud({ assembly: join(dir, 'out'), dataDir, schedules: 'off' })
  const config = readSyncConfig(configDir)
  writeEndpoints(dataDir, endpointsOf(cloud, { stage: 'local', config, configDir }))

  await sync('secret put shop/A1/webhook --new')
  await sync('secret put target/erp/erp', JSON.stringify({ token: TOKEN }))
})

afterAll(async () => {
  await cloud.stop()
  await erp.close()
  rmSync(dir, { recursive: true, force: true })
})

describe('the command line against a running cloud', () => {
  it('puts secrets, and a doctor then finds nothing wrong', async () => {
    expect((await sync('secret list')).out).toMatch(/shop\/A1\/webhook +put +1 valid, epoch e-\d{8}-/)
    const doctor = await sync('doctor')
    expect(doctor).toMatchObject({ exit: 0, err: '' })
    expect(doctor.out).toContain('it answers, and does not know what cannot exist')
    expect(doctor.out).toContain('Everything is in order.')
  })

  it('sends an order to the ERP with exactly the request the dry run showed', async () => {
    const file = anOrderFile('20001')
    const PlansSchema = z.object({
      plans: z.array(z.object({ requests: z.array(z.object({ url: z.string(), body: z.unknown() })) })),
    })
    const before = erp.calls.length
    const { plans } = PlansSchema.parse(await json(`send ${file} --dry-run`))
    expect(erp.calls).toHaveLength(before)

    expect(await sync(`send ${file}`)).toMatchObject({ exit: 0, out: expect.stringContaining('accepted') })
    const { reference } = await untilStatus('202611220001', 'done')
    expect((await sync('find 202611220001')).out).toMatch(new RegExp(`erp +${reference} +done`))
    const placed = erp.calls.find((call) => call.op === 'place' && call.reference === reference)
    expect(plans[0]?.requests).toEqual([{ url: `${erp.url}${placed?.path}`, body: placed?.body }])
    expect(erp.server.documents(reference)).toHaveLength(1)

    const shown = await sync(`show ${reference}`)
    expect(shown.out).toMatch(/place\.create\.sent/)
    expect(shown.out).not.toContain('样例收货人')
    expect((await sync(`show ${reference} --body`)).out).toContain('样例收货人')
  })

  it('plans an edit against what the ledger knows, and amends the same document', async () => {
    await sync(`send ${anOrderFile('20002')}`)
    const { reference } = await untilStatus('202611220002', 'done')
    const file = anOrderFile('20002', { goods_number: 3 })
    const id = erp.server.documents(reference)[0]?.id
    const plan = await sync(`send ${file} --dry-run`)
    expect(plan.out).toContain('amend — the ERP has other content.')
    expect(plan.out).toContain(`PUT ${erp.url}/api/orders/${id}`)
    await sync(`send ${file}`)
    const quantity = () => JSON.stringify(erp.server.documents(reference)[0]?.body).includes('"quantity":3')
    for (let attempt = 0; !quantity() && attempt < 50; attempt += 1) await delay(100)
    expect(quantity()).toBe(true)
    expect(erp.server.documents(reference)).toHaveLength(1)
  })

  it('lists what is parked with its remedy, and replays it once the ERP has the SKU', async () => {
    await sync(`send ${anOrderFile('20003', { product_sn: 'NEW-SKU' })}`)
    const { reference } = await untilStatus('202611220003', 'parked')
    const parked = await sync('parked')
    expect(parked.out).toContain('missing-reference (1)')
    expect(parked.out).toMatch(/NEW-SKU/)
    expect(parked.out).toContain('Create it in the ERP')
    expect((await sync('status')).out).toContain(reference)

    erp.server.unknownSkus.delete('NEW-SKU')
    const rehearsed = await sync(`replay ${reference} --dry-run`)
    expect(rehearsed).toMatchObject({ exit: 0 })
    expect(rehearsed.out).toContain('place — the ERP does not have it yet.')
    expect(rehearsed.out).not.toContain('样例收货人')
    expect(erp.server.documents(reference)).toEqual([])

    expect(await sync('replay --all-parked --reason missing-reference')).toMatchObject({ exit: 0 })
    await untilStatus('202611220003', 'done')
    expect(erp.server.documents(reference)).toHaveLength(1)
    expect((await sync('parked')).out).toBe('Nothing is parked.\n')
  })

  it('explains in one sentence what it cannot do', async () => {
    writeFileSync(join(dir, 'broken.json'), '{')
    expect(await sync('send broken.json')).toMatchObject({ exit: 1, out: '' })
    expect(await sync('launch')).toMatchObject({
      exit: 2,
      err: expect.stringContaining('There is no command'),
    })
    expect(await sync('replay ECA1-0-0')).toMatchObject({ exit: 1 })
    const config = join(configDir, 'sync.config.json')
    const good = readFileSync(config, 'utf8')
    writeFileSync(config, good.replace('"version":1', '"version":7'))
    expect((await sync('status')).err).toMatch(/^sync\.config\.json is not usable: version/)
    writeFileSync(config, good)
  })

  it('notices that what ran was killed', async () => {
    const endpoints = join(dataDir, 'endpoints.json')
    const good = readFileSync(endpoints, 'utf8')
    const dead = { ...EndpointsSchema.parse(JSON.parse(good)), pid: 2_147_483_000 }
    writeFileSync(endpoints, JSON.stringify(dead))
    expect((await sync('status')).err).toContain('Nothing runs with the data directory')
    const deaf = {
      ...dead,
      pid: process.pid,
      endpoints: { ...dead.endpoints, dynamodb: 'http://127.0.0.1:9' },
    }
    writeFileSync(endpoints, JSON.stringify(deaf))
    expect((await sync('find 1')).err).toContain('The running services do not answer (ECONNREFUSED)')
    writeFileSync(endpoints, '{}')
    expect((await sync('status')).err).toContain('another version wrote it')
    writeFileSync(endpoints, good)
  })
})
