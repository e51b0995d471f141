import type * as z from 'zod'
import type { WriteContext } from '#ports/erp-gateway.ts'
import { type Attempt, done, refused } from './attempt.ts'
import type { Call, Called, OdooClient } from './client.ts'

/** The calls of one `send` or `find`, under its deadline. */
export interface Session {
  /** Never unknown: what was not understood can be asked again. */
  read<T>(call: Call, schema: z.ZodType<T>): Promise<Attempt<T>>
  /** From the first byte on, whatever is no clear answer is unknown. */
  write<T>(call: Call, schema: z.ZodType<T>): Promise<Attempt<T>>
  /** A read whose exceptions are looked at by the caller. */
  ask(call: Call): Promise<Called>
  /** Texts of ours that a failure must not repeat. */
  readonly sent: readonly string[]
}

export function createSession(client: OdooClient, sent: readonly string[], context: WriteContext): Session {
  const ask = (call: Call) => client(call, 'read', sent, context)
  return {
    sent,
    ask,
    async read(call, schema) {
      const called = await ask(call)
      if (!called.ok) return { ok: false, failure: called.failure }
      const parsed = schema.safeParse(called.value)
      return parsed.success ? done(parsed.data) : refused('Transient', unreadable(call))
    },
    async write(call, schema) {
      const called = await client(call, 'write', sent, context)
      if (!called.ok) return { ok: false, failure: called.failure }
      const parsed = schema.safeParse(called.value)
      return parsed.success ? done(parsed.data) : refused('Protocol', unreadable(call))
    },
  }
}

const unreadable = ({ model, method }: Call) => `the answer to ${model}/${method} could not be read`
