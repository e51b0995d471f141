import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseJson } from '#adapters/http/parse-json.ts'

describe('reading JSON', () => {
  it('keeps every digit of an id beyond 53 bits, as text', () => {
    expect(parseJson('{"id":9223372036854775807,"list":[-9007199254740993]}')).toEqual({
      ok: true,
      value: { id: '9223372036854775807', list: ['-9007199254740993'] },
    })
  })

  it('leaves numbers that are exact as numbers', () => {
    expect(parseJson('{"a":9007199254740991,"b":12.30,"c":-1,"d":1e3}')).toEqual({
      ok: true,
      value: { a: 9_007_199_254_740_991, b: 12.3, c: -1, d: 1000 },
    })
  })

  it('keeps a number too large for a double as text', () => {
    expect(parseJson('1e400')).toEqual({ ok: true, value: '1e400' })
  })

  it('reads what it can as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const expected: unknown = JSON.parse(text)
        const exact = JSON.stringify(expected) === JSON.stringify(expected).replace(/\d{16,}/g, '')
        if (exact) expect(parseJson(text)).toEqual({ ok: true, value: expected })
        else expect(parseJson(text).ok).toBe(true)
      }),
    )
  })

  it.each(['', '{', '<html>', '{"a":1}}', '['.repeat(100_000)])('says no to what is no JSON', (text) => {
    expect(parseJson(text)).toEqual({ ok: false })
  })
})
