import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { stageNamed } from '../../infra/stages.ts'
import type { Topology } from '../../infra/topology.ts'
import { deploySection, oneWay, synthesized, topology } from '../support/synthesized.ts'
import { Deployment, LAWS, Planting, runbookOf } from '../support/template-laws.ts'

/** With what a configuration has by itself. */
const shop = { targets: ['erp'], sweepMinutes: 5, rate: { slots: 2 } }
const target = { kinds: ['order' as const], rate: { perMinute: 60, slots: 2 } }
const one: Topology = { shops: { s1: shop }, targets: { erp: target }, pools: {} }

const deployments = ['prod', 'local'].flatMap((stage) => [
  { name: `${stage}, one shop and one target`, stage, config: one },
  { name: `${stage}, orders that go one way only`, stage, config: oneWay },
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

  it('is named by an alarm', () => {
    const deployment = new Deployment(synthesized(stageNamed('prod'), topology))
    const named = deployment.all('AWS::CloudWatch::Alarm').map((alarm) => `${runbookOf(alarm)}.md`)
    expect([...new Set(named)].toSorted()).toEqual(runbooks.toSorted())
  })
})

describe('the page about a deployment', () => {
  const page = readFileSync(fileURLToPath(new URL('../../docs/deploy.md', import.meta.url)), 'utf8')
  const count = (config: Topology, type: string) =>
    new Deployment(synthesized(stageNamed('prod'), config)).all(type).length
  const alarms = (config: Topology) => count(config, 'AWS::CloudWatch::Alarm')
  const secrets = (config: Topology) => count(config, 'AWS::SecretsManager::Secret')
  const more = (config: Partial<Topology>) => alarms({ ...one, ...config }) - alarms(one)
  const dollars = (amount: number) => `$${amount.toFixed(2)}`

  it('prices the alarms and secrets there are', () => {
    expect(page).toContain(`| ${alarms(one)} alarms × $0.10 | ${dollars(alarms(one) * 0.1)} |`)
    expect(page).toContain(`| ${secrets(one)} secrets × $0.40 | ${dollars(secrets(one) * 0.4)} |`)
    const pool = { target: 'erp', shops: { s1: {} }, everyMinutes: 5 }
    const added: [string, Partial<Topology>][] = [
      ['each further target', { targets: { ...one.targets, second: target } }],
      ['each further shop', { shops: { ...one.shops, s2: shop } }],
      ['a pool', { pools: { main: pool } }],
      [
        'targets that take returns or tickets',
        { targets: { erp: { ...target, kinds: ['order', 'return', 'ticket'] } } },
      ],
      ['a target with `aftersales`', { targets: { erp: { ...target, aftersales: { everyMinutes: 5 } } } }],
      ['a target with `shipments`', { targets: { erp: { ...target, shipments: { everyMinutes: 5 } } } }],
    ]
    for (const [what, config] of added) expect(page).toContain(`| ${what}: ${more(config)} alarms`)
    const pools = (...names: string[]) =>
      more({ pools: Object.fromEntries(names.map((name) => [name, pool])) })
    expect(page).toContain(`(each further pool: ${pools('main', 'other') - pools('main')} alarms)`)
  })
})
