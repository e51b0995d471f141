import type { Reason } from '#contracts/ledger-row.ts'
import type { Line } from '#contracts/order.ts'
import type { ToldShipment } from '#contracts/writeback.ts'
import { reason } from './reasons.ts'

type ToldLine = ToldShipment['lines'][number]

/** What of an order’s lines left: of a package line whole packages. */
export type Shipped =
  | { readonly ok: true; readonly lines: readonly { readonly recId: string; readonly quantity: number }[] }
  | { readonly ok: false; readonly reason: Reason }

/**
 * Finds the lines of the order that a shipment is of. The ERP’s own word on the line holds; pieces it tells by SKU alone make
 * up whole packages first, which nothing else can, then fill the lines in their order.
 *
 * @param taken pieces of each line, by rec_id, that other shipments are of
 */
export function shippedLines(
  told: readonly ToldLine[],
  lines: readonly Line[],
  taken: ReadonlyMap<string, number>,
): Shipped {
  const fraction = told.find(({ quantity }) => !Number.isInteger(quantity) || quantity < 1)
  if (fraction) {
    return refused('shipment-unreadable', fraction.sku, `The quantity is ${fraction.quantity}.`)
  }
  const desk = new Desk(lines, taken)
  const bySku = new Map<string, number>()
  for (const { recId, sku, quantity } of told) {
    if (recId === undefined || !desk.take(recId, sku, quantity)) {
      bySku.set(sku, (bySku.get(sku) ?? 0) + quantity)
    }
  }
  desk.fillPackages(bySku)
  desk.fillLines(bySku)
  for (const [sku, left] of bySku) {
    if (left > 0) {
      return desk.isMember(sku)
        ? refused('package-in-parts', sku)
        : refused('shipment-unknown-line', sku, `${left} of ${sku} have no line.`)
    }
  }
  const part = desk.partOfPackage()
  return part === undefined ? { ok: true, lines: desk.lines() } : refused('package-in-parts', part)
}

function refused(
  code: 'shipment-unreadable' | 'shipment-unknown-line' | 'package-in-parts',
  subject: string,
  detail?: string,
): Shipped {
  return { ok: false, reason: reason(code, { subject, ...(detail === undefined ? {} : { detail }) }) }
}

/** Counts what leaves of each line. */
class Desk {
  readonly #lines: readonly Line[]
  readonly #room: Map<string, number>
  readonly #leaving = new Map<string, number>()
  /** Members told for a certain package line: by rec_id and SKU. */
  readonly #members = new Map<string, Map<string, number>>()

  constructor(lines: readonly Line[], taken: ReadonlyMap<string, number>) {
    this.#lines = lines.filter(({ kind }) => kind !== 'promotion')
    this.#room = new Map(
      this.#lines.map((line) => [line.recId, line.quantity - (taken.get(line.recId) ?? 0)]),
    )
  }

  /** False where the order has no such line, or the package no such member. */
  take(recId: string, sku: string, quantity: number): boolean {
    const line = this.#lines.find((one) => one.recId === recId)
    if (!line) return false
    if (line.kind !== 'package') {
      this.#leave(recId, quantity)
      return true
    }
    if (!membersOf(line).has(sku)) return false
    const members = this.#members.get(recId) ?? new Map<string, number>()
    members.set(sku, (members.get(sku) ?? 0) + quantity)
    this.#members.set(recId, members)
    return true
  }

  /** Takes from `pieces` what makes up whole packages. */
  fillPackages(pieces: Map<string, number>): void {
    for (const line of this.#lines) {
      const members = membersOf(line)
      if (members.size === 0) continue
      const possible = [...members].map(([sku, each]) => Math.floor((pieces.get(sku) ?? 0) / each))
      const whole = Math.max(0, Math.min(this.#roomOf(line), ...possible))
      for (const [sku, each] of members) pieces.set(sku, (pieces.get(sku) ?? 0) - whole * each)
      this.#leave(line.recId, whole)
    }
  }

  /** Takes from `pieces` what the lines of that SKU have room for. */
  fillLines(pieces: Map<string, number>): void {
    for (const line of this.#lines) {
      if (line.kind === 'package') continue
      const left = pieces.get(line.sku) ?? 0
      const fitting = Math.max(0, Math.min(this.#roomOf(line), left))
      if (left > 0) pieces.set(line.sku, left - fitting)
      this.#leave(line.recId, fitting)
    }
  }

  isMember(sku: string): boolean {
    return this.#lines.some((line) => membersOf(line).has(sku))
  }

  /** A member of a package of which the others are missing; the whole ones are counted. */
  partOfPackage(): string | undefined {
    for (const [recId, told] of this.#members) {
      const line = this.#lines.find((one) => one.recId === recId)
      const members = line ? [...membersOf(line)] : []
      const counts = members.map(([sku, each]) => (told.get(sku) ?? 0) / each)
      const [whole = 0] = counts
      const odd = members.findIndex((_, index) => counts[index] !== whole)
      const [part] = members[odd] ?? (Number.isInteger(whole) ? [] : (members[0] ?? []))
      if (part !== undefined) return part
      this.#leave(recId, whole)
    }
    return undefined
  }

  lines(): { recId: string; quantity: number }[] {
    return this.#lines.flatMap(({ recId }) => {
      const quantity = this.#leaving.get(recId) ?? 0
      return quantity > 0 ? [{ recId, quantity }] : []
    })
  }

  #roomOf({ recId }: Line): number {
    return (this.#room.get(recId) ?? 0) - (this.#leaving.get(recId) ?? 0)
  }

  #leave(recId: string, quantity: number): void {
    this.#leaving.set(recId, (this.#leaving.get(recId) ?? 0) + quantity)
  }
}

/** Pieces of each SKU in one package. */
function membersOf(line: Line): Map<string, number> {
  const members = new Map<string, number>()
  if (line.kind !== 'package' || line.quantity < 1) return members
  for (const { sku, quantity } of line.parts) {
    members.set(sku, (members.get(sku) ?? 0) + quantity / line.quantity)
  }
  return members
}
