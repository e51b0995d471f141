const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** Paragraphs of plain text, as an HTML field of Odoo takes them. */
export function htmlOf(texts: readonly string[]): string {
  return texts
    .map((text) => text.trim())
    .filter((text) => text !== '')
    .map(
      (text) => `<p>${text.replace(/[&<>"]/g, (char) => ESCAPES[char] ?? '').replace(/\r?\n/g, '<br>')}</p>`,
    )
    .join('')
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  nbsp: ' ',
  '#39': "'",
}

/** What a reader sees of it, on one line: Odoo rewrites the markup it is given. */
export function textOf(html: string): string {
  return unescaped(html.replace(/<[^>]*>/g, ' '))
    .replace(/\s+/g, ' ')
    .trim()
}

/** The same with its lines. */
export function linesOf(html: string): string {
  return html
    .replace(/\s+/g, ' ')
    .split(/<br ?\/?>|<\/(?:p|div|li|h\d|tr)>/)
    .map(textOf)
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim()
}

const unescaped = (text: string) =>
  text.replace(/&(amp|lt|gt|quot|nbsp|#39);/g, (_, name: string) => ENTITIES[name] ?? '')
