import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { dataMap } from '#app/data-map.ts'
import { TargetConfigSchema } from '#contracts/config.ts'
import { targetGateways } from '../../../cli/target-gateways.ts'
import { DEMO_CONFIG_DIR } from '../../../local/demo/demo-config.ts'
import { aCli } from '../../support/cli.ts'

const CONTEXT = { fetch: globalThis.fetch, clock: { now: () => 0 }, ids: { next: () => 'id' } }

async function mapped(privacy: object, url = 'http://127.0.0.1:9/hook') {
  const kinds = ['order', 'customer', 'return', 'ticket', 'parts']
  const target = TargetConfigSchema.parse({ adapter: 'webhook', kinds, privacy, webhook: { url } })
  const map = await dataMap(target, targetGateways(target, '.', CONTEXT))
  return Object.fromEntries(map.map(({ kind, fields }) => [kind, fields]))
}

describe('the data map', () => {
  it('finds whatever leaves whole', async () => {
    const { order, customer, return: returns, ticket, parts } = await mapped({ idNumber: 'full' })
    const words = { words: 'full', phoneInWords: 'full', emailInWords: 'full', idNumberInWords: 'full' }
    expect(order).toMatchObject({
      name: 'full',
      phone: 'full',
      street: 'full',
      invoiceTitle: 'full',
      ...words,
    })
    expect(customer).toMatchObject({ birthday: 'full', login: 'full', words: 'none' })
    expect(returns).toMatchObject({ name: 'full', street: 'full', ...words })
    expect(ticket).toMatchObject({ login: 'full', email: 'full', phone: 'none', ...words })
    expect(parts).toMatchObject({ name: 'none', ...words })
  })

  it('finds what leaves in part, and that nothing else does', async () => {
    const part = 'partial'
    const { order, customer } = await mapped({
      name: part,
      phone: part,
      email: part,
      address: part,
      idNumber: part,
    })
    expect(order).toMatchObject({
      name: 'partial',
      phone: 'partial',
      email: 'partial',
      district: 'full',
      street: 'none',
      zipcode: 'none',
      phoneInWords: 'partial',
      idNumberInWords: 'partial',
    })
    expect(customer).toMatchObject({ birthday: 'none', phone: 'partial' })
  })

  it('finds nobody where nothing is disclosed', async () => {
    const none = 'none'
    const map = await mapped({ name: none, phone: none, email: none, address: none })
    for (const fields of Object.values(map)) {
      const { words: _words, ...rest } = fields ?? {}
      expect(new Set(Object.values(rest))).toEqual(new Set(['none']))
    }
  })

  it('says what a target cannot take, and where a mapping fails', async () => {
    const cli = aCli()
    const run = await cli.run('data-map --json')
    expect(run.json()).toMatchObject({
      targets: [{ target: 'erp', kinds: [{ kind: 'order', fields: { idNumberInWords: 'none' } }] }],
      stores: expect.arrayContaining([{ store: 'state', days: 180 }]),
    })
    const target = TargetConfigSchema.parse({
      adapter: 'webhook',
      kinds: ['order'],
      webhook: { url: 'http://127.0.0.1:9' },
    })
    expect(await dataMap(target, {})).toEqual([{ kind: 'order', fields: undefined }])
  })

  it.each([
    ['docs/privacy.md', 'en' as const],
    ['docs/privacy.zh-CN.md', 'zh' as const],
  ])('of the demo stands in %s as the command shows it', async (file, language) => {
    const page = readFileSync(join(import.meta.dirname, '../../..', file), 'utf8')
    const [, documented] = /<!-- data-map -->\n```\n([^]*?)\n```\n<!-- \/data-map -->/.exec(page) ?? []
    const cli = aCli()
    const command = ['data-map', '--config', DEMO_CONFIG_DIR, '--stage', 'prod']
    const shown = await cli.run(command, { language })
    expect(
      documented,
      `write into ${file} what \`npm run sync -- data-map --config local/demo/config --stage prod\` shows`,
    ).toBe(shown.out)
  })
})
