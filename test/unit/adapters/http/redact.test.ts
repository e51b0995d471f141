import { describe, expect, it } from 'vitest'
import { redact, textsIn } from '#adapters/http/redact.ts'

describe('redaction', () => {
  it('takes secrets out wherever they occur', () => {
    expect(redact('token tok-123456 is wrong (tok-123456)', ['tok-123456'])).toBe('token … is wrong (…)')
  })

  it('takes out names and addresses that were in the request', () => {
    expect(redact('收货人 样例收货人 的地址 样例路 1 号 无效', [], ['样例收货人', '样例路 1 号'])).toBe(
      '收货人 … 的地址 … 无效',
    )
    expect(redact('no route to Example Road 5', [], ['Example Road 5'])).toBe('no route to …')
  })

  it.each([
    'buyer@example.com',
    '13800000000',
    '138-0000-0000',
    '010-00000000',
    '0512 0000000',
    '+86 138 0000 0000',
    '+49 (0)30 000000',
  ])('takes out %s though it was never sent', (text) => {
    expect(redact(`call ${text}.`)).toBe('call ….')
  })

  it.each(['TEE-L', 'EC1-2026112112345-7sa', '2026112112345', 'SO-1001', '1234567890123456'])(
    'leaves the code %s, sent or not',
    (code) => {
      expect(redact(`unknown ${code}`, [], [code])).toBe(`unknown ${code}`)
    },
  )

  it('gives one line of at most 300 characters, cutting no character in half', () => {
    expect(redact('a\n  b\tc')).toBe('a b c')
    const long = redact('🧧'.repeat(400))
    expect(long.length).toBeLessThanOrEqual(300)
    expect(long.isWellFormed()).toBe(true)
  })

  it('finds texts at any depth', () => {
    expect(textsIn({ a: ['x', { b: 'y', c: 1 }], d: null })).toEqual(['x', 'y'])
  })
})
