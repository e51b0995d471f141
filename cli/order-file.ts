import { readFileSync } from 'node:fs'
import * as z from 'zod'
import { stableJson } from '#app/content-hash.ts'
import type { WebhookEvent } from '#contracts/webhook.ts'
import { CliFailure } from './failure.ts'

const BodySchema = z.looseObject({ events: z.array(z.unknown()).min(1) })
const EventSchema = z.looseObject({ type: z.string() })
const SnapshotSchema = z.looseObject({ order_id: z.unknown(), order_sn: z.unknown(), lines: z.unknown() })

/** What stands in a file given to `send`. Events are judged where they arrive; a bare snapshot lacks an envelope. */
export type OrderFile =
  | { readonly is: 'events'; readonly events: readonly unknown[] }
  | { readonly is: 'snapshot'; readonly snapshot: Record<string, unknown> }

/** Reads a webhook body, one event of it, or a bare order snapshot. */
export function readOrderFile(path: string): OrderFile {
  const json = parseJson(path, readText(path))
  const body = BodySchema.safeParse(json)
  if (body.success) return { is: 'events', events: body.data.events }
  const event = EventSchema.safeParse(json)
  if (event.success) return { is: 'events', events: [event.data] }
  const snapshot = SnapshotSchema.safeParse(json)
  if (snapshot.success) return { is: 'snapshot', snapshot: snapshot.data }
  throw new CliFailure('not-an-order', (t) => t.notAnOrder(path))
}

/** The event that carries a snapshot, as a bridge would send it. It is not checked here: the webhook does that. */
export function eventOf(
  snapshot: Record<string, unknown>,
  version: WebhookEvent['version'],
  sha256: (text: string) => string,
): object {
  return { type: 'order.snapshot', version, hash: sha256(stableJson(snapshot)), hashVersion: 1, snapshot }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8').replace(/^\uFEFF/, '')
  } catch {
    throw new CliFailure('file-unreadable', (t) => t.fileUnreadable(path))
  }
}

/** The parser's own message quotes the text, which is about people; of it only the place is told. */
function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const place = /line \d+ column \d+|position \d+/.exec(error instanceof Error ? error.message : '')?.[0]
    throw new CliFailure('not-json', (t) => t.notJson(path, place))
  }
}
