import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'

/** A file of one JSON value a line, to which nothing but lines is ever added. No file: nothing is kept. */

export function appendLine(file: string | undefined, value: object): void {
  if (file) appendFileSync(file, `${JSON.stringify(value)}\n`)
}

/** A line that a crash cut short was never acknowledged: it is cut off. */
export function readLines(file: string | undefined): string[] {
  if (!file || !existsSync(file)) return []
  const text = readFileSync(file, 'utf8')
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  if (whole !== text) writeFileSync(file, whole)
  return whole.split('\n').filter(Boolean)
}
