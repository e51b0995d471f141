import { describe, expect, it } from 'vitest'
import { withoutPeople } from '#runtime/without-people.ts'

describe('fields of a log line', () => {
  it.each(
    `consignee mobile tel phone email address zipcode name userName user_name receiver_name consigneePhone buyer
    contact-name EMAIL homeAddress postscript rawBody headers webhook-signature apiSecret accessToken Authorization
    password`.split(/\s+/),
  )('never include %s', (key) => {
    expect(withoutPeople({ [key]: 'somebody', ref: 'ECA1-1' })).toEqual({ ref: 'ECA1-1' })
  })

  it.each([
    'shop',
    'ref',
    'orderId',
    'targetName',
    'queueUrl',
    'field',
    'telemetry',
    'hostname',
    'renamed',
    'code',
  ])('may include %s', (key) => {
    expect(withoutPeople({ [key]: 'x' })).toEqual({ [key]: 'x' })
  })

  it('are cleaned at every depth', () => {
    const fields = {
      order: { lines: [{ sku: 'A', buyer: { id: 1 } }], consignee: { city: 'x' } },
      n: 0,
      none: null,
    }
    expect(withoutPeople(fields)).toEqual({ order: { lines: [{ sku: 'A' }] }, n: 0, none: null })
  })

  it('describe an error by kind, message and place', () => {
    const described = withoutPeople({ error: new TypeError('broken') })['error']
    expect(described).toMatchObject({ kind: 'TypeError', message: 'broken' })
    expect(Reflect.get(Object(described), 'stack')[0]).toMatch(/^at .*without-people\.test\.ts/)
  })

  it('never include what a syntax error quotes', () => {
    const error = (() => {
      try {
        return JSON.parse('样例收货人')
      } catch (error) {
        return error
      }
    })()
    expect(error).toBeInstanceOf(SyntaxError)
    expect(JSON.stringify(withoutPeople({ error }))).not.toContain('样')
  })
})
