import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ConfigError, loadConfig } from '#runtime/config-file.ts'

let dir = ''
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'config-'))
})
afterAll(() => rmSync(dir, { recursive: true }))

function errorFor(text: string): ConfigError {
  writeFileSync(join(dir, 'sync.config.json'), text)
  try {
    loadConfig(dir)
  } catch (error) {
    if (error instanceof ConfigError) return error
    throw error
  }
  throw new Error('The configuration was accepted.')
}

describe('the configuration file', () => {
  it('is read with its defaults', () => {
    writeFileSync(join(dir, 'sync.config.json'), '{ "version": 1, "shops": {}, "targets": {} }')
    expect(loadConfig(dir)).toEqual({
      version: 1,
      shops: {},
      targets: {},
      pools: {},
      nightly: { at: '03:30', timeZone: 'Asia/Shanghai' },
      owners: {
        order: 'shop',
        customer: 'shop',
        return: 'shop',
        ticket: 'shop',
        stock: 'erp',
        shipment: 'erp',
        'return-progress': 'erp',
        'ticket-progress': 'erp',
      },
      warranty: [],
      retentionDays: { order: 180, customer: 180, return: 180, ticket: 180, parts: 180 },
    })
  })

  it('that is missing is named, without the directory', () => {
    expect(() => loadConfig(join(dir, 'nowhere'))).toThrow(
      'There is no readable sync.config.json in the configuration directory.',
    )
  })

  it('that is not JSON is told so, without its text', () => {
    const { message, remedy } = errorFor('{ "password": secret }')
    expect(message).toBe('sync.config.json is not JSON.')
    expect(remedy).toBe('Open it in an editor that marks JSON errors.')
  })

  it('whose shop names an unknown target is told the field', () => {
    const error = errorFor('{ "version": 1, "shops": { "A1": { "targets": ["erp"] } }, "targets": {} }')
    expect(error.field).toBe('shops.A1.targets.0')
    expect(error.message).toBe(
      'sync.config.json is not usable: shops.A1.targets.0: names the target "erp", which is not under "targets".',
    )
    expect(error.remedy).toContain('docs/contracts/sync.config.schema.json')
  })

  it('that is not an object is told so', () => {
    expect(errorFor('[]').field).toBe('sync.config.json')
  })
})
