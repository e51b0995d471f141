import type * as z from 'zod'
import { parseJson } from '#adapters/http/parse-json.ts'
import type { OdooTarget } from '#contracts/odoo-target.ts'
import type { WriteContext } from '#ports/erp-gateway.ts'
import type { ErpRead } from '#ports/erp-reads.ts'
import type { Clock } from '#ports/runtime.ts'
import { type Attempt, done, refused } from './attempt.ts'
import type { OdooClient } from './client.ts'
import type { Remembered } from './desk.ts'
import { fieldsOf } from './records.ts'
import { createSession, type Session } from './session.ts'

export interface ReadDeps {
  readonly config: Pick<OdooTarget, 'trackingWaitMinutes'>
  readonly client: OdooClient
  readonly clock: Clock
  /** Fields by model. */
  readonly fields: Remembered<ReadonlyMap<string, string>>
  /** Warehouses by code. */
  readonly warehouses: Remembered<number>
  readonly house: Remembered<House>
}

export interface House {
  /** The login’s user: whose writes are ours. */
  readonly self: number
  /** The subtype of a message that goes to those who follow. */
  readonly discussion: number
}

export async function answered<Value>(
  { client }: Pick<ReadDeps, 'client'>,
  context: WriteContext,
  ask: (session: Session) => Promise<Attempt<Value>>,
): Promise<ErpRead<Value>> {
  const asked = await ask(createSession(client, [], context))
  return asked.ok ? { is: 'ok', value: asked.value } : { is: 'failed', failure: asked.failure }
}

/** Versions and modules differ in what a model has. */
export const knownFields = (
  { fields }: Pick<ReadDeps, 'fields'>,
  session: Session,
  model: string,
): Promise<Attempt<ReadonlyMap<string, string>>> => fields.or(model, () => fieldsOf(session, model))

export function readCursor<Value>(schema: z.ZodType<Value>, cursor: string): Attempt<Value> {
  const json = parseJson(cursor)
  const parsed = schema.safeParse(json.ok ? json.value : undefined)
  return parsed.success ? done(parsed.data) : refused('Protocol', 'the cursor is not one of this adapter')
}

/** Sums of decimals in binary are a hair off, and whole pieces are cut from them. */
export function addUp(quantities: readonly number[]): number {
  return Math.round(quantities.reduce((sum, quantity) => sum + quantity, 0) * 1e6) / 1e6 + 0
}
