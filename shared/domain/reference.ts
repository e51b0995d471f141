/** Longest reference any target has to hold (S/4 35, Kingdee 30; protocol §2). */
export const MAX_REFERENCE = 30

/** Room for "-g", the generation. */
const GENERATION_ROOM = 2

/** Gives at least as many characters of `[0-9a-z]` as asked for, always the same ones for the same text. */
export type ShortHash = (text: string, characters: number) => string

const base36 = (decimal: string): string => BigInt(decimal).toString(36)

/**
 * `EC{shop}-{order_sn}-{order_id in base 36}`: order_sn alone is re-issued after a delete, order_id alone after a restart of
 * an old InnoDB. An order_sn that is too long, or holds other characters, is replaced by a hash of itself.
 */
export function orderReference(shop: string, orderSn: string, orderId: string, hash: ShortHash): string {
  const id = base36(orderId)
  const room = MAX_REFERENCE - GENERATION_ROOM - `EC${shop}--${id}`.length
  const sn = orderSn.length <= room && /^[A-Za-z0-9-]+$/.test(orderSn) ? orderSn : hash(orderSn, room)
  return `EC${shop}-${sn}-${id}`
}

/** The shop that a reference is of, be it one of ours or another installation’s; undefined for what is no reference. */
export function shopIn(reference: string): string | undefined {
  return /^EC([A-Za-z0-9]{1,4})-/.exec(reference)?.[1]
}

/**
 * The ticket or return that a reference is of, whatever its generation; undefined for any other. The reference it gives is
 * that of the ledger's row.
 */
export function aftersaleIn(
  reference: string,
): { readonly shop: string; readonly kind: 'ticket' | 'return'; readonly reference: string } | undefined {
  const [, whole, shop, letter] =
    /^(EC([A-Za-z0-9]{1,4})-([TRF])\d{1,20})(?:-[0-9a-z]+)?$/.exec(reference) ?? []
  if (whole === undefined || shop === undefined) return undefined
  return { shop, kind: letter === 'T' ? 'ticket' : 'return', reference: whole }
}

export const returnReference = (shop: string, backId: string): string => `EC${shop}-R${backId}`
/** Money that was given back, by ECShop's `account_log.log_id`. */
export const refundReference = (shop: string, logId: string): string => `EC${shop}-F${logId}`
export const ticketReference = (shop: string, msgId: string): string => `EC${shop}-T${msgId}`

/** A member by user_id, a guest by a keyed hash of the phone. */
export function customerReference(
  shop: string,
  { userId, guestKey }: { readonly userId: string | null; readonly guestKey: string | null },
): string {
  return userId === null ? `EC${shop}-G${guestKey ?? ''}` : `EC${shop}-U${userId}`
}

export const partsReference = (shop: string, identity: string, hash: ShortHash): string =>
  `EC${shop}-P${hash(identity, 16)}`

/** The reference of one document: generation 0 carries no suffix. */
export function generationReference(reference: string, generation: number): string {
  return generation === 0 ? reference : `${reference}-${generation.toString(36)}`
}

/** A line's reference: rec_id identifies a line, the SKU never does. */
export function lineReference(reference: string, recId: string): string {
  return `${reference}-${base36(recId)}`
}

/** The rec_id in a line's reference; undefined for one that is not of this order. */
export function recIdIn(lineReference: string, reference: string): string | undefined {
  const digits = lineReference.startsWith(`${reference}-`)
    ? lineReference.slice(reference.length + 1)
    : undefined
  if (digits === undefined || !/^[0-9a-z]{1,13}$/.test(digits)) return undefined
  return Array.from(digits)
    .reduce((sum, digit) => sum * 36n + BigInt(Number.parseInt(digit, 36)), 0n)
    .toString()
}

/** The source identity of an order: both raw, so that a re-issued order_id is another order. */
export function orderSourceId(orderId: string, addTime: number): string {
  return `${orderId}.${addTime}`
}
