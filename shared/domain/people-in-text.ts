/**
 * People as they stand in free text: identity card numbers, phone numbers, e-mail addresses. Full-width digits and letters
 * count as their half-width ones.
 */

export interface FoundInText {
  readonly is: 'idNumber' | 'phone' | 'email'
  readonly from: number
  readonly to: number
  /** In half width. */
  readonly text: string
}

const EMAIL = /[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g
/** 18 characters, perhaps in groups; 15 digits until 1999. */
const ID_18 = /(?<![\dA-Za-z])\d(?:[ -]?\d){16}[ -]?[\dXx](?![\dA-Za-z])/g
const ID_15 = /(?<![\dA-Za-z])\d{15}(?![\dA-Za-z])/g
const PHONES = [
  /(?<![\d+])\+\d(?:[ ().-]{0,2}\d){6,14}(?!\d)/g,
  // China: mobile, with its country code or without; fixed lines.
  /(?<!\d)(?:86[ -]?)?1[3-9]\d(?:[ -]?\d{4}){2}(?!\d)/g,
  /(?<![\d-])\(?0\d{2,3}\)?[ -]?\d{7,8}(?!\d)/g,
]

/** In the order of the text, without overlaps. What looks like two things is the first of: identity number, e-mail, phone. */
export function peopleInText(text: string): FoundInText[] {
  const half = halfWidth(text)
  const found: FoundInText[] = []
  const add = (is: FoundInText['is'], pattern: RegExp, fits: (match: string) => boolean = () => true) => {
    for (const match of half.matchAll(pattern)) {
      const [from, to] = [match.index, match.index + match[0].length]
      const free = found.every((other) => to <= other.from || from >= other.to)
      if (free && fits(match[0])) found.push({ is, from, to, text: match[0] })
    }
  }
  add('idNumber', ID_18, isIdNumber)
  add('idNumber', ID_15, isIdNumber)
  add('email', EMAIL)
  for (const pattern of PHONES) add('phone', pattern)
  return found.toSorted((a, b) => a.from - b.from)
}

/** Character by character, so that places in the text stay the same. */
function halfWidth(text: string): string {
  return text
    .replace(/[！-～]/g, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0))
    .replaceAll('　', ' ')
}

/** GB 11643: by its date of birth and, where it has one, its check character. */
export function isIdNumber(text: string): boolean {
  const plain = text.replace(/[ -]/g, '').toUpperCase()
  if (!/^[1-9]/.test(plain)) return false
  if (/^\d{15}$/.test(plain)) return isDate(`19${plain.slice(6, 12)}`)
  return /^\d{17}[\dX]$/.test(plain) && isDate(plain.slice(6, 14)) && checkCharacter(plain) === plain[17]
}

/** ISO 7064 MOD 11-2 over the first 17 digits. */
function checkCharacter(plain: string): string | undefined {
  const sum = Array.from(plain.slice(0, 17)).reduce(
    (total, digit, index) => total + Number(digit) * (2 ** (17 - index) % 11),
    0,
  )
  return '10X98765432'[sum % 11]
}

function isDate(digits: string): boolean {
  const [year, month, day] = [digits.slice(0, 4), digits.slice(4, 6), digits.slice(6, 8)].map(Number)
  if (!year || !month || !day || year < 1850) return false
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
  return days !== undefined && day <= days
}
