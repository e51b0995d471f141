import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { generate, WebhookRequestSchema } from '#contracts/generate.ts'
import { EVENT_PROBLEMS, PROBLEMS, problem } from '#contracts/problems.ts'
import { OrderSnapshotSchema } from '#contracts/webhook.ts'
import { anOrder, snapshotEvent } from '../support/an-order.ts'
import { arbitrarySnapshot } from '../support/arbitrary-order.ts'
import { invalidExamples, validExamples } from '../support/webhook-examples.ts'

const root = join(import.meta.dirname, '../..')
const readJson = (path: string): unknown => JSON.parse(readFileSync(join(root, path), 'utf8'))

const OPENAPI = 'docs/contracts/openapi.json'

// The patterns say more than the formats, and OpenAPI has keywords of its own.
const ajv = new Ajv2020({ strict: false, validateFormats: false })
const accepts = ajv.compile(generate()['docs/contracts/webhook-v1.schema.json'] ?? false)
ajv.addSchema(generate()[OPENAPI] ?? {}, 'openapi')
const part = (name: string) => ajv.compile({ $ref: `openapi#/components/schemas/${name}` })

describe('the generated contract', () => {
  it.each(Object.entries(generate()))('%s is up to date (npm run contracts)', (path, content) => {
    expect(readJson(path)).toEqual(content)
  })

  it('offers every valid example in OpenAPI', () => {
    expect(readJson(OPENAPI)).toHaveProperty(
      ['paths', '/v1/shops/{shop}/events', 'post', 'requestBody', 'content', 'application/json', 'examples'],
      Object.fromEntries(validExamples.map(([name, value]) => [name, { value }])),
    )
  })

  it('describes every status that a problem has', () => {
    const { responses } = openApiPost()
    const statuses = Object.values(PROBLEMS).map(({ status }) => String(status))
    expect(Object.keys(responses).sort()).toEqual([...new Set(['202', '207', ...statuses])].sort())
  })

  it('has answers and problems in its examples that fit its own schemas', () => {
    const { responses } = openApiPost()
    for (const status of ['202', '207']) {
      expect(part('WebhookAnswer')(responses[status]?.content['application/json']?.example)).toBe(true)
    }
    const fits = part('Problem')
    for (const code of Object.keys(PROBLEMS) as (keyof typeof PROBLEMS)[])
      expect(fits(problem(code, 'c'))).toBe(true)
  })

  it('refuses in OpenAPI what it refuses in the schema', () => {
    const fits = part('WebhookRequest')
    for (const [, body] of validExamples) expect(fits(body)).toBe(true)
    for (const [, { body }] of invalidExamples) expect(fits(body)).toBe(false)
  })
})

describe('the examples', () => {
  it.each(validExamples)('%s fits the schema, by zod and by ajv', (_name, body) => {
    expect({ zod: WebhookRequestSchema.safeParse(body).success, ajv: accepts(body) }).toEqual({
      zod: true,
      ajv: true,
    })
  })

  it.each(invalidExamples)('%s does not, by zod nor by ajv', (_name, { body }) => {
    expect({ zod: WebhookRequestSchema.safeParse(body).success, ajv: accepts(body) }).toEqual({
      zod: false,
      ajv: false,
    })
  })
})

describe('zod and ajv', () => {
  const columns = Object.keys(OrderSnapshotSchema.shape)
  const odd = fc.oneof(
    fc.jsonValue({ maxDepth: 1 }),
    fc.constantFrom(
      '',
      '0',
      '00',
      '-0.00',
      '1.00',
      '1.0',
      '2026-11-21T00:00:00Z',
      '2026-02-30T00:00:00Z',
      '\ud83d',
      '🙂',
    ),
    fc.constantFrom(null, 0, -1, 7, 1.5, 1e300, 2 ** 53),
    fc.constant(undefined),
  )

  it('agree on any snapshot with any one column changed', () => {
    fc.assert(
      fc.property(arbitrarySnapshot, fc.constantFrom(...columns), odd, (snapshot, column, value) => {
        const { [column]: _was, ...rest } = snapshot
        const changed = value === undefined ? rest : { ...rest, [column]: value }
        const event = { ...snapshotEvent(anOrder().snapshot()), snapshot: changed }
        expect(accepts(event)).toBe(WebhookRequestSchema.safeParse(event).success)
      }),
      { numRuns: 1_000 },
    )
  }, 60_000)

  const eventsOf = (name: string) =>
    z
      .object({ events: z.array(z.looseObject({ snapshot: z.record(z.string(), z.json()) })) })
      .parse(Object.fromEntries(validExamples)[name]).events

  it.each(['customer', 'return', 'ticket'])(
    'agree on any %s with any one column changed',
    (name) => {
      const [event] = eventsOf(name)
      const columns = Object.keys(event?.snapshot ?? {})
      fc.assert(
        fc.property(fc.constantFrom(...columns), odd, (column, value) => {
          const { [column]: _was, ...rest } = event?.snapshot ?? {}
          const changed = { ...event, snapshot: value === undefined ? rest : { ...rest, [column]: value } }
          expect(accepts(changed)).toBe(WebhookRequestSchema.safeParse(changed).success)
        }),
        { numRuns: 300 },
      )
    },
    60_000,
  )
})

describe('the page of the contract', () => {
  // The formatter pads tables.
  const page = readFileSync(join(root, 'docs/contracts/webhook-v1.md'), 'utf8').replace(/ +/g, ' ')

  it.each(Object.entries(PROBLEMS))(
    'has %s under the anchor that the problem names, with its status',
    (code, { status }) => {
      expect(page).toContain(`<a id="${code}"></a>\`${code}\` | ${status} |`)
    },
  )

  it.each(Object.keys(EVENT_PROBLEMS))('explains %s', (code) => {
    expect(page).toContain(`| \`${code}\` |`)
  })
})

function openApiPost(): { responses: Record<string, { content: Record<string, { example?: unknown }> }> } {
  const paths = generate()[OPENAPI]?.['paths']
  return Reflect.get(Reflect.get(Object(paths), '/v1/shops/{shop}/events'), 'post')
}
