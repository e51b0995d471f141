import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { MemoryLedger } from '#adapters/memory/memory-ledger.ts'
import { aCli } from '../../support/cli.ts'
import { demoRestTarget } from '../../support/demo-rest-target.ts'
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
