import { describe, expect, it } from 'vitest'
import {
  type AnswerReader,
  createReader,
  type Manner,
  type ReaderSettings,
  transportFailure,
} from '#adapters/erp/rest/errors.ts'
import type { ErpFailureClass } from '#domain/erp-failure.ts'

const NOW = Date.UTC(2026, 10, 21, 8, 30)
const NOTHING: ReaderSettings = {
  rules: [],
  success: undefined,
  message: undefined,
  where: 'answers.success',
}

interface Answered {
  readonly status?: number
  readonly body?: unknown
  readonly text?: string
  readonly headers?: Record<string, string>
}

function read(
  reader: AnswerReader,
  { status = 200, body, text, headers = {} }: Answered,
  sent: string[] = [],
) {
  return reader.read(
    { is: 'answer', status, headers, text: text ?? (body === undefined ? '' : JSON.stringify(body)) },
    { asked: { reference: 'EC1-1' }, now: NOW, hidden: { secrets: ['s3cr3t-token'], sent } },
  )
}
const classOf = async (manner: Manner, answered: Answered, settings: Partial<ReaderSettings> = {}) => {
  const result = await read(createReader(manner, { ...NOTHING, ...settings }), answered)
  return result.ok ? 'ok' : result.failure.class
}
const rule = (when: string, kind: ErpFailureClass | 'Success', more: object = {}) => ({
  where: 'answers.rules[0]',
  rule: { when, class: kind, ...more },
})

describe('an answer without rules', () => {
  it.each<[status: number, create: string, change: string, lookUp: string]>([
    [200, 'ok', 'ok', 'ok'],
    [201, 'ok', 'ok', 'ok'],
    [301, 'Misconfigured', 'Misconfigured', 'Misconfigured'],
    [302, 'Protocol', 'Protocol', 'Protocol'],
    [307, 'Misconfigured', 'Misconfigured', 'Misconfigured'],
    [400, 'Invalid', 'Invalid', 'Invalid'],
    [401, 'AuthDenied', 'AuthDenied', 'AuthDenied'],
    [403, 'AuthDenied', 'AuthDenied', 'AuthDenied'],
    [404, 'Misconfigured', 'NotFound', 'Misconfigured'],
    [405, 'Misconfigured', 'Misconfigured', 'Misconfigured'],
    [408, 'UnknownOutcome', 'UnknownOutcome', 'Transient'],
    [409, 'DuplicateRef', 'StateConflict', 'Contended'],
    [410, 'Misconfigured', 'NotFound', 'Misconfigured'],
    [412, 'Contended', 'Contended', 'Contended'],
    [422, 'Invalid', 'Invalid', 'Invalid'],
    [423, 'Contended', 'Contended', 'Contended'],
    [425, 'Transient', 'Transient', 'Transient'],
    [429, 'RateLimited', 'RateLimited', 'RateLimited'],
    [500, 'UnknownOutcome', 'UnknownOutcome', 'Transient'],
    [502, 'UnknownOutcome', 'UnknownOutcome', 'Transient'],
    [503, 'UnknownOutcome', 'UnknownOutcome', 'Transient'],
    [504, 'UnknownOutcome', 'UnknownOutcome', 'Transient'],
  ])(
    'of status %i is %s to a create, %s to a change, %s to a look-up',
    async (status, create, change, lookUp) => {
      expect(await classOf('create', { status, body: {} })).toBe(create)
      expect(await classOf('change', { status, body: {} })).toBe(change)
      expect(await classOf('look-up', { status, body: {} })).toBe(lookUp)
    },
  )

  it.each(['<html>login</html>', '{"id":', 'OK'])('that is no JSON confirms nothing: %s', async (text) => {
    expect(await classOf('create', { text })).toBe('Protocol')
    expect(await classOf('create', { text }, { success: 'body.code = 0' })).toBe('Protocol')
  })

  it('may be empty', async () => {
    expect(await classOf('change', { status: 204 })).toBe('ok')
  })
})

describe('rules', () => {
  it('read the body before the status, the first one that is true', async () => {
    const rules = [rule('body.code = 5', 'StateConflict'), rule('body.code > 0', 'Invalid')]
    expect(await classOf('create', { body: { code: 5 } }, { rules })).toBe('StateConflict')
    expect(await classOf('create', { body: { code: 6 } }, { rules })).toBe('Invalid')
    expect(await classOf('create', { body: { code: 0 } }, { rules })).toBe('ok')
    expect(await classOf('create', { status: 500, body: { code: 5 } }, { rules })).toBe('StateConflict')
  })

  it('see status, headers, text that is no JSON, and the reference', async () => {
    const rules = [
      rule('status = 200 and headers."x-kind" = "busy"', 'Contended'),
      rule('$not(json) and $contains(body, "maintenance")', 'Transient'),
      rule('body.ref = reference and body.exists', 'DuplicateRef'),
    ]
    expect(await classOf('create', { body: {}, headers: { 'x-kind': 'busy' } }, { rules })).toBe('Contended')
    expect(await classOf('create', { text: '<p>maintenance</p>' }, { rules })).toBe('Transient')
    expect(await classOf('create', { body: { ref: 'EC1-1', exists: 'yes' } }, { rules })).toBe('DuplicateRef')
  })

  it('may turn an error into a success', async () => {
    const rules = [rule('status = 409 and body.status = "cancelled"', 'Success')]
    expect(await classOf('change', { status: 409, body: { status: 'cancelled' } }, { rules })).toBe('ok')
  })

  it('give subject, field and the ERP’s sentence', async () => {
    const reader = createReader('create', {
      ...NOTHING,
      rules: [
        rule('body.e = 1', 'MissingReference', {
          subject: 'body.sku',
          field: 'body.at',
          message: '"no " & body.sku',
        }),
      ],
    })
    expect(await read(reader, { status: 400, body: { e: 1, sku: 4711, at: 'lines.0.sku' } })).toMatchObject({
      failure: {
        class: 'MissingReference',
        subject: '4711',
        field: 'lines.0.sku',
        message: 'HTTP 400: no 4711',
      },
    })
  })

  it('that fail on an answer leave it unclear, and are named', async () => {
    const reader = createReader('create', {
      ...NOTHING,
      rules: [rule('$contains(body.msg, "x")', 'Invalid')],
    })
    const result = await read(reader, { body: { msg: 7, id: 'D1' } })
    expect(result).toMatchObject({ ok: false, failure: { class: 'Protocol' } })
    expect(result.ok ? '' : result.failure.message).toContain('answers.rules[0].when')
  })

  it('that are broken are a problem of the configuration', () => {
    expect(createReader('create', { ...NOTHING, rules: [rule('body.', 'Invalid')] }).problem).toContain(
      'answers.rules[0].when',
    )
    expect(createReader('create', NOTHING).problem).toBeUndefined()
  })
})

describe('success by the body', () => {
  const success = 'body.code = 0'

  it('is what the configuration says', async () => {
    expect(await classOf('create', { body: { code: 0 } }, { success })).toBe('ok')
  })

  it('is not what merely has status 200', async () => {
    expect(await classOf('create', { body: { code: 7 } }, { success })).toBe('Protocol')
    expect(await classOf('create', { body: [] }, { success })).toBe('Protocol')
    expect(await classOf('create', { status: 204 }, { success })).toBe('Protocol')
  })

  it('leaves other statuses to what they mean', async () => {
    expect(await classOf('create', { status: 422, body: { code: 7 } }, { success })).toBe('Invalid')
  })
})

describe('the sentence of a failure', () => {
  const sentence = async (body: unknown, sent: string[] = []) => {
    const result = await read(createReader('create', NOTHING), { status: 422, body }, sent)
    return result.ok ? '' : result.failure.message
  }

  it.each<[body: unknown, message: string]>([
    [{ message: 'a' }, 'HTTP 422: a'],
    [{ error: { message: 'b' } }, 'HTTP 422: b'],
    [{ msg: 'c' }, 'HTTP 422: c'],
    [{ detail: 'd' }, 'HTTP 422: d'],
    [{ errors: [{ message: 'e' }] }, 'HTTP 422: e'],
    [{ errors: ['f'] }, 'HTTP 422: f'],
    [{ error: 'g' }, 'HTTP 422: g'],
    [{ message: { deep: 1 } }, 'HTTP 422'],
    [null, 'HTTP 422'],
  ])('of %j is "%s"', async (body, message) => {
    expect(await sentence(body)).toBe(message)
  })

  it('holds neither secrets nor people', async () => {
    const message = await sentence({ message: '样例收货人, 13800000000, a@example.com: s3cr3t-token' }, [
      '样例收货人',
    ])
    expect(message).toBe('HTTP 422: …, …, …: …')
  })
})

describe('the ERP’s advice to wait', () => {
  it.each([429, 503])('is handed on with status %i', async (status) => {
    const result = await read(createReader('create', NOTHING), { status, headers: { 'retry-after': '30' } })
    expect(result).toMatchObject({ failure: { retryAfterMs: 30_000 } })
  })
})

describe('a call without an answer', () => {
  it('is a clear failure when nothing was sent', () => {
    for (const manner of ['create', 'change', 'look-up'] as const) {
      expect(transportFailure({ is: 'not-sent', code: 'ECONNREFUSED' }, manner)).toEqual({
        class: 'Transient',
        message: 'nothing was sent: the ERP refused the connection (ECONNREFUSED)',
      })
    }
    expect(transportFailure({ is: 'not-sent', code: 'INVALID_REQUEST' }, 'create').class).toBe(
      'Misconfigured',
    )
  })

  it('is unknown when bytes left, save for a look-up', () => {
    expect(transportFailure({ is: 'unclear', code: 'TIMEOUT' }, 'create').class).toBe('UnknownOutcome')
    expect(transportFailure({ is: 'unclear', code: 'ECONNRESET' }, 'change').class).toBe('UnknownOutcome')
    expect(transportFailure({ is: 'unclear', code: 'ECONNRESET' }, 'look-up').class).toBe('Transient')
    expect(transportFailure({ is: 'unclear', code: 'TOO_LARGE', status: 200 }, 'create').class).toBe(
      'Protocol',
    )
  })
})
