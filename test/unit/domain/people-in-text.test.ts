import { describe, expect, it } from 'vitest'
import { isIdNumber, peopleInText } from '#domain/people-in-text.ts'

const found = (text: string) => peopleInText(text).map(({ is, from, to }) => `${is}: ${text.slice(from, to)}`)

describe('people in a text', () => {
  it.each([
    ['身份证110101199003077619，谢谢', '110101199003077619'],
    ['id 11010119900307213x.', '11010119900307213x'],
    ['110101 19900307 7619', '110101 19900307 7619'],
    ['身份证：１１０１０１１９９００３０７７６１９', '１１０１０１１９９００３０７７６１９'],
    ['old one 110101900307761', '110101900307761'],
  ])('are known by the identity number in %s', (text, number) => {
    expect(found(text)).toEqual([`idNumber: ${number}`])
  })

  it.each([
    ['110101199003077618', 'its check character is wrong'],
    ['110101199002307612', 'no such day'],
    ['110101901307761', 'no such month'],
    ['X10101199003077619', 'it goes on to the left'],
    ['1101011990030776190', 'it goes on to the right'],
  ])('are not known by %s: %s', (text) => {
    expect(found(text).filter((one) => one.startsWith('idNumber'))).toEqual([])
  })

  it.each([
    ['请打13800138000联系', '13800138000'],
    ['tel138 0013 8000', '138 0013 8000'],
    ['+86 138-0013-8000', '+86 138-0013-8000'],
    ['86 13800138000', '86 13800138000'],
    ['fixed 021-62345678 or', '021-62345678'],
    ['(021)62345678', '(021)62345678'],
    ['London +44 20 7946 0018!', '+44 20 7946 0018'],
    ['手机：１３８００１３８０００', '１３８００１３８０００'],
  ])('are known by the phone in %s', (text, phone) => {
    expect(found(text)).toEqual([`phone: ${phone}`])
  })

  it.each([
    'order 2026112112345',
    'EC1-2026112112345-7s6',
    '12 pieces, 2026-11-21 10:30:00',
    '¥1,990.00',
    'SF1234567890123',
  ])('are not known by %s', (text) => {
    expect(found(text)).toEqual([])
  })

  it('are told in the order of the text, an address with a phone in it as an address', () => {
    expect(found('a.b@example.com 13800138000 13800138000@example.com 110101199003077619')).toEqual([
      'email: a.b@example.com',
      'phone: 13800138000',
      'email: 13800138000@example.com',
      'idNumber: 110101199003077619',
    ])
  })
})

it('knows the check characters of identity numbers', () => {
  const valid = ['110101199003077619', '11010119900307213X', '440524188001010014', '110101900307761']
  expect(valid.filter(isIdNumber)).toEqual(valid)
  expect(isIdNumber('440524188001010013')).toBe(false)
  expect(isIdNumber('010101199003077619')).toBe(false)
})
