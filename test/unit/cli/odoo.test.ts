import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { SyncConfigSchema } from '#contracts/config.ts'
import { OdooTargetSchema } from '#contracts/odoo-target.ts'
import { anOrder } from '../../support/an-order.ts'
import { aCli } from '../../support/cli.ts'

const GUIDES = join(import.meta.dirname, '../../../docs/guides')

function exampleIn(guide: string): unknown {
  const text = readFileSync(join(GUIDES, guide), 'utf8')
  return JSON.parse(/```json\n([\s\S]*?)```/.exec(text)?.[1] ?? '')
}

const ENGLISH = exampleIn('erp-odoo.md')
const ExampleSchema = z.object({
  targets: z.object({ odoo: z.object({ odoo: z.looseObject({ mapping: z.string() }) }) }),
})
const PlansSchema = z.object({ plans: z.array(z.object({ requests: z.array(z.looseObject({})) })) })

/** The example as it is, but for its mapping file, which no example can bring along. */
function guideCli() {
  const { targets } = ExampleSchema.parse(ENGLISH)
  const { mapping: _file, ...settings } = targets.odoo.odoo
  const config = {
    version: 1,
    shops: { A1: { targets: ['odoo'] } },
    targets: { odoo: { adapter: 'odoo', odoo: settings } },
  }
  return aCli({ config: JSON.stringify(config) })
}

describe('the guide to Odoo', () => {
  it('has an example that is valid, has every setting, and is the same in both languages', () => {
    const parsed = SyncConfigSchema.parse(ENGLISH)
    expect(parsed.targets['odoo']?.adapter).toBe('odoo')
    const { targets } = ExampleSchema.parse(ENGLISH)
    expect(new Set(Object.keys(targets.odoo.odoo))).toEqual(new Set(Object.keys(OdooTargetSchema.shape)))
    expect(exampleIn('erp-odoo.zh-CN.md')).toEqual(ENGLISH)
  })
})

describe('an Odoo target on the command line', () => {
  it('shows the calls an order becomes, by names and codes, and sends nothing', async () => {
    const cli = guideCli()
    cli.file('order.json', anOrder().paid().snapshot())
    const run = await cli.run('send order.json --dry-run')
    expect(run.err).toBe('')
    expect(run.out).toContain('POST https://erp.example.com sale.order/load')
    expect(run.out).toContain('POST https://erp.example.com sale.order/action_confirm')
    expect(run.out).toContain('key: (from the secret)')
    const planned = await cli.run('send order.json --dry-run --json')
    const [plan] = PlansSchema.parse(planned.json()).plans
    expect(plan?.requests.map((request) => request['step'])).toEqual(['create', 'confirm'])
  })

  it('takes no secret without the key', async () => {
    const cli = guideCli()
    const refused = await cli.run('secret put target/odoo/erp', { stdin: '{"token": "t"}' })
    expect(refused).toMatchObject({ exit: 1, err: expect.stringContaining('lacks key') })
    const put = await cli.run('secret put target/odoo/erp', { stdin: '{"key": "k-1"}' })
    expect(put).toMatchObject({ exit: 0, out: 'stored target/odoo/erp' })
  })

  it('tells of a mapping file that is not there', async () => {
    const config = { ...z.looseObject({}).parse(ENGLISH), shops: { A1: { targets: ['odoo'] } } }
    const run = await aCli({ config: JSON.stringify(config) }).run('doctor --json')
    expect(run.out).toContain('mappings/odoo.jsonata cannot be read (ENOENT)')
  })
})
