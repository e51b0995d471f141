import { isDeepStrictEqual } from 'node:util'
import * as z from 'zod'
import { generate } from '#contracts/generate.ts'

/** A part of a contract as JSON Schema, without its descriptions, which may change. */
export type Shape = Readonly<Record<string, unknown>>

const RecordSchema = z.record(z.string(), z.unknown())
const ObjectShapeSchema = z.looseObject({
  properties: RecordSchema,
  required: z.array(z.string()).default([]),
})

/** Every part of webhook v1, by its name in the schema. */
export function webhookShapes(): Record<string, Shape> {
  const defs = RecordSchema.parse(generate()['docs/contracts/webhook-v1.schema.json']?.['$defs'])
  return Object.fromEntries(
    Object.entries(defs).map(([name, shape]) => [name, RecordSchema.parse(undescribed(shape))]),
  )
}

function undescribed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(undescribed)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]: [string, unknown]) =>
      // A property may bear the name itself.
      key === 'description' && typeof inner === 'string' ? [] : [[key, undescribed(inner)]],
    ),
  )
}

/** Where a shape breaks a frozen one: it asks for more, knows less, or allows something else. More optional fields are no break. */
export function breaks(frozen: unknown, now: unknown, path = ''): string[] {
  const before = ObjectShapeSchema.safeParse(frozen)
  const after = ObjectShapeSchema.safeParse(now)
  if (!before.success || !after.success) return isDeepStrictEqual(frozen, now) ? [] : [`${path} differs`]
  const { properties, required, ...rest } = before.data
  const { properties: newer, required: newlyRequired, ...newRest } = after.data
  return [
    ...(isDeepStrictEqual(rest, newRest) ? [] : [`${path} differs`]),
    ...newlyRequired.filter((name) => !required.includes(name)).map((name) => `${path}.${name} is required`),
    ...required.filter((name) => !newlyRequired.includes(name)).map((name) => `${path}.${name} is optional`),
    ...Object.entries(properties).flatMap(([name, shape]) => breaks(shape, newer[name], `${path}.${name}`)),
  ]
}
