import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { redact } from '#adapters/http/redact.ts'
import type { Order } from '#contracts/order.ts'
import type { ErpFailure } from '#domain/erp-failure.ts'
import type { ErpDocument } from '#ports/erp-gateway.ts'
import { type Compiled, compileExpression } from './expression.ts'
import { date, money } from './helpers.ts'
import { type AnyWrite, type ShownThing, shownThing } from './shown-thing.ts'

/** Where mapping files come from. `stamp` changes whenever the content may have. */
export interface MappingFiles {
  stamp(path: string): Promise<string>
  read(path: string): Promise<string>
}

export type Mapped =
  | { readonly ok: true; readonly body: unknown }
  | { readonly ok: false; readonly failure: ErpFailure }

/** What a mapping sees. A write has all but `reason`; a look-up has the reference alone. */
export interface MappingInput {
  readonly reference: string
  readonly document?: ErpDocument | undefined
  readonly reason?: string
  readonly write?: AnyWrite
}

export interface Mappings {
  /** @param name a file beside the configuration, or "default", where there is one built in */
  map(name: string, input: MappingInput): Promise<Mapped>
  /** A body made of these values alone. @param name a file beside the configuration */
  query(name: string, values: object): Promise<Mapped>
}

const diskFiles: MappingFiles = {
  stamp: async (path) => {
    const { mtimeMs, size } = await stat(path)
    return `${mtimeMs} ${size}`
  },
  read: (path) => readFile(path, 'utf8'),
}

export interface MappingSource {
  /** The folder of the configuration; mapping files are relative to it. */
  readonly configDir: string
  /** What the name "default" stands for. */
  readonly builtIn?: string | undefined
  readonly files?: MappingFiles | undefined
}

/** Mapping files, compiled once and again whenever they are saved. A broken file fails; its last good form is never used. */
export function createMappings({ configDir, builtIn, files = diskFiles }: MappingSource): Mappings {
  const compiled = new Map<string, { stamp: string; expression: Compiled }>()
  const standard = builtIn === undefined ? undefined : compileExpression(builtIn, 'the built-in mapping')

  async function load(name: string): Promise<Compiled> {
    if (name === 'default' && standard) return standard
    const path = join(configDir, name)
    try {
      const stamp = await files.stamp(path)
      const known = compiled.get(name)
      if (known?.stamp === stamp) return known.expression
      const text = (await files.read(path)).replace(/^\uFEFF/, '')
      const expression = compileExpression(text, name)
      compiled.set(name, { stamp, expression })
      return expression
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : ''
      return { ok: false, problem: `${name} cannot be read${code}` }
    }
  }

  async function run(
    name: string,
    values: object,
    helpers: Record<string, unknown>,
    people: readonly string[],
  ): Promise<Mapped> {
    const expression = await load(name)
    if (!expression.ok) return failed('Misconfigured', expression.problem)
    const ran = await expression.run(values, helpers)
    if (!ran.ok) return failed('Invalid', redact(ran.problem, people.filter(isTelling), people))
    // Through JSON and back: only what can be sent is left, and JSONata's own marks are gone.
    const text = JSON.stringify(ran.value)
    if (text === undefined || text === 'null') return failed('Invalid', `the mapping "${name}" gave nothing`)
    const body: unknown = JSON.parse(text)
    return { ok: true, body }
  }

  return {
    map(name, { reference, document, reason, write }) {
      const known = {
        reference,
        ...(document ? { document } : {}),
        ...(reason === undefined ? {} : { reason }),
      }
      const shown: ShownThing = write ? shownThing(write) : { values: {}, people: [] }
      return run(name, { ...known, ...shown.values }, helpersFor(write, shown), shown.people)
    },
    query: (name, values) => run(name, values, { date }, []),
  }
}

/** Words and phone numbers; what is shorter, such as an id, may stand in any message. */
const isTelling = (text: string) => /\p{L}{3}|\d{7}/u.test(text)

function failed(kind: 'Misconfigured' | 'Invalid', message: string): Mapped {
  return { ok: false, failure: { class: kind, message } }
}

function helpersFor(write: AnyWrite | undefined, { timeZone }: ShownThing): Record<string, unknown> {
  return {
    money,
    date: (instant: unknown, form: unknown, ownZone?: unknown) => date(instant, form, ownZone ?? timeZone),
    lineRef: (line: unknown) => lineReference(line, write),
  }
}

function lineReference(line: unknown, write: AnyWrite | undefined): string {
  const recId: unknown = typeof line === 'object' && line !== null ? Reflect.get(line, 'recId') : undefined
  const order = write && 'lineReference' in write ? write : undefined
  const found = order?.order.lines.find((candidate: Order['lines'][number]) => candidate.recId === recId)
  if (!order || !found)
    throw new Error('the argument is not a line of the order: write $lineRef($) inside order.lines.{…}')
  return order.lineReference(found)
}
