import type { OpenLine, StockMode } from '#contracts/bridge.ts'
import type { LedgerRow } from '#contracts/ledger-row.ts'
import type { SafetyRule } from '#contracts/stock.ts'
import { fitsPattern } from './pattern.ts'

/**
 * What a shop may offer of a SKU (protocol §5): floor(figure − committed − safety), where committed is what the figure of
 * the ERP does not know yet. Counted per order and SKU: the pieces of one SKU in one order are interchangeable, so that no
 * line has to find its counterpart in the ERP.
 */

/**
 * What the ERP’s figure says. `physical`: on the shelf, reserved or not · `free`: physical less what it has reserved ·
 * `sellable`: free less all it has on open documents, reserved or not.
 */
export type StockMeaning = 'physical' | 'free' | 'sellable'

/** A document in the ERP, as far as stock goes. */
export interface StockDocument {
  readonly state: 'live' | 'cancelled' | 'absent'
  readonly items: readonly {
    readonly sku: string
    readonly ordered: number
    readonly reserved?: number
    readonly shipped: number
  }[]
}

/** One look at an order: its row in the ledger, then its document in the ERP. */
export interface Look {
  /** When the look ended, epoch ms: what it shows was so by then. */
  readonly at: number
  readonly row: LedgerRow | undefined
  /** Undefined: this ERP cannot tell, or the order has never been sent. */
  readonly document: StockDocument | undefined
}

/** An order that has, or had, pieces of the SKU in question. */
export interface OrderOfSku {
  /** Its lines of this SKU in the shop, read after the ERP’s figure; none: the shop no longer lists it. */
  readonly lines: readonly Pick<OpenLine, 'quantity' | 'shipped' | 'open'>[]
  /** Before the ERP’s figure was read; undefined: nobody knew then that the order has to do with this SKU. */
  readonly before: Look | undefined
  /** After it was read. */
  readonly after: Look
}

/** The figure the orders are held against, and what the ERP can tell beside it. */
export interface FigureSource {
  readonly meaning: StockMeaning
  /** When the request for it left, epoch ms. */
  readonly asOf: number
  readonly lagMs: number
  readonly tellsDocuments: boolean
  /** Of the ERP’s `steps`: from here on all the quantity of a document is out of the figure. */
  readonly reservesAt: string | undefined
  readonly steps: readonly string[]
}

/** Pieces that are sold and that the ERP’s figure still counts as there. */
export function committedPieces(orders: readonly OrderOfSku[], sku: string, source: FigureSource): number {
  return orders.reduce(
    (sum, order) => sum + Math.max(0, owedPieces(order, sku, source) - coveredPieces(order, sku, source)),
    0,
  )
}

/**
 * Pieces that are to leave the shelf, or have just left it: not reduced by shipments, because only the ERP says which of
 * them its figure already knows. A physical figure still holds what the ERP is about to ship for a document that the shop
 * has cut down or cancelled, until the ERP confirms the same.
 */
export function owedPieces(order: OrderOfSku, sku: string, source: FigureSource): number {
  const byShop = order.lines.reduce(
    (sum, { open, quantity, shipped }) => sum + (open ? quantity : Math.min(quantity, shipped)),
    0,
  )
  if (source.meaning !== 'physical') return byShop
  return Math.max(byShop, standing(order.after, sku, source), unanswered(order.after, sku))
}

/** Pieces of the order that the figure is known to be without: what was so before it was read, and still is. */
export function coveredPieces(order: OrderOfSku, sku: string, source: FigureSource): number {
  const { before, after } = order
  if (!before) return 0
  const knows = {
    // The figure may lag behind its own request.
    isIn: before.at <= source.asOf - source.lagMs,
    // A delivery recorded in between may have changed the document and changed it back.
    isQuiet: before.row?.rev === after.row?.rev,
  }
  return Math.min(
    coveredBy(before, sku, source, knows),
    coveredBy(after, sku, source, { ...knows, isIn: true }),
  )
}

/** The ERP may cover more than is counted now: its figure is to be looked at again soon. */
export function isUnsettled(order: OrderOfSku, sku: string, source: FigureSource): boolean {
  const covered = coveredPieces(order, sku, source)
  const owed = owedPieces(order, sku, source)
  if (covered >= owed) return false
  const later = { ...source, asOf: Number.MAX_SAFE_INTEGER }
  return isUnknown(order.after) || covered < coveredBy(order.after, sku, later, { isIn: true, isQuiet: true })
}

interface FigureKnows {
  /** What this look shows of the document is in the figure. */
  readonly isIn: boolean
  /** Nothing was recorded between the two looks. */
  readonly isQuiet: boolean
}

function coveredBy(look: Look, sku: string, source: FigureSource, knows: FigureKnows): number {
  if (!isLive(look, source)) return 0
  const item = itemOf(look.document, sku)
  const shipped = knows.isIn ? item.shipped : 0
  switch (source.meaning) {
    case 'physical':
      return shipped
    case 'free':
      if (item.reserved !== undefined) return knows.isIn ? item.reserved + item.shipped : 0
      return source.reservesAt === undefined ? shipped : Math.max(shipped, applied(look, sku, source, knows))
    case 'sellable':
      return Math.max(shipped, applied(look, sku, source, knows))
  }
}

/** The quantity in the document: as it says itself, or as the ledger had it confirmed in time. */
function applied(look: Look, sku: string, source: FigureSource, knows: FigureKnows): number {
  const { row, document } = look
  const { steps, reservesAt, asOf, lagMs } = source
  if (reservesAt !== undefined && steps.indexOf(row?.erp?.step ?? '') < steps.indexOf(reservesAt)) return 0
  if (document && knows.isIn && knows.isQuiet) return itemOf(document, sku).ordered
  if (!row?.erp || row.intent || isUnknown(look)) return 0
  const sent = row.lines
    .filter((line) => line.sku === sku && line.at <= asOf - lagMs)
    .reduce((sum, { sentQty }) => sum + sentQty, 0)
  return document ? Math.min(sent, itemOf(document, sku).ordered) : sent
}

function isLive({ row, document }: Look, { tellsDocuments }: FigureSource): boolean {
  return tellsDocuments ? document?.state === 'live' : row?.erp?.state === 'live'
}

/** What the live document asks the warehouse for. */
function standing(look: Look, sku: string, source: FigureSource): number {
  if (!isLive(look, source)) return 0
  return look.document ? itemOf(look.document, sku).ordered : sentPieces(look.row, sku)
}

/** What a write without a clear answer may have put into the document. */
function unanswered(look: Look, sku: string): number {
  if (!look.row || !isUnknown(look)) return 0
  return look.row.lines
    .filter((line) => line.sku === sku)
    .reduce((sum, { qty, sentQty, askedQty = 0 }) => sum + Math.max(qty, sentQty, askedQty), 0)
}

/** A write that puts pieces into the document may still take effect. */
function isUnknown({ row, at }: Look): boolean {
  if (!row) return false
  return (row.intent !== undefined && row.intent.op !== 'cancel') || at < (row.unsettledUntil ?? 0)
}

function sentPieces(row: LedgerRow | undefined, sku: string): number {
  return (row?.lines ?? []).filter((line) => line.sku === sku).reduce((sum, { sentQty }) => sum + sentQty, 0)
}

function itemOf(document: StockDocument | undefined, sku: string): StockDocument['items'][number] {
  return document?.items.find((item) => item.sku === sku) ?? { sku, ordered: 0, shipped: 0 }
}

/** Stock kept back of this figure, by the first rule whose pattern fits. */
export function safetyStock(rules: readonly SafetyRule[], sku: string, figure: number): number {
  const rule = rules.find((candidate) => fitsPattern(candidate.sku, sku))
  if (!rule) return 0
  const { units, percent, min = 0, max = Number.POSITIVE_INFINITY } = rule
  const share = Math.ceil((Math.max(0, figure) * percent) / 100)
  return Math.min(max, Math.max(min, units + share))
}

/** Pieces that all shops of the pool together may offer. */
export function offerablePieces(figure: number, committed: number, safety: number): number {
  return Math.max(0, Math.floor(figure - committed - safety))
}

/** A shop as it was read after the ERP. */
export interface ShopStock {
  readonly shop: string
  /** Its part of what may be offered, 0 to 1. */
  readonly share: number
  readonly mode: StockMode
  readonly quantity: number
  /** Pieces of its open lines that it has not shipped. */
  readonly unshipped: number
  /** The most that a write-back under way may still make it offer. */
  readonly promised: number
}

export interface ShopFigures {
  /** What differs from what the shop has, or keeps it from changing. */
  readonly writes: readonly {
    readonly shop: string
    readonly quantity: number
    /** Of the quantity: what new buyers may have. */
    readonly offers: number
  }[]
  /** A raise waits until another shop shows less. */
  readonly heldBack: boolean
}

/** The most the shop’s column, and the bridge, take. */
const MOST = 2_147_483_647

/**
 * What each shop’s stock is to be. A shop that reduces its stock at shipment shows its open orders’ pieces beside what it
 * offers. A shop is raised only by what the others neither show nor are about to: a decrease counts once it has been read.
 */
export function figuresToWrite(offerable: number, shops: readonly ShopStock[]): ShopFigures {
  const shares = shareOut(
    offerable,
    shops.map(({ share }) => share),
  )
  const shown = shops.map((shop) => Math.max(offered(shop), shop.promised))
  const figures = shops.map((shop, index) => {
    const wanted = shares[index] ?? 0
    const offers = offered(shop)
    const others = shown.reduce((sum, pieces, other) => (other === index ? sum : sum + pieces), 0)
    const next = wanted <= offers ? wanted : Math.max(offers, Math.min(wanted, offerable - others))
    if (next > offers) shown[index] = Math.max(shown[index] ?? 0, next)
    const quantity = Math.min(MOST, next + hidden(shop))
    return { shop, wanted, offers: next, quantity }
  })
  const heldBack = figures.some(({ wanted, offers }) => offers < wanted)
  const writes = figures
    // What is right already is written again where an older command might still raise it: that one is outdated then.
    .filter(({ shop, offers, quantity }) => quantity !== shop.quantity || shop.promised > offers)
    .map(({ shop, quantity, offers }) => ({ shop: shop.shop, quantity, offers }))
  return { writes, heldBack }
}

/** Pieces within the shop’s number that it does not offer to new buyers. */
const hidden = ({ mode, unshipped }: ShopStock): number => (mode === 'shipment' ? unshipped : 0)

const offered = (shop: ShopStock): number => Math.max(0, shop.quantity - hidden(shop))

/** Whole pieces by share; what rounding leaves goes to the largest remainders, so that the last piece can be sold. */
function shareOut(pieces: number, shares: readonly number[]): number[] {
  const exact = shares.map((share) => pieces * share)
  const whole = exact.map((part) => Math.floor(part + 1e-9))
  // A rounding error in the sum of the shares must not give away a piece more.
  let left =
    Math.min(pieces, Math.floor(exact.reduce((sum, part) => sum + part, 0) + 1e-9)) -
    whole.reduce((sum, part) => sum + part, 0)
  const byRemainder = exact
    .map((part, index) => ({ index, remainder: part - (whole[index] ?? 0) }))
    .sort((a, b) => b.remainder - a.remainder || a.index - b.index)
  for (const { index } of byRemainder) {
    if (left <= 0) break
    whole[index] = (whole[index] ?? 0) + 1
    left -= 1
  }
  return whole
}
