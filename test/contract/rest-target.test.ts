import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { AnswerClassSchema } from '#contracts/rest-parts.ts'
import { RestTargetSchema } from '#contracts/rest-target.ts'
import { FAILURE_RULES } from '#domain/erp-failure.ts'
import { demoRestTarget } from '../support/demo-rest-target.ts'

type Input = z.input<typeof RestTargetSchema>

const LEAST: Input = {
  baseUrl: 'https://erp.example.com/api',
  idempotency: 'none',
  operations: { place: { path: '/orders' } },
}

const withReads = (reads: object) => ({ operations: { place: { path: '/orders' }, ...reads } })
const stockBy = (change: object) => ({
  meaning: 'free',
  bySku: { path: '/stock', figures: 'body', ...change },
})

const sentences = (target: unknown): string[] =>
  RestTargetSchema.safeParse(target).error?.issues.map(
    ({ path, message }) => `${path.join('.')} ${message}`,
  ) ?? []

describe('the settings of a REST target', () => {
  it('need an address, what makes a repeated create harmless, and something they take', () => {
    expect(RestTargetSchema.parse(LEAST)).toMatchObject({
      auth: { type: 'none' },
      operations: { place: { method: 'POST', mapping: 'default' }, steps: [] },
    })
    expect(sentences({})).toHaveLength(2)
    expect(sentences({ ...LEAST, operations: {} }).join()).toContain('this target takes nothing')
    expect(sentences({ ...LEAST, operations: {}, kinds: { ticket: withReads({}) } })).toEqual([])
  })

  it.each<[what: string, change: object, sentence: string]>([
    ['a typo', { baseURL: 'x' }, 'Unrecognized key: "baseURL"'],
    ['another protocol', { baseUrl: 'ftp://erp.example.com' }, 'is not an http(s) address'],
    ['a user in the address', { baseUrl: 'https://me:pw@erp.example.com' }, 'holds a user name'],
    ['parameters in the address', { baseUrl: 'https://erp.example.com/?a=1' }, 'parameters go under "query"'],
    ['plain http', { baseUrl: 'http://erp.example.com' }, 'unencrypted: use https, or set allowPlainHttp'],
    ['a secret in a header', { headers: { Authorization: 'Bearer x' } }, 'would hold a secret'],
    ['an API key in a header', { headers: { 'X-API-Key': 'x' } }, 'would hold a secret'],
    ['a header that is none', { headers: { 'X Org': 'x' } }, 'is not the name of an HTTP header'],
    ['a header with a line break', { headers: { 'X-Org': 'a\nb' } }, 'no HTTP header may carry'],
    [
      'a path without a slash',
      { operations: { place: { path: 'orders' } } },
      'is not a path beginning with "/"',
    ],
    [
      'an unknown placeholder',
      { operations: { place: { path: '/orders/{id}' } } },
      'only placeholders are {reference}',
    ],
    ['a path that climbs', { operations: { place: { path: '/a/../b' } } }, 'holds "." or ".."'],
    [
      'a parameter with an unknown placeholder',
      { operations: { place: { path: '/o', query: { a: '{sn}' } } } },
      'has a placeholder other than {reference}',
    ],
    [
      'a mapping outside',
      { operations: { place: { path: '/o', mapping: '../m.jsonata' } } },
      'beside the configuration',
    ],
    ['a create without a body', { operations: { place: { path: '/o', mapping: 'none' } } }, 'not "none"'],
    [
      'a body with GET',
      {
        operations: { place: { path: '/o' }, find: { path: '/o', mapping: 'q.jsonata', documents: 'body' } },
      },
      'cannot be sent with GET',
    ],
    [
      'request keys without a header',
      { idempotency: 'request-key' },
      'is needed with idempotency "request-key"',
    ],
    [
      'a step twice',
      {
        operations: {
          place: { path: '/o' },
          steps: [
            { name: 'confirm', method: 'POST', path: '/o/{id}' },
            { name: 'confirm', method: 'POST', path: '/o/{id}' },
          ],
        },
      },
      'a second time',
    ],
    [
      'a step called create',
      { operations: { place: { path: '/o' }, steps: [{ name: 'create', method: 'POST', path: '/o' }] } },
      'is the name of the first step',
    ],
    [
      'a change of what nothing creates',
      { operations: { cancel: { method: 'POST', path: '/o/{id}' } } },
      'operations.place is missing: nothing creates',
    ],
    [
      'a request key without its header, for one kind',
      { kinds: { ticket: { idempotency: 'request-key', ...withReads({}) } } },
      'kinds.ticket.idempotencyHeader is needed',
    ],
    [
      'steps of a kind with one name',
      {
        kinds: {
          parts: withReads({
            steps: ['a', 'a'].map((name) => ({ name, method: 'POST', path: '/o/{id}' })),
          }),
        },
      },
      'kinds.parts.operations.steps.1.name names the step "a" a second time',
    ],
    ['a kind there is none of', { kinds: { invoice: withReads({}) } }, 'kinds Unrecognized key: "invoice"'],
    ['an empty expression', { answers: { success: '' } }, 'is empty: write a JSONata expression'],
    [
      'a token address over plain http',
      { auth: { type: 'oauth2', tokenUrl: 'http://erp.example.com/t' } },
      'unencrypted',
    ],
    [
      'a body with GET in a read',
      withReads({ stock: stockBy({ mapping: 'q.jsonata' }) }),
      'cannot be sent with GET',
    ],
    [
      'a read with the document of an order as its query',
      withReads({ stock: stockBy({ method: 'POST', mapping: 'default' }) }),
      'has no built-in form',
    ],
    [
      'a placeholder a read does not know',
      withReads({ stock: stockBy({ query: { s: '{sku}' } }) }),
      'has a placeholder other than {skus}, {warehouses}',
    ],
    [
      'pages that are all the same',
      withReads({
        shipments: { read: { path: '/s', shipments: 'body', cursor: 'body.next', more: 'body.more' } },
      }),
      'asks for every page alike',
    ],
    [
      'pages that do not say whether there are more',
      withReads({ shipments: { read: { path: '/s/{cursor}', shipments: 'body', cursor: 'body.next' } } }),
      'operations.shipments.read.more',
    ],
    [
      'reservations at a step there is none of',
      withReads({
        commitments: {
          reservesAt: 'confirm',
          read: { path: '/c', query: { r: '{references}' }, documents: 'body' },
        },
      }),
      'operations.commitments.reservesAt is none of the steps create',
    ],
    [
      'a zone that is none',
      withReads({
        shipments: {
          timeZone: 'Shanghai',
          read: { path: '/s/{cursor}', shipments: 'body', cursor: 'body.next', more: 'false' },
        },
      }),
      'is not an IANA time zone',
    ],
  ])('object to %s', (_, change, sentence) => {
    expect(sentences({ ...LEAST, ...change }).join('\n')).toContain(sentence)
  })

  it('permit plain http to this machine, and elsewhere when told', () => {
    expect(sentences({ ...LEAST, baseUrl: 'http://127.0.0.1:8080/api' })).toEqual([])
    expect(sentences({ ...LEAST, baseUrl: 'http://erp.example.com', allowPlainHttp: true })).toEqual([])
    expect(sentences({ ...LEAST, baseUrl: 'http://127.0.0.1.example.com' })).toHaveLength(1)
  })

  it('know every class of failure', () => {
    expect(new Set(AnswerClassSchema.options)).toEqual(new Set(['Success', ...Object.keys(FAILURE_RULES)]))
  })

  it('come out of parsing as they went in, so that the JSON Schema says the same', () => {
    const target = demoRestTarget('http://127.0.0.1:1')
    expect(RestTargetSchema.parse(target)).toEqual(target)
    const check = new Ajv2020({ strict: false, validateFormats: false }).compile(
      z.toJSONSchema(RestTargetSchema, { io: 'input' }),
    )
    expect(check(target)).toBe(true)
    expect(check({ ...target, baseURL: 'x' })).toBe(false)
    expect(check({ ...target, idempotency: 'maybe' })).toBe(false)
  })

  it('say what each of them is for', () => {
    const undescribed: string[] = []
    const walk = (schema: unknown, path: string) => {
      if (typeof schema !== 'object' || schema === null) return
      const { properties, items, oneOf, additionalProperties } = schema as Record<string, unknown>
      for (const [name, member] of Object.entries(properties ?? {})) {
        const text: unknown =
          typeof member === 'object' && member !== null ? Reflect.get(member, 'description') : undefined
        if (typeof text !== 'string' || text.length < 5) undescribed.push(`${path}.${name}`)
        walk(member, `${path}.${name}`)
      }
      for (const [index, branch] of (Array.isArray(oneOf) ? oneOf : []).entries())
        walk(branch, `${path}|${index}`)
      walk(items, `${path}[]`)
      walk(additionalProperties, `${path}{}`)
    }
    walk(z.toJSONSchema(RestTargetSchema, { io: 'input' }), 'rest')
    expect(undescribed).toEqual([])
  })
})
