import Table from 'cli-table3'
import picocolors from 'picocolors'
import type { CliContext } from './context.ts'
import { type Texts, textsOf } from './texts.ts'

const BARE = Object.fromEntries(
  'top top-mid top-left top-right bottom bottom-mid bottom-left bottom-right left left-mid mid mid-mid right right-mid middle'
    .split(' ')
    .map((part) => [part, '']),
)
const STYLE = { head: [], border: [], 'padding-left': 0, 'padding-right': 2, compact: true }

export type Cell = string | number | undefined

/** How results look to one person: their language, their clock, colours where there is a terminal. */
export interface Format {
  readonly t: Texts
  readonly colors: ReturnType<typeof picocolors.createColors>
  /** `2026-11-21 16:30:05` in the person's time zone. */
  readonly at: (epochMs: number) => string
  /** How long ago. */
  readonly ago: (epochMs: number) => string
  readonly table: (head: readonly string[], rows: readonly (readonly Cell[])[]) => string
  /** Labels and values; undefined values are left out. */
  readonly fields: (rows: readonly (readonly [label: string, value: Cell])[]) => string
}

export function formatOf({ language, colour, timeZone, clock }: CliContext): Format {
  const t = textsOf(language)
  const colors = picocolors.createColors(colour)
  // Swedish is the locale that writes ISO dates.
  const instant = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' })
  const render = (head: readonly string[], rows: readonly (readonly Cell[])[]): string => {
    const table = new Table({ head: [...head], chars: BARE, style: STYLE })
    table.push(...rows.map((row) => row.map((cell) => String(cell ?? ''))))
    return table
      .toString()
      .split('\n')
      .map((line) => line.trimEnd())
      .join('\n')
  }
  return {
    t,
    colors,
    at: (epochMs) => instant.format(epochMs),
    ago: (epochMs) => t.ago(Math.max(0, clock.now() - epochMs)),
    table: (head, rows) => render(head.map(colors.bold), rows),
    fields: (rows) =>
      render(
        [],
        rows.filter(([, value]) => value !== undefined).map(([label, value]) => [colors.dim(label), value]),
      ),
  }
}
