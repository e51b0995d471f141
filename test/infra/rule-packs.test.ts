import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Validations } from 'aws-cdk-lib'
import type { IConstruct } from 'constructs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { addRulePacks } from '../../infra/rule-packs.ts'
import { stageNamed } from '../../infra/stages.ts'
import type { Topology } from '../../infra/topology.ts'
import { appIn, deploySection, topology } from '../support/synthesized.ts'

const RuleSchema = z.object({ ruleName: z.string() })
const ReportSchema = z.object({
  pluginReports: z.array(
    z.object({
      pluginName: z.string(),
      conclusion: z.enum(['success', 'failure']),
      violations: z.array(RuleSchema).default([]),
      suppressedViolations: z
        .array(
          RuleSchema.extend({ acknowledgedId: z.string(), acknowledgedAt: z.string(), reason: z.string() }),
        )
        .default([]),
    }),
  ),
})

const project = fileURLToPath(new URL('../..', import.meta.url))

interface Acknowledged {
  readonly construct: IConstruct
  /** `rule at construct`. */
  readonly what: string
}

const acknowledgedIn = (app: IConstruct): Acknowledged[] =>
  app.node.findAll().flatMap((construct) =>
    construct.node.metadata
      .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
      .flatMap(({ data }) => Object.keys(z.record(z.string(), z.string()).parse(data)))
      .map((rule) => ({ construct, what: `${rule} at ${construct.node.path}` })),
  )

/** No acknowledgement can be taken back, so its construct is made to forget it. */
function forget({ construct }: Acknowledged) {
  const value = construct.node.metadata.filter(
    ({ type }) => type !== Validations.ACKNOWLEDGED_RULES_METADATA_KEY,
  )
  Object.defineProperty(construct.node, 'metadata', { value })
}

/** Where nothing looked, there is no report. */
function reportsIn(out: string) {
  const file = join(out, 'validation-report.json')
  return existsSync(file) ? ReportSchema.parse(JSON.parse(readFileSync(file, 'utf8'))).pluginReports : []
}

describe('cdk-nag', () => {
  let dir = ''
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'nag-'))
  })
  afterEach(() => rmSync(dir, { recursive: true }))

  /** What it finds once `forgotten`, by its index, is no longer acknowledged. */
  async function check(stageName: string, config: Topology, forgotten?: number) {
    const stage = stageNamed(stageName)
    const { app, out } = appIn(dir, stage, config)
    const acknowledged = acknowledgedIn(app)
    const victim = forgotten === undefined ? undefined : acknowledged[forgotten]
    if (victim) forget(victim)
    await addRulePacks(app, stage)
    let failure: unknown
    try {
      app.synth()
    } catch (error) {
      failure = error
    }
    return { acknowledged: acknowledged.map(({ what }) => what), failure, reports: reportsIn(out) }
  }

  it.each([
    ['prod', 'without a deploy section', topology],
    ['prod', 'with a deploy section', { ...topology, deploy: deploySection }],
  ])('finds nothing in stage %s %s but what is argued in place', async (stage, _, config) => {
    const { failure, reports, acknowledged } = await check(stage, config)
    expect(failure).toBe(undefined)
    expect(reports).toMatchObject([{ pluginName: 'AwsSolutions', conclusion: 'success', violations: [] }])
    const used = reports.flatMap(({ suppressedViolations }) =>
      suppressedViolations.map(
        ({ acknowledgedId, acknowledgedAt }) => `${acknowledgedId} at ${acknowledgedAt}`,
      ),
    )
    expect(used.toSorted()).toEqual(acknowledged.toSorted())
  })

  it('stops the synthesis once any of these arguments is gone', async () => {
    const { acknowledged } = await check('prod', topology)
    expect(acknowledged).not.toEqual([])
    for (const [index, what] of acknowledged.entries()) {
      const { failure, reports } = await check('prod', topology, index)
      expect(failure).toMatchObject({ message: expect.stringContaining('(AwsSolutions)') })
      expect(reports).toMatchObject([{ conclusion: 'failure' }])
      const found = reports.flatMap(({ violations }) => violations.map(({ ruleName }) => ruleName))
      expect(found.map((rule) => what.includes(`::${rule} at `))).toEqual([true])
    }
  })

  it.each([
    ['test', ['AwsSolutions']],
    ['local', []],
  ])('looks at what the app makes for stage %s: %j', (stage, packs) => {
    const [out, build] = [join(dir, 'out'), join(dir, 'build')]
    const args = ['--stage', stage, '--config', 'local/demo/config', '--out', out, '--build', build]
    // Without CDK's own check, which takes most of the time.
    const env = { ...process.env, CDK_VALIDATION: 'false' }
    const { status } = spawnSync(process.execPath, ['infra/app.ts', ...args], { cwd: project, env })
    expect(status).toBe(0)
    expect(reportsIn(out).map(({ pluginName }) => pluginName)).toEqual(packs)
  })
})
