import type { AnswerRule } from '#contracts/rest-parts.ts'
import { type AnswerReader, createReader, type Manner } from './errors.ts'

/** Settings of how answers are read, and where they stand. Of several, the nearest comes first. */
export interface AnswerLayer {
  /** e.g. `operations.place`, `answers` */
  readonly where: string
  readonly rules: readonly AnswerRule[]
  readonly success?: string | undefined
  readonly document?: Readonly<Partial<Record<DocumentPart, string | undefined>>> | undefined
}

/** How answers about documents of one kind are read where an operation does not say. */
export interface AnswersOfKind {
  /** In the configuration: nothing for orders, `kinds.ticket.` for tickets. */
  readonly where: string
  readonly answers: readonly AnswerLayer[]
  readonly message: string | undefined
}

export type DocumentPart = 'id' | 'no' | 'state' | 'step'

/** Rules of all layers in order; of the rest, what the nearest says. */
export function readerOf(
  manner: Manner,
  layers: readonly AnswerLayer[],
  message: string | undefined,
): AnswerReader {
  const confirming = layers.find(({ success }) => success !== undefined)
  return createReader(manner, {
    rules: layers.flatMap(({ rules, where }) =>
      rules.map((rule, index) => ({ rule, where: `${where}.rules[${index}]` })),
    ),
    success: confirming?.success,
    message,
    where: `${confirming?.where ?? 'answers'}.success`,
  })
}

/** What reads this part of a document from an answer, and where it stands. */
export function documentPart(
  layers: readonly AnswerLayer[],
  part: DocumentPart,
): { readonly text: string; readonly where: string } | undefined {
  for (const { document, where } of layers) {
    const text = document?.[part]
    if (text !== undefined) return { text, where: `${where}.document.${part}` }
  }
  return undefined
}
