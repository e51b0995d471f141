import type { ErpFailure, ErpFailureClass } from '#domain/erp-failure.ts'

/** A value, or why there is none. */
export type Attempt<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: ErpFailure }

export const done = <T>(value: T): Attempt<T> => ({ ok: true, value })

export const refused = (
  kind: ErpFailureClass,
  message: string,
  about: Partial<Pick<ErpFailure, 'subject' | 'field'>> = {},
): { ok: false; failure: ErpFailure } => ({ ok: false, failure: { class: kind, message, ...about } })

/** Runs attempts side by side; the first failure, in the order they are named, is that of all. */
export async function together<T extends Record<string, unknown>>(
  attempts: {
    readonly [Name in keyof T]: Promise<Attempt<T[Name]>>
  },
): Promise<Attempt<T>> {
  const names = Object.keys(attempts)
  const ended = await Promise.all(Object.values<Promise<Attempt<unknown>>>(attempts))
  const values: Record<string, unknown> = {}
  for (const [index, attempt] of ended.entries()) {
    if (!attempt.ok) return attempt
    values[names[index] ?? ''] = attempt.value
  }
  return done(values as T)
}
