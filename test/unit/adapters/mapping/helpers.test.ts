import { describe, expect, it } from 'vitest'
import { date, money } from '#adapters/mapping/helpers.ts'

describe('$money', () => {
  it.each<[amount: string, number: number, string: string, minor: number]>([
    ['12.30', 12.3, '12.30', 1230],
    ['-5.00', -5, '-5.00', -500],
    ['0.07', 0.07, '0.07', 7],
    ['-0.07', -0.07, '-0.07', -7],
    ['-0.00', 0, '0.00', 0],
    ['999999999999.99', 999_999_999_999.99, '999999999999.99', 99_999_999_999_999],
    ['19.9', 19.9, '19.90', 1990],
    ['7', 7, '7.00', 700],
    ['1.2500', 1.25, '1.25', 125],
  ])('gives %s in each form', (amount, number, string, minor) => {
    expect(money(amount)).toBe(number)
    expect(money(amount, 'number')).toBe(number)
    expect(money(amount, 'string')).toBe(string)
    expect(money(amount, 'minor')).toBe(minor)
  })

  it('gives nothing for nothing', () => {
    expect(money(undefined)).toBeUndefined()
    expect(money(null)).toBeUndefined()
  })

  it.each([12.3, '1.234', '1e3', '', '12,30', 'abc', true, ['1.00']])(
    'refuses %j, without repeating it',
    (amount) => {
      expect(() => money(amount)).toThrow('the amount is not a decimal string of the order such as "12.30"')
    },
  )

  it('refuses another form', () => {
    expect(() => money('1.00', 'cents')).toThrow('"number", "string", "minor"')
  })
})

describe('$date', () => {
  it('does not date an order at 07:00 in China to yesterday', () => {
    expect(date('2026-11-20T23:00:00Z', 'YYYYMMDD', 'Asia/Shanghai')).toBe('20261121')
    expect(date('2026-11-20T23:00:00Z', 'YYYYMMDD', 'UTC')).toBe('20261120')
  })

  it.each<[form: string, value: string | number]>([
    ['YYYYMMDD', '20270101'],
    ['YYYY-MM-DD', '2027-01-01'],
    ['YYYY-MM-DD HH:mm:ss', '2027-01-01 00:05:09'],
    ['epoch', 1_798_733_109],
    ['epochMs', 1_798_733_109_250],
  ])('writes %s', (form, value) => {
    expect(date('2026-12-31T16:05:09.250Z', form, 'Asia/Shanghai')).toBe(value)
  })

  it('knows summer time and zones of half an hour', () => {
    expect(date('2026-07-01T22:30:00Z', 'YYYY-MM-DD HH:mm:ss', 'Europe/Berlin')).toBe('2026-07-02 00:30:00')
    expect(date('2026-01-01T18:30:00Z', 'YYYY-MM-DD HH:mm:ss', 'Asia/Kolkata')).toBe('2026-01-02 00:00:00')
  })

  it('gives nothing for nothing', () => {
    expect(date(null, 'YYYYMMDD', 'UTC')).toBeUndefined()
    expect(date(undefined, 'YYYYMMDD', 'UTC')).toBeUndefined()
  })

  it('refuses what is no instant, no form or no zone', () => {
    expect(() => date('21.11.2026', 'YYYYMMDD', 'UTC')).toThrow('instant')
    expect(() => date('2026-11-21T08:30:00+08:00', 'YYYYMMDD', 'UTC')).toThrow('instant')
    expect(() => date('2026-11-21T08:30:00Z', 'DD.MM.YYYY', 'UTC')).toThrow('"YYYYMMDD"')
    expect(() => date('2026-11-21T08:30:00Z', 'toString', 'UTC')).toThrow('the form is none of')
    expect(() => date('2026-11-21T08:30:00Z', 'YYYYMMDD', 'Mars/Olympus')).toThrow('IANA')
    expect(() => date('2026-11-21T08:30:00Z', 'YYYYMMDD', undefined)).toThrow('name the zone')
  })
})
