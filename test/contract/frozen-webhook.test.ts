import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { breaks, type Shape, webhookShapes } from '../support/frozen-webhook.ts'

const frozen = z
  .record(z.string(), z.record(z.string(), z.unknown()))
  .parse(
    JSON.parse(readFileSync(join(import.meta.dirname, '../support/fixtures/webhook-v1.frozen.json'), 'utf8')),
  )

describe('webhook v1, which is frozen', () => {
  it.each(Object.entries(frozen))('has %s as it was, but for more optional fields', (name, shape) => {
    expect(breaks(shape, webhookShapes()[name], name)).toEqual([])
  })
})

describe('what breaks a frozen shape', () => {
  const text = { type: 'string' }
  const shape: Shape = {
    type: 'object',
    properties: { id: text, note: text, inner: { type: 'object', properties: { a: text }, required: ['a'] } },
    required: ['id', 'inner'],
    additionalProperties: {},
  }
  const inner = (change: object) => ({
    ...shape,
    properties: {
      id: text,
      note: text,
      inner: { type: 'object', properties: { a: text }, required: ['a'], ...change },
    },
  })

  it.each<[string, unknown, string[]]>([
    ['a further required field', { ...shape, required: ['id', 'inner', 'note'] }, ['X.note is required']],
    ['a field that need not be there any more', { ...shape, required: ['inner'] }, ['X.id is optional']],
    ['a field that is gone', { ...shape, properties: { id: text, note: text } }, ['X.inner differs']],
    [
      'a pattern',
      { ...shape, properties: { ...Object(shape['properties']), id: { ...text, pattern: 'a' } } },
      ['X.id differs'],
    ],
    ['no room for unknown fields', { ...shape, additionalProperties: false }, ['X differs']],
    [
      'a required field within',
      inner({ properties: { a: text, b: text }, required: ['a', 'b'] }),
      ['X.inner.b is required'],
    ],
    ['the whole', undefined, ['X differs']],
  ])('is %s', (_what, now, told) => {
    expect(breaks(shape, now, 'X')).toEqual(told)
  })

  it('is no further optional field, at the top or within', () => {
    const more = { ...shape, properties: { ...Object(shape['properties']), more: text } }
    expect(breaks(shape, more)).toEqual([])
    expect(breaks(shape, inner({ properties: { a: text, b: text } }))).toEqual([])
  })
})
