import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { signBridgeCall } from '#adapters/shop/ecshop/signature.ts'
import { BRIDGE_PROBLEMS } from '#contracts/bridge.ts'
import { bridgeOpenApi } from '#contracts/bridge-openapi.ts'

const ContentSchema = z.object({
  'application/json': z.object({
    schema: z.record(z.string(), z.unknown()),
    example: z.unknown().optional(),
    examples: z.record(z.string(), z.object({ value: z.unknown() })).optional(),
  }),
})
const OperationSchema = z.object({
  requestBody: z.object({ content: ContentSchema }).optional(),
  responses: z.record(z.string(), z.object({ content: ContentSchema })),
})
const operations = Object.entries(
  z
    .record(z.string(), z.partialRecord(z.enum(['get', 'post']), OperationSchema))
    .parse(bridgeOpenApi()['paths']),
).flatMap(([path, methods]) =>
  Object.entries(methods).flatMap(([method, operation]) =>
    operation ? [{ name: `${method.toUpperCase()} ${path}`, operation }] : [],
  ),
)

// OpenAPI has keywords of its own, and the patterns say more than the formats.
const ajv = new Ajv2020({ strict: false, validateFormats: false })
ajv.addSchema(bridgeOpenApi(), 'bridge')
const accepts = (schema: unknown) => {
  const text = JSON.stringify(schema).replaceAll('"#/components', '"bridge#/components')
  return ajv.compile(z.record(z.string(), z.unknown()).parse(JSON.parse(text)))
}

const page = readFileSync(join(import.meta.dirname, '../../docs/contracts/bridge-v1.md'), 'utf8')
// The formatter pads tables.
const unpadded = page.replace(/ +/g, ' ')

describe('the OpenAPI of the bridge', () => {
  it('has every resource', () => {
    expect(operations.map(({ name }) => name).sort()).toEqual(
      [
        'GET /v1/health.php',
        'GET /v1/changes.php',
        'GET /v1/orders.php',
        'GET /v1/customers.php',
        'GET /v1/returns.php',
        'GET /v1/tickets.php',
        'POST /v1/stock-query.php',
        'POST /v1/stock-write.php',
        'POST /v1/shipments.php',
        'POST /v1/ticket-replies.php',
        'POST /v1/order-cancel.php',
        'POST /v1/order-notes.php',
      ].sort(),
    )
  })

  it.each(operations)('has examples of $name that fit its own schemas', ({ operation }) => {
    const contents = [operation.requestBody, ...Object.values(operation.responses)].flatMap((part) =>
      part ? [part.content['application/json']] : [],
    )
    for (const { schema, example, examples } of contents) {
      const values = examples ? Object.values(examples).map(({ value }) => value) : [example]
      expect(values.length).toBeGreaterThan(0)
      const fits = accepts(schema)
      for (const value of values) expect(fits(value)).toBe(true)
    }
  })

  it.each(operations)('tells with $name the codes of each status, and of no other', ({ operation }) => {
    for (const [status, { content }] of Object.entries(operation.responses)) {
      const codes = Object.keys(content['application/json'].examples ?? {})
      for (const code of codes) {
        expect(BRIDGE_PROBLEMS).toHaveProperty([code, 'status'], Number(status))
      }
    }
  })

  it('names every code somewhere', () => {
    const named = operations.flatMap(({ operation }) =>
      Object.values(operation.responses).flatMap(({ content }) =>
        Object.keys(content['application/json'].examples ?? {}),
      ),
    )
    expect([...new Set(named)].sort()).toEqual(Object.keys(BRIDGE_PROBLEMS).sort())
  })
})

describe('the page of the bridge', () => {
  it.each(Object.entries(BRIDGE_PROBLEMS))(
    'has %s with its status and remedy',
    (code, { status, meaning, remedy }) => {
      expect(unpadded).toContain(`<a id="${code}"></a>\`${code}\` | ${status} | ${meaning} | ${remedy} |`)
    },
  )

  it('signs its example as we do', () => {
    const signature = signBridgeCall('brsec_YW4gaW52ZW50ZWQga2V5IG9mIDMyIGJ5dGVzLCB5ZXM=', {
      method: 'POST',
      path: '/v1/stock-query.php',
      timestamp: 1_795_305_600,
      nonce: 'n0nce-0123456789_AZ',
      body: '{"skus":["TEE-L"]}',
    })
    expect(page).toContain('brsec_YW4gaW52ZW50ZWQga2V5IG9mIDMyIGJ5dGVzLCB5ZXM=')
    expect(page).toContain(
      'X-Erpsync-Timestamp: 1795305600\nX-Erpsync-Nonce: n0nce-0123456789_AZ\n\n{"skus":["TEE-L"]}',
    )
    expect(page).toContain(`X-Erpsync-Signature: ${signature}\n`)
  })
})
