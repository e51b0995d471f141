import { createHash } from 'node:crypto'
import * as z from 'zod'
import { commonContent } from '#adapters/mapping/compare-content.ts'
import { type Compiled, compileExpression } from '#adapters/mapping/expression.ts'
import type { Mapped, MappingInput, Mappings } from '#adapters/mapping/mapping.ts'
import type { AnyWrite } from '#adapters/mapping/shown-thing.ts'
import type { ErpRequest } from '#contracts/erp-request.ts'
import type { Op } from '#contracts/ledger-row.ts'
import type { RestKind, WriteOperation } from '#contracts/rest-target.ts'
import type { ErpFailure, ErpFailureClass } from '#domain/erp-failure.ts'
import type { Answer, Built, Capabilities, ErpDocument, ErpGateway } from '#ports/erp-gateway.ts'
import { addressOf } from './address.ts'
import {
  type AnswerLayer,
  type AnswersOfKind,
  type DocumentPart,
  documentPart,
  readerOf,
} from './answer-layer.ts'
import type { Exchange } from './client.ts'
import { type AnswerReader, type AnswerScope, asText, type Manner } from './errors.ts'
import { createLookUp } from './find.ts'
import { headersOf } from './headers.ts'

/** How documents of one kind are written: what is configured, and what of a thing counts. */
export interface RestKindDeps<W extends AnyWrite> extends AnswersOfKind {
  readonly operations: RestKind['operations']
  readonly idempotency: Capabilities['idempotency']
  readonly idempotencyHeader?: string | undefined
  /** Headers of every call. */
  readonly headers: Readonly<Record<string, string>>
  readonly settleMs: number | undefined
  /** What is wrong with what all kinds share. */
  readonly problem: string | undefined
  readonly mappings: Mappings
  readonly exchange: Exchange
  /** As its content hash sees it. */
  readonly contentOf: (write: W) => W
  /** The same thing as it may look at another time without being changed: only what is alike in both is compared. */
  readonly atAnotherTime: (write: W) => W
}

const CREATE = 'create'

/** The stored form of a request: what a dry run shows. Credentials and headers that age are added when it is sent. */
const BytesSchema = z.strictObject({
  method: z.string(),
  url: z.string().startsWith('/'),
  headers: z.record(z.string(), z.string()),
  body: z.unknown().optional(),
  document: z.strictObject({ id: z.string(), no: z.string().optional(), step: z.string() }).optional(),
})
type Bytes = z.infer<typeof BytesSchema>

function readBytes(text: string): Bytes | undefined {
  try {
    return BytesSchema.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}

type Input<W> = Omit<MappingInput, 'write'> & { readonly write?: W }

/** A configured write with everything that reads its answer. */
interface Write {
  readonly operation: WriteOperation
  readonly mapping: string
  readonly manner: Manner
  readonly reader: AnswerReader
  readonly document: Readonly<Record<DocumentPart, Compiled | undefined>>
}

/** Documents of one kind in any ERP with an HTTP/JSON API, as its configuration describes it. See the README beside this file. */
export function createKindGateway<W extends AnyWrite>(deps: RestKindDeps<W>): ErpGateway<W> {
  const { idempotency, mappings, exchange } = deps
  const { place, steps, cancel, find } = deps.operations
  const amend = deps.operations.amend ?? (idempotency === 'upsert' ? place : undefined)

  const write = (operation: WriteOperation, where: string, manner: Manner, mapping: string): Write => ({
    operation,
    mapping,
    manner,
    ...readersOf(deps, operation, `${deps.where}operations.${where}`, manner),
  })
  const creating = write(place, 'place', 'create', place.mapping)
  const stepping = new Map(
    steps.map((step, index) => [step.name, write(step, `steps[${index}]`, 'change', step.mapping)]),
  )
  const amending =
    amend && write(amend, deps.operations.amend ? 'amend' : 'place', 'change', amend.mapping ?? place.mapping)
  const cancelling = cancel && write(cancel, 'cancel', 'change', cancel.mapping)
  const stepNames: [string, ...string[]] = [CREATE, ...steps.map(({ name }) => name)]

  const lookUp = find && createLookUp(deps, find, stepNames)

  const problem = problemOf(deps.problem, lookUp?.problem, [
    creating,
    ...stepping.values(),
    amending,
    cancelling,
  ])

  const capabilities: Capabilities = {
    idempotency,
    find: find !== undefined,
    amend: amending !== undefined,
    cancel: cancelling !== undefined,
    steps: stepNames,
    ...(deps.settleMs === undefined ? {} : { settleMs: deps.settleMs }),
  }

  function writeOf(op: Op, step: string): Write | undefined {
    if (op === 'amend') return amending
    if (op === 'cancel') return cancelling
    return step === CREATE ? creating : stepping.get(step)
  }

  async function build(op: Op, step: string, input: Input<W>): Promise<Built> {
    const configured = writeOf(op, step)
    if (problem) return failed('Misconfigured', problem)
    if (!configured) return failed('Unsupported', `this target is not configured to ${op} (step "${step}")`)
    const { operation, mapping } = configured
    const { reference, document } = input

    const address = addressOf(operation, reference, document)
    if (!address.ok) {
      if (address.missing === 'id') return failed('NotFound', 'the ERP’s id of the document is not known')
      return failed(
        'Invalid',
        address.missing === 'no'
          ? 'the ERP gave the document no number'
          : 'the document’s id cannot be part of a path',
      )
    }
    const mapped = mapping === 'none' ? undefined : await mappings.map(mapping, input)
    if (mapped && !mapped.ok) return mapped
    // A later step sends little or nothing, yet is about the whole document.
    const whole = configured === creating || op !== 'place' ? mapping : creating.mapping
    const content =
      op === 'cancel' ? undefined : await comparable(whole, input, whole === mapping ? mapped : undefined)
    if (content && !content.ok) return content

    const bare: Bytes = {
      method: operation.method,
      url: address.url,
      headers: headersOf(deps.headers, operation.headers, mapped !== undefined),
      ...(mapped ? { body: mapped.body } : {}),
      ...(document
        ? {
            document: {
              id: document.id,
              ...(document.no === undefined ? {} : { no: document.no }),
              step: document.step,
            },
          }
        : {}),
    }
    const key = keyOf([op, step, reference, bare])
    // Only a create needs the key: the others set a state, and going back to an earlier one must not look like a repetition.
    const header = configured.manner === 'create' && deps.idempotencyHeader
    const bytes: Bytes = header
      ? { ...bare, headers: { ...bare.headers, [header.toLowerCase()]: key } }
      : bare
    const request: ErpRequest = {
      op,
      step,
      reference,
      key,
      content: content?.body,
      bytes: JSON.stringify(bytes),
    }
    return { ok: true, request }
  }

  /**
   * What a look-up may compare: what was sent, less what a write-back or a new reading of the shop's clock changes. A
   * shipment recorded in the shop must not make the ERP's document look outdated.
   */
  async function comparable(mapping: string, input: Input<W>, known: Mapped | undefined): Promise<Mapped> {
    const sent = known ?? (await mappings.map(mapping, input))
    if (!find || !sent.ok || !input.write) return sent
    const other = await mappings.map(mapping, { ...input, write: deps.atAnotherTime(input.write) })
    return other.ok ? { ok: true, body: commonContent(sent.body, other.body) } : sent
  }

  return {
    describe: () => capabilities,

    async content(write) {
      if (problem) return failed('Misconfigured', problem)
      const stripped = deps.contentOf(write)
      const placed = await mappings.map(creating.mapping, { reference: write.reference, write: stripped })
      if (!placed.ok) return placed
      if (!amending || amending.mapping === creating.mapping) return { ok: true, content: placed.body }
      // An edit that only the amend carries is an edit too. Which document it would go to is none.
      const document: ErpDocument = { id: '', no: '', state: 'live', step: CREATE }
      const amended = await mappings.map(amending.mapping, {
        reference: write.reference,
        write: stripped,
        document,
      })
      return amended.ok ? { ok: true, content: [placed.body, amended.body] } : amended
    },

    place: (write, step) =>
      build('place', step, { reference: write.reference, document: write.document, write }),
    amend: (write) =>
      build('amend', write.document.step, { reference: write.reference, document: write.document, write }),
    cancel: ({ reference, document, reason }) =>
      build('cancel', document.step, { reference, document, reason }),

    async find(reference, expected, context) {
      const unable = (kind: ErpFailureClass, message: string) =>
        ({ is: 'failed', failure: { class: kind, message } }) as const
      if (problem) return unable('Misconfigured', problem)
      if (!find || !lookUp) return unable('Unsupported', 'this target is not configured to look up')
      const mapped = find.mapping === 'none' ? undefined : await mappings.map(find.mapping, { reference })
      if (mapped && !mapped.ok) return { is: 'failed', failure: mapped.failure }
      const address = addressOf(find, reference, undefined)
      if (!address.ok) return unable('Invalid', 'the reference cannot be part of a path')
      const outgoing = {
        method: find.method,
        url: address.url,
        headers: headersOf(deps.headers, find.headers, mapped !== undefined),
        ...(mapped ? { body: mapped.body } : {}),
      }
      const about = { asked: { reference }, expected: expected?.content }
      const answer = await exchange(outgoing, 'look-up', lookUp.reader, about, context)
      return lookUp.found(answer, reference, expected?.content)
    },

    async send(request, context) {
      if (problem) return failed('Misconfigured', problem)
      const { op, step, reference } = request
      const bytes = readBytes(request.bytes)
      if (!bytes) return failed('Invalid', 'the stored request is not one of this adapter')
      const configured = writeOf(op, step)
      if (!configured)
        return failed('Misconfigured', `the configuration no longer has this write (${op}, step "${step}")`)
      const { method, url, headers, body, document } = bytes
      const outgoing = { method, url, headers, ...(body === undefined ? {} : { body }) }
      const read = await exchange(
        outgoing,
        configured.manner,
        configured.reader,
        { asked: { reference } },
        context,
      )
      if (!read.ok) return { ok: false, failure: read.failure }
      return documentOf(
        configured,
        read.scope,
        op,
        op === 'place' ? step : (document?.step ?? step),
        document,
      )
    },
  }

  async function documentOf(
    { document: expressions }: Write,
    scope: AnswerScope,
    op: Op,
    step: string,
    known: Bytes['document'],
  ): Promise<Answer> {
    const given: Partial<Record<keyof Write['document'], string | undefined>> = {}
    for (const name of ['id', 'no', 'state', 'step'] as const) {
      const expression = expressions[name]
      if (!expression?.ok) continue
      const ran = await expression.run(scope)
      if (!ran.ok) return failed('Protocol', ran.problem)
      given[name] = asText(ran.value)
    }
    const {
      id = known?.id,
      no = known?.no,
      state = op === 'cancel' ? 'cancelled' : 'live',
      step: reached = step,
    } = given
    if (id === undefined)
      return failed('Protocol', 'the ERP confirmed the call but named no id of the document (document.id)')
    if (state !== 'live' && state !== 'cancelled')
      return failed('Protocol', 'document.state gave neither "live" nor "cancelled"')
    if (!stepNames.includes(reached))
      return failed('Protocol', `document.step gave none of ${stepNames.join(', ')}`)
    return { ok: true, document: { id, ...(no === undefined ? {} : { no }), state, step: reached } }
  }
}

function failed(kind: ErpFailureClass, message: string): { ok: false; failure: ErpFailure } {
  return { ok: false, failure: { class: kind, message } }
}

function readersOf(
  { answers, message }: AnswersOfKind,
  operation: WriteOperation,
  where: string,
  manner: Manner,
): Pick<Write, 'reader' | 'document'> {
  const layers: AnswerLayer[] = [{ where, ...operation }, ...answers]
  const expression = (name: DocumentPart, usual?: string) => {
    const { text = usual, where: place = `answers.document.${name}` } = documentPart(layers, name) ?? {}
    return text === undefined ? undefined : compileExpression(text, place)
  }
  return {
    reader: readerOf(manner, layers, message),
    document: {
      id: expression('id', 'body.id'),
      no: expression('no', 'body.no'),
      state: expression('state'),
      step: expression('step'),
    },
  }
}

/** The first expression of the configuration that does not compile: found before anything leaves, not after. */
function problemOf(
  auth: string | undefined,
  lookUp: string | undefined,
  writes: readonly (Write | undefined)[],
): string | undefined {
  const inWrites = writes.flatMap((write) => [
    write?.reader.problem,
    ...Object.values(write?.document ?? {}).map((part) => (part && !part.ok ? part.problem : undefined)),
  ])
  return [auth, lookUp, ...inWrites].find((problem) => problem !== undefined)
}

/** 32 hexadecimal digits: some ERPs take no longer key. */
function keyOf(parts: unknown): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32)
}
