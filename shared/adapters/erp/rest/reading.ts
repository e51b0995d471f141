import * as z from 'zod'
import { type Compiled, compileExpression } from '#adapters/mapping/expression.ts'
import { date } from '#adapters/mapping/helpers.ts'
import type { Mappings } from '#adapters/mapping/mapping.ts'
import type { PageOperation, ReadOperation } from '#contracts/rest-reads.ts'
import type { RestTarget } from '#contracts/rest-target.ts'
import type { ErpFailure, ErpFailureClass } from '#domain/erp-failure.ts'
import type { WriteContext } from '#ports/erp-gateway.ts'
import type { ErpRead } from '#ports/erp-reads.ts'
import type { Clock } from '#ports/runtime.ts'
import { readAddressOf } from './address.ts'
import type { Exchange } from './client.ts'
import { type AnswerScope, asText, createReader, isTrue } from './errors.ts'
import { headersOf } from './headers.ts'

export interface ReadDeps {
  readonly config: RestTarget
  readonly exchange: Exchange
  readonly mappings: Mappings
  readonly clock: Clock
}

/** What a read asks with: its path, query and mapping see it, and so do the expressions over its answer. */
export type Question = Readonly<Record<string, string | readonly string[] | undefined>>

export type Failed = { readonly is: 'failed'; readonly failure: ErpFailure }

/** An ERP’s ids, codes and SKUs, which come as text or as numbers. */
export const CodeSchema = z.union([z.string().min(1), z.number()]).transform(String)

/** A code that may be missing, null or empty. */
export const MaybeCodeSchema = z.union([CodeSchema, z.literal('').transform(() => undefined)]).nullish()

/** JSONata unwraps a list of one, and has nothing for a list of none. */
export const listOf = <Entry extends z.ZodType>(entry: Entry) =>
  z
    .unknown()
    .optional()
    .transform((value) => asList(value))
    .pipe(z.array(entry))

/** Exact to six places: sums of decimals in binary are a hair off, and whole pieces are cut from them. */
export const QuantitySchema = z
  .union([
    z.number(),
    z
      .string()
      .trim()
      .regex(/^-?\d{1,15}(\.\d+)?$/)
      .transform(Number),
  ])
  .transform((quantity) => addUp(quantity))

/** The sum of quantities, without what binary fractions leave behind. */
export function addUp(...quantities: readonly number[]): number {
  const sum = quantities.reduce((total, quantity) => total + quantity, 0)
  // -0 would be another value than 0.
  return Math.round(sum * 1e6) / 1e6 + 0
}

/**
 * What the configuration cannot read, or not be made a request of. The ERP was reached, or not even asked: no gate counts it,
 * because a misdescribed read must not hold up deliveries.
 */
export const unreadable = (message: string): Failed => ({
  is: 'failed',
  failure: { class: 'Invalid', message },
})

/** Where a configured expression is wrong: its place, and which members of its rows. Never their values. */
export function unusable(where: string, error: z.ZodError): Failed {
  const members = error.issues.map(({ path }) => path.filter((part) => typeof part === 'string').join('.'))
  const named = [...new Set(members.filter(Boolean))].join(', ') || 'rows'
  return unreadable(`${where} gave no usable ${named}`)
}

export interface Rows {
  readonly rows: readonly unknown[]
  /** The answer says that what it does not name is not there. */
  readonly isWhole: boolean
  readonly scope: AnswerScope
}

export interface RowsRead {
  ask(question: Question, context: WriteContext): Promise<ErpRead<Rows>>
}

interface RowsSettings {
  readonly operation: ReadOperation
  /** e.g. `operations.stock.bySku` */
  readonly where: string
  /** The expression that finds the rows, under its name. */
  readonly rows: readonly [name: string, text: string]
  /** The expression that proves an empty answer, under its name; and what proves it where there is none. */
  readonly empty: readonly [
    name: string,
    text: string | undefined,
    usually: (scope: AnswerScope, confirmed: boolean) => boolean,
  ]
}

/**
 * One configured read. Rows are found only in an answer that confirms the call; that there are none must have been said,
 * because an error inside a 200 has no rows either.
 */
export function createRowsRead(deps: ReadDeps, settings: RowsSettings): RowsRead {
  const { operation, where } = settings
  const [rowsName, rowsText] = settings.rows
  const [emptyName, emptyText, usually] = settings.empty
  const call = createCall(deps, operation, where)
  const rows = compileExpression(rowsText, `${where}.${rowsName}`)
  const empty = emptyText === undefined ? undefined : compileExpression(emptyText, `${where}.${emptyName}`)

  return {
    async ask(question, context) {
      const broken = [rows, empty].find(
        (part): part is Extract<Compiled, { ok: false }> => part?.ok === false,
      )
      if (broken) return unreadable(broken.problem)
      const answer = await call(question, context)
      const { scope } = answer
      if (!scope) return answer.ok ? unreadable('no answer') : readFailure(answer.failure)

      const heard = answer.ok || !SPOKEN.has(answer.failure.class)
      const proof = empty?.ok ? await empty.run(scope) : undefined
      if (proof?.ok === false) return unreadable(proof.problem)
      const isWhole = heard && (proof ? isTrue(proof.value) : usually(scope, answer.ok))
      if (!answer.ok) return isWhole ? ok({ rows: [], isWhole, scope }) : readFailure(answer.failure)

      const ran = rows.ok ? await rows.run(scope, { date }) : rows
      if (!ran.ok) return unreadable(ran.problem)
      const found = asList(ran.value)
      if (found.length > 0 || isWhole) return ok({ rows: found, isWhole, scope })
      return unreadable(
        `${where}.${rowsName} found nothing, and ${where}.${emptyName} does not say that this is right; describe there what an empty answer looks like`,
      )
    },
  }
}

/** Failures that no proof of emptiness may overrule: they say that the ERP did not answer the question. */
const SPOKEN: ReadonlySet<ErpFailureClass> = new Set([
  'AuthExpired',
  'AuthDenied',
  'RateLimited',
  'Transient',
  'UnknownOutcome',
  'Contended',
])

export interface Page {
  readonly rows: readonly unknown[]
  readonly cursor: string
  readonly more: boolean
}

export interface PagesRead {
  /** @param cursor '' is none */
  read(cursor: string | undefined, question: Question, context: WriteContext): Promise<ErpRead<Page>>
}

/** A read page by page. A page that failed has no cursor, so nobody can go on after it. */
export function createPagesRead(
  deps: ReadDeps,
  operation: PageOperation,
  where: string,
  rows: readonly [name: string, text: string],
): PagesRead {
  const read = createRowsRead(deps, {
    operation,
    where,
    rows,
    empty: ['empty', operation.empty, ({ body }, confirmed) => confirmed && Array.isArray(body)],
  })
  const begin =
    operation.begin === undefined ? undefined : compileExpression(operation.begin, `${where}.begin`)
  const next = compileExpression(operation.cursor, `${where}.cursor`)
  const more = compileExpression(operation.more, `${where}.more`)

  async function textFrom(expression: Compiled, name: string, scope: object): Promise<ErpRead<string>> {
    const ran = expression.ok ? await expression.run(scope, { date }) : expression
    if (!ran.ok) return unreadable(ran.problem)
    if (ran.value === undefined || ran.value === null || ran.value === '') return ok('')
    const text = asText(ran.value)
    return text === undefined ? unreadable(`${where}.${name} gave neither a text nor a number`) : ok(text)
  }

  return {
    async read(cursor, question, context) {
      const broken = [begin, next, more].find(
        (part): part is Extract<Compiled, { ok: false }> => part?.ok === false,
      )
      if (broken) return unreadable(broken.problem)
      const now = new Date(deps.clock.now()).toISOString()
      const begun = cursor || !begin ? ok(cursor ?? '') : await textFrom(begin, 'begin', { now })
      if (begun.is === 'failed') return begun
      const from = begun.value

      const asked = await read.ask({ ...question, cursor: from === '' ? undefined : from }, context)
      if (asked.is === 'failed') return asked
      const { rows: found, scope } = asked.value
      const given = { ...scope, now }
      const to = await textFrom(next, 'cursor', given)
      if (to.is === 'failed') return to
      const ran = more.ok ? await more.run(given) : more
      if (!ran.ok) return unreadable(ran.problem)
      const hasMore = isTrue(ran.value)
      const reached = to.value === '' ? from : to.value
      // The same page for ever would look like an endless supply.
      if (hasMore && reached === from)
        return unreadable(`${where}.more says that there is more, and ${where}.cursor stays where it is`)
      return ok({ rows: found, cursor: reached, more: hasMore })
    },
  }
}

/** Sends one configured read; a read never ends as unknown. */
export function createCall(
  { config, exchange, mappings }: ReadDeps,
  operation: ReadOperation,
  where: string,
) {
  const reader = createReader('look-up', {
    rules: [
      ...operation.rules.map((rule, index) => ({ rule, where: `${where}.rules[${index}]` })),
      ...config.answers.rules.map((rule, index) => ({ rule, where: `answers.rules[${index}]` })),
    ],
    success: operation.success ?? config.answers.success,
    message: config.answers.message,
    where: operation.success === undefined ? 'answers.success' : `${where}.success`,
  })

  return async (question: Question, context: WriteContext) => {
    const refuse = (message: string) =>
      ({ ok: false, failure: unreadable(message).failure, scope: undefined }) as const
    if (reader.problem) return refuse(reader.problem)
    const url = readAddressOf(operation, inAddress(question))
    if (url === undefined)
      return refuse(`${where}.path lacks a value, or holds one that is no part of a path`)
    const mapped =
      operation.mapping === 'none' ? undefined : await mappings.query(operation.mapping, question)
    if (mapped && !mapped.ok) return refuse(mapped.failure.message)
    return exchange(
      {
        method: operation.method,
        url,
        headers: headersOf(config.headers, operation.headers, mapped !== undefined),
        ...(mapped ? { body: mapped.body } : {}),
      },
      'look-up',
      reader,
      { asked: question },
      context,
    )
  }
}

/** Lists in path and query are separated by commas. */
const inAddress = (question: Question): Record<string, string | undefined> =>
  Object.fromEntries(
    Object.entries(question).map(([name, value]) => [
      name,
      typeof value === 'string' || value === undefined
        ? value
        : value.length > 0
          ? value.join(',')
          : undefined,
    ]),
  )

/** Nothing was written, so nothing can be unknown: it is simply asked again. */
export function readFailure(failure: ErpFailure): Failed {
  return {
    is: 'failed',
    failure: failure.class === 'UnknownOutcome' ? { ...failure, class: 'Transient' } : failure,
  }
}

export const ok = <Value>(value: Value) => ({ is: 'ok', value }) as const

function asList(value: unknown): unknown[] {
  if (value === undefined || value === null) return []
  return Array.isArray(value) ? [...value] : [value]
}
