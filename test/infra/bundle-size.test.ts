import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bundle } from '../../infra/bundle.ts'

/** Bytes; a cold start pays for each of them. */
const budgets = {
  'aftersale-pull': 900_000,
  'erp-deliver': 900_000,
  'order-sweep': 900_000,
  'shipment-pull': 900_000,
  'shop-webhook': 550_000,
  'shop-writeback': 650_000,
  'stock-reconcile': 900_000,
  'target-callback': 550_000,
}

describe('the bundles', () => {
  let dir = ''
  const built = (...path: string[]) => join(dir, 'build', ...path)

  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'bundle-'))
    const configDir = join(dir, 'project')
    mkdirSync(join(configDir, 'mappings', 'deep'), { recursive: true })
    writeFileSync(join(configDir, 'sync.config.json'), '{ "version": 1, "shops": {}, "targets": {} }')
    writeFileSync(join(configDir, 'mappings', 'deep', 'order.jsonata'), '$')
    writeFileSync(join(configDir, 'sync.config.local.json'), '{ "password": "not for the cloud" }')
    bundle({ configDir, outDir: built() })
    bundle({ configDir, outDir: join(dir, 'again') })
  })
  afterAll(() => rmSync(dir, { recursive: true }))

  it('are those of all functions', () => {
    expect(readdirSync(built()).sort()).toEqual(Object.keys(budgets))
  })

  it.each(Object.entries(budgets))('keep %s within %i bytes', (name, budget) => {
    expect(statSync(built(name, 'index.mjs')).size).toBeLessThanOrEqual(budget)
  })

  it.each(Object.keys(budgets))(
    'carry the configuration and its mappings with %s, and nothing else',
    (name) => {
      expect(readdirSync(built(name), { recursive: true }).map(String).sort()).toEqual([
        'config',
        'config/mappings',
        'config/mappings/deep',
        'config/mappings/deep/order.jsonata',
        'config/sync.config.json',
        'index.mjs',
      ])
    },
  )

  it.each(Object.keys(budgets))('have the same bytes each time %s is built', (name) => {
    expect(readFileSync(join(dir, 'again', name, 'index.mjs'))).toEqual(
      readFileSync(built(name, 'index.mjs')),
    )
  })
})
