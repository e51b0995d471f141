import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import * as z from 'zod'
import { type Progress, ProgressSchema } from '#contracts/progress.ts'
import type { RestAftersales } from '#contracts/rest-reads.ts'
import type { AftersalesPage, ErpAftersales } from '#ports/erp-reads.ts'
import { toInstant } from './instants.ts'
import {
  CodeSchema,
  createPagesRead,
  listOf,
  MaybeCodeSchema,
  ok,
  QuantitySchema,
  type ReadDeps,
} from './reading.ts'

const WHERE = 'operations.aftersales.read'

/** An ERP's own way of writing what a step says; what it says is judged by the contract. */
const schemaOf = (timeZone: string) => {
  const InstantSchema = z.union([z.string(), z.number()]).transform((value, context) => {
    const instant = toInstant(value, timeZone)
    if (instant !== undefined) return new Date(instant).toISOString()
    context.addIssue({ code: 'custom', message: 'is no instant' })
    return z.NEVER
  })
  const TextSchema = MaybeCodeSchema.transform((text) => text ?? undefined)
  const AmountSchema = z.union([
    z.number(),
    z
      .string()
      .regex(/^-?\d{1,12}(\.\d+)?$/)
      .transform(Number),
  ])
  return z
    .object({
      of: z.unknown(),
      id: CodeSchema,
      reference: CodeSchema,
      at: InstantSchema,
      step: z.unknown(),
      person: TextSchema,
      note: TextSchema,
      fee: z
        .object({ amount: AmountSchema.transform((amount) => amount.toFixed(2)), currency: z.string() })
        .nullish()
        .transform((fee) => fee ?? undefined),
      parcels: listOf(
        z.object({
          carrier: TextSchema,
          tracking: CodeSchema,
          events: listOf(z.object({ at: InstantSchema, text: z.string() })),
        }),
      ),
      parts: listOf(z.object({ sku: CodeSchema, quantity: QuantitySchema, description: TextSchema })),
      withdraws: TextSchema,
    })
    .transform((step): unknown => step)
    .pipe(ProgressSchema)
}

/** Steps of returns and tickets in an ERP as its configuration describes them. */
export function createAftersales(deps: ReadDeps, { read, timeZone }: RestAftersales): ErpAftersales {
  const pages = createPagesRead(deps, read, WHERE, ['steps', read.steps])
  const schema = schemaOf(timeZone)

  function readOne(row: unknown): Readable {
    const parsed = schema.safeParse(row)
    return parsed.success
      ? { id: parsed.data.id, step: parsed.data }
      : { id: idOf(row), why: explain(parsed.error) }
  }

  return {
    async read(cursor, context) {
      const page = await pages.read(cursor, {}, context)
      if (page.is === 'failed') return page
      const byId = Map.groupBy(page.value.rows.map(readOne), ({ id }) => id)
      const one = [...byId.values()].flatMap(onlyOne)
      const value: AftersalesPage = {
        progress: one.flatMap((row) => ('step' in row ? [row.step] : [])),
        unreadable: one.flatMap((row) => ('step' in row ? [] : [row])),
        cursor: page.value.cursor,
        more: page.value.more,
      }
      return ok(value)
    },
  }
}

type Readable =
  | { readonly id: string; readonly step: Progress }
  | { readonly id: string; readonly why: string }

/** A step listed twice is one; two different ones under one id are none that could be told apart later. */
function onlyOne(rows: readonly Readable[]): Readable[] {
  const [first] = rows
  if (!first) return []
  if (rows.every((row) => isDeepStrictEqual(row, first))) return [first]
  return [{ id: first.id, why: `several different steps bear this id: give each its own in ${WHERE}.steps` }]
}

const NAMELESS = 'unreadable:'

function idOf(row: unknown): string {
  const named = z.object({ id: CodeSchema }).safeParse(row)
  const id = named.success ? named.data.id : undefined
  if (id !== undefined && /^[A-Za-z0-9._:/-]{1,64}$/.test(id)) return id
  const hash = createHash('sha256')
    .update(id ?? JSON.stringify(row) ?? '')
    .digest('hex')
  return `${NAMELESS}${hash.slice(0, 32)}`
}

/** Which members are wrong; never their values. */
function explain(error: z.ZodError): string {
  const members = error.issues.map(
    ({ path }) => path.filter((part) => typeof part === 'string').join('.') || 'step',
  )
  return `${WHERE}.steps gave no usable ${[...new Set(members)].join(', ')}`
}
