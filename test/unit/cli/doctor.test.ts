import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { MemoryLedger } from '#adapters/memory/memory-ledger.ts'
import { BRIDGE_FEATURES, type Health } from '#contracts/bridge.ts'
import { EpochMsSchema } from '#contracts/instant.ts'
import { EPOCH } from '../../support/an-order.ts'
import { aCli } from '../../support/cli.ts'
import { demoRestTarget } from '../../support/demo-rest-target.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { type ScriptedAnswer, scriptedFetch } from '../../support/scripted-fetch.ts'

const NOW = 'Sat, 21 Nov 2026 08:30:00 GMT'
const NONE: ScriptedAnswer = { headers: { date: NOW }, body: { documents: [] } }

const ReportSchema = z.object({
  healthy: z.boolean(),
  findings: z.array(
    z.object({
      check: z.string(),
      about: z.string().optional(),
      is: z.string(),
      message: z.string(),
      remedy: z.string().optional(),
    }),
  ),
})

/** A table that does not answer. */
class DeafLedger extends MemoryLedger {
  override async list(): Promise<never> {
    throw Object.assign(new Error('connect'), { name: 'TimeoutError' })
  }
}

type Setup = Parameters<typeof aCli>[0]

async function examine(
  setup: Setup = {},
  erp: ScriptedAnswer[] = [NONE],
  prepare?: (cli: ReturnType<typeof aCli>) => unknown,
) {
  const cli = aCli(setup)
  await prepare?.(cli)
  const { fetch, sent } = scriptedFetch(...erp)
  const command = setup.running === false ? 'doctor --config config' : 'doctor'
  const run = await cli.run(`${command} --json`, { fetch })
  const { healthy, findings } = ReportSchema.parse(run.json())
  const wrong = findings.filter(({ is }) => is === 'wrong')
  return { exit: run.exit, healthy, findings, wrong, sent, cli, fetch }
}

describe('doctor', () => {
  it('finds nothing wrong where nothing is, having asked the ERP for what cannot exist', async () => {
    const { exit, healthy, findings, sent } = await examine()
    expect({ exit, healthy }).toEqual({ exit: 0, healthy: true })
    expect(findings.map(({ check, is }) => `${check} ${is}`)).toEqual([
      'config ok',
      'running ok',
      'mapping ok',
      'table ok',
      'secret ok',
      'secret warning',
      'secret ok',
      'erp ok',
      'clock ok',
      'queue ok',
      'dead-letters ok',
      'gate ok',
    ])
    expect(sent).toMatchObject([
      { method: 'GET', url: 'http://127.0.0.1:9/api/orders?order_id=ECdoctor-0-0' },
    ])
  })

  it.each<[string, Setup, ScriptedAnswer[], string, RegExp, RegExp]>([
    ['a broken file', { config: '{' }, [], 'config', /is not JSON/, /editor/],
    ['that nothing runs', { running: false }, [NONE], 'running', /Nothing runs/, /npm start/],
    ['a missing shop secret', { secrets: false }, [NONE], 'secret', /missing/, /connect A1/],
    [
      'missing credentials',
      { rest: demoRestTarget('http://127.0.0.1:9', { auth: { type: 'bearer' } }) },
      [],
      'secret',
      /missing — lacks: token/,
      /secret put target\/erp\/erp/,
    ],
    [
      'a mapping file that is not there',
      {
        rest: demoRestTarget('http://127.0.0.1:9', {
          operations: { place: { path: '/orders', mapping: 'm.jsonata' } },
        }),
      },
      [NONE],
      'mapping',
      /m\.jsonata cannot be read \(ENOENT\)/,
      /JSONata/,
    ],
    [
      'an expression that does not compile',
      { rest: demoRestTarget('http://127.0.0.1:9', { answers: { success: 'status = = 200' } }) },
      [],
      'mapping',
      /answers\.success/,
      /JSONata/,
    ],
    ['an ERP that refuses the key', {}, [{ status: 401 }], 'erp', /AuthDenied/, /Check the key/],
    ['an ERP that is down', {}, [{ status: 503 }], 'erp', /Transient/, /Wait/],
    [
      'a look-up that finds what cannot exist',
      {},
      [{ body: { documents: [{ id: 'D1', status: 'open', order_id: 'ECdoctor-0-0' }] } }],
      'erp',
      /cannot exist/,
      /operations\.find/,
    ],
    [
      'a clock that is wrong',
      {},
      [{ ...NONE, headers: { date: 'Sat, 21 Nov 2026 08:25:00 GMT' } }],
      'clock',
      /300 s behind ours/,
      /NTP/,
    ],
  ])('names %s and its remedy', async (_what, setup, erp, check, message, remedy) => {
    const { exit, healthy, wrong } = await examine(setup, erp)
    expect({ exit, healthy }).toEqual({ exit: 1, healthy: false })
    const found = wrong.find((finding) => finding.check === check)
    expect(found?.message).toMatch(message)
    expect(found?.remedy).toMatch(remedy)
  })

  it('names dead letters and a gate that is held back', async () => {
    const { exit, wrong } = await examine({}, [NONE], async ({ depths, gate }) => {
      depths.set('erp', { visible: 2, inFlight: 0, delayed: 0, deadLetters: 3 })
      const entry = await gate.enter('erp', 1)
      if (entry.open) {
        entry.permit.report('AuthDenied')
        await entry.permit.leave()
      }
    })
    expect(exit).toBe(1)
    expect(wrong).toMatchObject([
      { check: 'dead-letters', message: '3 messages were put aside' },
      {
        check: 'gate',
        message: expect.stringContaining('AuthDenied'),
        remedy: expect.stringContaining('Check the key'),
      },
    ])
  })

  it('only notes what it cannot ask', async () => {
    const { exit, findings } = await examine(
      { rest: demoRestTarget('http://127.0.0.1:9', { without: ['find'] }) },
      [],
    )
    expect(exit).toBe(0)
    expect(findings).toContainEqual(expect.objectContaining({ check: 'erp', is: 'warning' }))
  })

  it('goes on when the table cannot be reached', async () => {
    const cli = aCli()
    const { fetch } = scriptedFetch(NONE)
    const connection = { ...cli.connection, ledger: new DeafLedger({ clock: cli.clock }) }
    const run = await cli.run('doctor --json', { fetch, connect: async () => connection })
    expect(run.exit).toBe(1)
    const { findings } = ReportSchema.parse(run.json())
    expect(findings.map(({ check }) => check)).toContain('gate')
    expect(findings.find(({ check }) => check === 'table')?.message).toBe('cannot be reached (TimeoutError)')
  })

  it('speaks Chinese to a person and English to a program', async () => {
    const cli = aCli({ secrets: false })
    const { fetch } = scriptedFetch(NONE)
    const { out } = await cli.run('doctor', { fetch, language: 'zh' })
    expect(out).toMatch(/有误 +密钥 +shop\/A1\/webhook +缺失/)
    expect(out).toContain('存在问题。')
  })
})

const HEALTH: Health = {
  bridge: { version: '1.1.0', capture: 'triggers', features: [...BRIDGE_FEATURES] },
  platform: { name: 'ecshop', version: 'v2.8.0', php: '8.2', database: '10.11', charset: 'utf-8' },
  epoch: EPOCH,
  seq: 7,
  clock: { now: z.encode(EpochMsSchema, new ManualClock().now()), raw_offset: 28_800 },
  currency: 'CNY',
  stock_mode: 'shipment',
  relay: {
    paused: null,
    pending: 3,
    set_aside: 0,
    oldest_pending_at: null,
    last_accepted_at: null,
    last_error: null,
  },
}

describe('doctor at a shop that is connected', () => {
  const ask = async (...answers: ScriptedAnswer[]) => {
    const { findings, sent } = await examine({}, [...answers, NONE], (cli) =>
      cli.secrets.putBridge('A1', {
        url: 'https://shop.example/erpsync/v1/',
        secrets: [`brsec_${Buffer.alloc(32, 5).toString('base64')}`],
      }),
    )
    return { sent, shop: findings.filter(({ check }) => check === 'shop') }
  }

  it('asks the bridge how it is', async () => {
    const { shop, sent } = await ask({ body: HEALTH })
    expect(sent[0]).toMatchObject({ method: 'GET', url: 'https://shop.example/erpsync/v1/health.php' })
    expect(shop).toMatchObject([{ about: 'A1', is: 'ok' }])
    expect(shop[0]?.message).toMatch(/v2\.8\.0.*triggers.*shipment.*3 waiting/)
  })

  it.each<[string, Partial<Health>, RegExp]>([
    ['another epoch', { epoch: 'e-newer' }, /e-newer/],
    [
      'a bridge of the first version',
      { bridge: { version: '1.0.0', capture: 'triggers' } },
      /1\.0\.0.*order-notes, refunds, reply-marks/,
    ],
    [
      'a bridge that lacks one thing',
      { bridge: { version: '1.0.9', capture: 'poll', features: ['refunds', 'reply-marks', 'later'] } },
      /1\.0\.9\)[^,]*order-notes$/,
    ],
    [
      'a relay that is paused',
      { relay: { ...HEALTH.relay, paused: { code: 'restored', message: 'restored backup', remedy: 'r' } } },
      /restored backup/,
    ],
    ['events set aside', { relay: { ...HEALTH.relay, set_aside: 2 } }, /2 events aside/],
    ['a wrong clock', { clock: { now: '2026-11-21T00:00:00Z', raw_offset: 0 } }, /clock is \d+ s/],
  ])('names %s and its remedy', async (_what, change, message) => {
    const { shop } = await ask({ body: { ...HEALTH, ...change } })
    expect(shop[1]?.message).toMatch(message)
    expect(shop[1]?.remedy).toBeTruthy()
  })

  it('tells what the bridge refuses with, in the bridge’s own words', async () => {
    const { shop } = await ask({
      status: 409,
      body: { code: 'not-bound', message: 'Another installation.', remedy: 'Bind it.' },
    })
    expect(shop).toMatchObject([
      { is: 'wrong', message: 'not-bound: Another installation.', remedy: 'Bind it.' },
    ])
  })

  it('says that a shop cannot be reached', async () => {
    const { shop } = await ask(new TypeError('fetch failed'))
    expect(shop).toMatchObject([{ is: 'wrong' }])
  })
})
