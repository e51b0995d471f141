const LONGEST = 300

const PEOPLE = [
  /[\w.+-]+@[\w-]+(\.[\w-]+)+/g,
  // Phone numbers in international form, then China's mobile and fixed ones.
  /\+\d[\d ()-]{6,}\d/g,
  /(?<!\d)1[3-9]\d([ -]?\d{4}){2}(?!\d)/g,
  /(?<![\d-])0\d{2,3}[ -]\d{7,8}(?!\d)/g,
]

/**
 * A far side's sentence without secrets and people, on one line of at most 300 characters.
 * @param secrets removed wherever they occur
 * @param sent texts of our request; one that is no code (has a blank, or is not ASCII) may be a name or an address
 */
export function redact(
  sentence: string,
  secrets: readonly string[] = [],
  sent: readonly string[] = [],
): string {
  const hidden = [...secrets.filter((secret) => secret.length >= 4), ...sent.filter(isPersonal)]
  let text = sentence.replace(/\s+/g, ' ').trim()
  for (const part of hidden.sort((a, b) => b.length - a.length)) {
    text = text.replaceAll(part.replace(/\s+/g, ' ').trim(), '…')
  }
  for (const pattern of PEOPLE) text = text.replace(pattern, '…')
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1).toWellFormed()}…` : text
}

function isPersonal(text: string): boolean {
  return text.trim().length >= 2 && !/^[\x21-\x7e]+$/.test(text.trim())
}

/** Every text in a JSON value. */
export function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(textsIn)
}
