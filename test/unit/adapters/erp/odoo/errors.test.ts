import { describe, expect, it } from 'vitest'
import {
  classOfFault,
  failureOfLoad,
  failureOfStatus,
  failureOfTransport,
} from '#adapters/erp/odoo/errors.ts'

/** Sentences as Odoo 17 and 18 gave them. */
describe('an exception of Odoo’s', () => {
  it.each([
    ['AuthDenied', 'odoo.exceptions.AccessDenied', 'Access Denied'],
    [
      'AuthDenied',
      'odoo.exceptions.AccessError',
      "You are not allowed to access 'Sales Order' (sale.order) records.",
    ],
    [
      'Misconfigured',
      'psycopg2.OperationalError',
      'connection to server at "127.0.0.1", port 5433 failed: FATAL:  database "nosuchdb" does not exist\n',
    ],
    ['Transient', 'psycopg2.OperationalError', 'server closed the connection unexpectedly'],
    [
      'Contended',
      'psycopg2.errors.SerializationFailure',
      'could not serialize access due to concurrent update',
    ],
    ['Contended', 'psycopg2.errors.UniqueViolation', 'duplicate key value violates unique constraint'],
    ['Contended', 'odoo.exceptions.LockError', 'Unable to lock'],
    [
      'Contended',
      'odoo.exceptions.ValidationError',
      'The operation cannot be completed: Error, a partner cannot follow twice the same object.',
    ],
    ['NotFound', 'odoo.exceptions.MissingError', 'Record does not exist or has been deleted.'],
    ['Misconfigured', 'builtins.ValueError', "Invalid field 'nosuch' on model 'sale.order'"],
    ['Misconfigured', 'builtins.KeyError', 'x_nosuch'],
    [
      'Misconfigured',
      'builtins.AttributeError',
      "The method 'no_such' does not exist on the model 'sale.order'",
    ],
    ['Misconfigured', 'odoo.exceptions.UserError', "Object no.such.model doesn't exist"],
    [
      'Misconfigured',
      'odoo.exceptions.UserError',
      "Unable to send message, please configure the sender's email address.",
    ],
    ['Misconfigured', 'werkzeug.exceptions.NotFound', 'the model does not exist'],
    [
      'StateConflict',
      'odoo.exceptions.UserError',
      'The following orders are not in a state requiring confirmation: S00030',
    ],
    ['StateConflict', 'odoo.exceptions.UserError', 'Some orders are not in a state requiring confirmation.'],
    [
      'StateConflict',
      'odoo.exceptions.UserError',
      'You cannot cancel a locked order. Please unlock it first.',
    ],
    [
      'StateConflict',
      'odoo.exceptions.UserError',
      'The ordered quantity of a sale order line cannot be decreased below the amount already delivered.',
    ],
    ['StateConflict', 'odoo.exceptions.UserError', 'You cannot modify the product of this order line.'],
    ['Invalid', 'odoo.exceptions.ValidationError', 'The tax number is not one.'],
    ['Transient', 'builtins.MemoryError', ''],
  ])('is %s: %s, “%s”', (kind, name, message) => {
    expect(classOfFault({ name, message })).toBe(kind)
  })
})

describe('a load that wrote nothing', () => {
  it.each([
    ['Contended', 'could not serialize access due to concurrent update\n'],
    ['AuthDenied', "You are not allowed to create 'Sales Order' (sale.order) records."],
    [
      'AuthDenied',
      'You do not have enough rights to access the fields "credit_limit" on Contact (res.partner).',
    ],
    ['StateConflict', 'It is forbidden to modify the following fields in a locked order:\nQuantity'],
    ['Misconfigured', "Unable to send message, please configure the sender's email address."],
    ['Invalid', "'two' does not seem to be a number for field 'Order Lines/Quantity'"],
  ])('is %s: “%s”', (kind, message) => {
    expect(failureOfLoad([message])).toEqual({ class: kind, message })
  })

  it('names what is missing, not what follows from it', () => {
    const failure = failureOfLoad([
      "No matching record found for external id 'ecshop.nobody' in field 'Customer'",
      "Missing required value for the field 'Customer' (partner_id)",
    ])
    expect(failure).toMatchObject({ class: 'MissingReference', subject: 'ecshop.nobody' })
  })

  it('without a reason is refused all the same', () => {
    expect(failureOfLoad([]).class).toBe('Invalid')
  })
})

const answer = (status: number, headers: Record<string, string> = {}) =>
  ({ is: 'answer', status, headers, text: '' }) as const

describe('an answer that is not Odoo’s', () => {
  it.each([
    [502, 'Transient', 'UnknownOutcome'],
    [500, 'Transient', 'UnknownOutcome'],
    [404, 'Misconfigured', 'Misconfigured'],
    [303, 'Misconfigured', 'Misconfigured'],
    [403, 'AuthDenied', 'AuthDenied'],
    [200, 'Transient', 'Protocol'],
  ])('with status %i is %s to a read and %s to a write', (status, read, write) => {
    expect(failureOfStatus(answer(status), 'read', 0).class).toBe(read)
    expect(failureOfStatus(answer(status), 'write', 0).class).toBe(write)
  })

  it('hands on its advice when it was called too often', () => {
    const failure = failureOfStatus(answer(429, { 'retry-after': '7' }), 'write', 0)
    expect(failure).toMatchObject({ class: 'RateLimited', retryAfterMs: 7_000 })
  })

  it('says of a page that the address or the database may be wrong', () => {
    const failure = failureOfStatus(answer(404, { 'content-type': 'text/html' }), 'write', 0)
    expect(failure.message).toContain('odoo.database')
  })
})

describe('a call without an answer', () => {
  it('is unknown only where bytes of a write left', () => {
    expect(failureOfTransport({ is: 'unclear', code: 'TIMEOUT' }, 'write').class).toBe('UnknownOutcome')
    expect(failureOfTransport({ is: 'unclear', code: 'TIMEOUT' }, 'read').class).toBe('Transient')
    expect(failureOfTransport({ is: 'not-sent', code: 'DEADLINE' }, 'write').class).toBe('Transient')
  })
})
