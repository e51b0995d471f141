import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { SyncConfigSchema } from '#contracts/config.ts'
import { ReturnStepSchema, TicketStepSchema } from '#contracts/progress.ts'
import { DocumentKindSchema } from '#contracts/scalars.ts'

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const guide = read('docs/guides/after-sales.md')
const inChinese = read('docs/guides/after-sales.zh-CN.md')
const ObjectSchema = z.record(z.string(), z.unknown())
const exampleIn = (text: string): unknown => JSON.parse(/```json\n([\s\S]*?)```/.exec(text)?.[1] ?? '')
const demo: unknown = JSON.parse(read('local/demo/config/sync.config.json'))

/** The second over the first, member by member. */
function over(below: unknown, above: unknown): unknown {
  const [one, other] = [below, above].map((value) => ObjectSchema.safeParse(value).data)
  if (!one || !other) return above
  const merged = Object.entries(other).map(([name, value]) => [name, over(one[name], value)])
  return { ...one, ...Object.fromEntries(merged) }
}

describe('the guide to what comes after a sale', () => {
  it('configures the targets of the demo', () => {
    const { targets, warranty } = SyncConfigSchema.parse(over(demo, exampleIn(guide)))
    expect(targets['erp']?.kinds).toEqual(['order', 'customer', 'return', 'parts'])
    expect(targets['desk']?.privacy).toMatchObject({ phone: 'partial', address: 'none' })
    expect(warranty).toHaveLength(3)
  })

  it('says the same in Chinese', () => {
    expect(exampleIn(inChinese)).toEqual(exampleIn(guide))
    const marks = (text: string) => new Set(text.match(/`[^`\n]+`/g)?.filter((mark) => !mark.includes('<')))
    expect(marks(inChinese)).toEqual(marks(guide))
  })

  it('names every kind and every step', () => {
    const names = [...DocumentKindSchema.options, ...TicketStepSchema.options, ...ReturnStepSchema.options]
    for (const name of names.filter((one) => one !== 'order')) expect(guide).toContain(`\`${name}\``)
  })
})
