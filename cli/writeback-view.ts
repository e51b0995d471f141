import { writebackName } from '#app/find-writebacks.ts'
import type { Progress } from '#contracts/progress.ts'
import type { WritebackRow } from '#contracts/writeback.ts'
import { courseOf, inTheirOrder } from '#domain/progress.ts'
import type { Format } from './format.ts'

const iso = (epochMs: number): string => new Date(epochMs).toISOString()

/** A write-back in a list: references, numbers and codes. */
export function writebackSummary(row: WritebackRow) {
  const { key, reason, result } = row
  return {
    shop: row.shop ?? null,
    target: key.target,
    kind: key.kind,
    reference: writebackName(row),
    order: row.ref,
    number: row.no,
    status: row.status,
    ...(reason ? { reason } : {}),
    ...(result === undefined ? {} : { result }),
    changedAt: iso(row.updatedAt),
  }
}

/** Its whole life: a person’s reason for a cancel is text of the operator’s own. */
export function writebackDetails(row: WritebackRow) {
  const { command, told, claim } = row
  return {
    ...writebackSummary(row),
    ...(told ? { told: { ...told, shippedAt: iso(told.shippedAt) } } : {}),
    ...(command ? { command } : {}),
    ...(claim ? { claimedUntil: iso(claim.leaseUntil) } : {}),
    firstSeenAt: iso(row.firstSeenAt),
    history: row.history.map(({ at, ...entry }) => ({ at: iso(at), ...entry })),
  }
}

/** The same for a person: what left, in which parcels, and how the shop took it. */
export function writebackLife(row: WritebackRow, { t, at, fields, table, colors }: Format): string {
  const { key, told, command, reason, claim, result } = row
  const why = reason && t.reason(reason)
  const facts = fields([
    [t.words.reference, writebackName(row)],
    [t.writebacks.kind, t.writebacks.kinds[key.kind]],
    [t.words.number, row.no],
    [t.words.shop, row.shop],
    [t.words.target, key.target],
    [t.words.status, colors.bold(t.writebacks.statuses[row.status])],
    [t.words.result, result],
    [t.words.reason, why && `${reason.code} — ${why.message}`],
    [t.words.subject, reason?.subject],
    [t.words.remedy, why?.remedy],
    [t.writebacks.goods, told?.lines.map(({ sku, quantity }) => `${quantity} × ${sku}`).join(', ')],
    [t.writebacks.tracking, told && [told.carrier?.name, ...told.tracking].filter(Boolean).join(' ')],
    [t.writebacks.serials, told?.lines.flatMap(({ serials }) => serials).join(' ') || undefined],
    [t.words.message, command?.is === 'cancel' ? command.cancel.reason : undefined],
    ...(command?.is === 'progress' ? stepFacts(command.progress, t, at) : []),
    ...(command?.is === 'parcel'
      ? [[t.writebacks.forTicket, command.no] as const, [t.writebacks.partsRequest, command.ref] as const]
      : []),
    [t.show.claimedUntil, claim && at(claim.leaseUntil)],
    [t.show.firstSeen, at(row.firstSeenAt)],
    [t.words.changed, at(row.updatedAt)],
  ])
  const history = table(
    [t.show.when, t.show.what, t.words.correlationId],
    row.history.map(({ at: when, event, correlationId }) => [at(when), event, correlationId]),
  )
  return `${facts}\n\n${history}`
}

function stepFacts(
  { step, at: happened, person, parcels, ...more }: Progress,
  t: Format['t'],
  at: Format['at'],
): (readonly [string, string | undefined])[] {
  const parts = 'parts' in more ? more.parts : []
  return [
    [t.writebacks.step, step],
    [t.writebacks.happened, at(Date.parse(happened))],
    [t.writebacks.person, person],
    [t.writebacks.parts, parts.map(({ sku, quantity }) => `${quantity} × ${sku}`).join(', ') || undefined],
    [
      t.writebacks.tracking,
      parcels.map(({ carrier, tracking }) => `${carrier} ${tracking}`.trim()).join(', ') || undefined,
    ],
  ]
}

/** The steps of a ticket or return at one target, as they happened, and where it stands after them. */
export function courseView(
  rows: readonly WritebackRow[],
  { t, at, table, colors }: Format,
): string | undefined {
  const steps = rows.flatMap(({ command }) => (command?.is === 'progress' ? [command.progress] : []))
  if (steps.length === 0) return undefined
  const { state, outOfOrder } = courseOf(steps)
  const lines = inTheirOrder(steps).map(({ id, step, at: happened, person }) => [
    at(Date.parse(happened)),
    step,
    person,
    id,
    outOfOrder.includes(id) ? t.writebacks.outOfOrder : undefined,
  ])
  const head = [t.writebacks.happened, t.writebacks.step, t.writebacks.person, 'id', '']
  return `${t.writebacks.state}: ${colors.bold(state ?? '—')}\n${table(head, lines)}`
}
