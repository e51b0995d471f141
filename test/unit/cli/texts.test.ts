import { describe, expect, it } from 'vitest'
import { REFUND_REMEDY, type ReasonCode, reason } from '#domain/reasons.ts'
import { textsOf } from '../../../cli/texts.ts'

const CODES = Object.keys({
  unpaid: 1,
  deposit: 1,
  'cod-unconfirmed': 1,
  'late-payment': 1,
  unbalanced: 1,
  'missing-sku': 1,
  mapping: 1,
  'missing-reference': 1,
  refused: 1,
  'too-late-to-amend': 1,
  'too-late-to-cancel': 1,
  'amend-unsupported': 1,
  'cancel-unsupported': 1,
  'cancelled-in-erp': 1,
  'missing-in-erp': 1,
  'many-documents': 1,
  'reference-collision': 1,
  verify: 1,
  vanished: 1,
  'tombstone-burst': 1,
  'merge-predecessor': 1,
  'returned-unplaced': 1,
  'shipment-unreadable': 1,
  'shipment-unknown-order': 1,
  'shipment-deleted-order': 1,
  'shipment-forgotten-order': 1,
  'shipment-unknown-line': 1,
  'package-in-parts': 1,
  'shipment-changed': 1,
  'kind-unsupported': 1,
  'owned-by-erp': 1,
  'owned-by-shop': 1,
  'progress-unreadable': 1,
  'progress-unknown-reference': 1,
  'progress-changed': 1,
  'progress-forgotten': 1,
  'parts-no-target': 1,
  'too-old': 1,
} satisfies Record<ReasonCode, 1>) as ReasonCode[]
const en = textsOf('en')
const zh = textsOf('zh')

/** Every plain text of a table, by its path. */
function textsIn(value: unknown, path = ''): [string, string][] {
  if (typeof value === 'string') return [[path, value]]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) => textsIn(inner, `${path}.${name}`))
}

describe('the texts', () => {
  it('have Chinese for every sentence', () => {
    const chinese = new Map(textsIn(zh))
    const untranslated = textsIn(en).filter(([path, text]) => chinese.get(path) === text)
    // Codes and words of our own, which are the same in both.
    expect(untranslated.map(([path]) => path)).toEqual([
      '.doctor.checks.erp',
      '.status.epoch',
      '.show.version',
    ])
  })

  it.each(CODES)('translate the reason %s and keep what the ERP said about it', (code) => {
    const plain = zh.reason(reason(code))
    expect(plain.message).toMatch(/\p{Script=Han}/u)
    expect(plain.remedy).toMatch(/\p{Script=Han}/u)
    expect(zh.reason(reason(code, { detail: 'HTTP 422: no item X' })).message).toBe(
      `${plain.message} HTTP 422: no item X`,
    )
    expect(zh.reason(reason(code, { remedy: 'Ask Wang.' })).remedy).toBe('Ask Wang.')
    expect(en.reason(reason(code, { detail: 'HTTP 422' }))).toEqual({
      message: `${reason(code).message} HTTP 422`,
      remedy: reason(code).remedy,
    })
  })

  it('leave a reason alone that a newer version wrote', () => {
    const stored = { code: 'moon-phase', message: 'The moon is full.', remedy: 'Wait.' }
    expect(zh.reason(stored)).toEqual({ message: 'The moon is full.', remedy: 'Wait.' })
  })

  it('tell in both languages by which option a paid order is cancelled', () => {
    const stored = { code: 'needs-a-person', message: 'The order was paid.', remedy: REFUND_REMEDY }
    expect(en.reason(stored).remedy).toContain('--refund')
    expect(zh.reason(stored)).toEqual({
      message: 'The order was paid.',
      remedy: expect.stringMatching(/\p{Script=Han}.*--refund/u),
    })
    expect(zh.reason({ ...stored, remedy: 'Ask Wang.' }).remedy).toBe('Ask Wang.')
  })

  it('round ages down to one unit', () => {
    expect([12_000, 90_000, 3 * 3_600_000, 3 * 86_400_000].map((ms) => en.ago(ms))).toEqual([
      '12 s',
      '1 min',
      '3 h',
      '3 days',
    ])
    expect(zh.ago(90_000)).toBe('1 分钟')
  })
})
