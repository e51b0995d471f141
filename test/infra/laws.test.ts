import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { stageNamed } from '../../infra/stages.ts'
import type { Topology } from '../../infra/topology.ts'
import { deploySection, synthesized, topology } from '../support/synthesized.ts'
import { Deployment, LAWS, Planting } from '../support/template-laws.ts'

const one: Topology = {
  shops: { s1: { targets: ['erp'] } },
  targets: { erp: { rate: { perMinute: 60, slots: 2 } } },
}

const deployments = ['prod', 'local'].flatMap((stage) => [
  { name: `${stage}, one shop and one target`, stage, config: one },
  { name: `${stage}, several shops and targets`, stage, config: topology },
  { name: `${stage}, with a deploy section`, stage, config: { ...topology, deploy: deploySection } },
])

describe.each(deployments)('a deployment ($name)', ({ stage, config }) => {
  const deployment = new Deployment(synthesized(stageNamed(stage), config))

  it.each(LAWS)('$holds', ({ breaches }) => {
    expect(breaches(deployment)).toEqual([])
  })
})

describe('a law', () => {
  const good = synthesized(stageNamed('prod'), topology)
  const plants = LAWS.flatMap(({ holds, breaches, plants }) =>
    Object.entries(plants).map(([what, plant]) => ({ what, holds, breaches, plant })),
  )

  it.each(plants)('is broken by $what', ({ breaches, plant }) => {
    expect(breaches(new Deployment(good))).toEqual([])
    const planted = new Planting(good)
    plant(planted)
    expect(breaches(new Deployment(planted.templates))).not.toEqual([])
  })

  it.each(LAWS)('can be broken: a deployment $holds', ({ plants }) => {
    expect(Object.keys(plants)).not.toEqual([])
  })
})

describe('a runbook', () => {
  const path = (relative: string) => fileURLToPath(new URL(`../../${relative}`, import.meta.url))
  const runbooks = readdirSync(path('docs/runbooks'))
  const commands = readdirSync(path('cli/commands')).map((file) => file.replace(/\.ts$/, ''))

  it.each(runbooks)('says what happened, whom it hurts, where to look and how it ends: %s', (file) => {
    const text = readFileSync(path(`docs/runbooks/${file}`), 'utf8')
    const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => heading)
    expect(headings).toEqual([file.replace(/\.md$/, ''), 'What happened', 'Impact', 'Look', 'End it'])
    const named = [...text.matchAll(/npm run sync -- (\w+)/g)].map(([, command]) => command)
    expect(named.length).toBeGreaterThan(0)
    for (const command of named) expect(commands).toContain(command)
  })
})

describe('the page about a deployment', () => {
  const page = readFileSync(fileURLToPath(new URL('../../docs/deploy.md', import.meta.url)), 'utf8')
  const count = (config: Topology, type: string) =>
    new Deployment(synthesized(stageNamed('prod'), config)).all(type).length
  const two: Topology = { ...one, targets: { ...one.targets, second: { rate: { perMinute: 60, slots: 2 } } } }

  it('prices the alarms and secrets there are', () => {
    const alarms = count(one, 'AWS::CloudWatch::Alarm')
    expect(page).toContain(`| ${alarms} alarms × $0.10 | $${(alarms * 0.1).toFixed(2)} |`)
    expect(page).toContain(`| ${count(one, 'AWS::SecretsManager::Secret')} secrets × $0.40 |`)
    expect(page).toContain(`each further target: ${count(two, 'AWS::CloudWatch::Alarm') - alarms} alarms,`)
  })
})
