import { createHash } from 'node:crypto'
import { recIdIn } from '#domain/reference.ts'

/** The module part of every external id of ours: `ecshop.so_…`. */
export const MODULE = 'ecshop'

/** A name may hold no dot; a reference holds no underscore, so that this stays unique. */
const nameOf = (reference: string) => reference.replaceAll('-', '_')

export const fullId = (name: string) => `${MODULE}.${name}`

export const orderName = (reference: string) => `so_${nameOf(reference)}`

/**
 * A line of the order, or of its charges. Two underscores before the part: one alone could be the name of another
 * generation's line.
 */
export const lineName = (reference: string, part?: string) =>
  `sol_${nameOf(reference)}${part === undefined ? '' : `__${part}`}`

type Prefix = 'so' | 't' | 'rp' | 'cn' | 'rn' | 'pp'

/** A ticket's task, a return's delivery, its credit note or what is noted of it, spare parts. */
export const thingName = (prefix: Exclude<Prefix, 'so'>, reference: string) =>
  `${prefix}_${nameOf(reference)}`

/** The reference in the name of an order, or of another thing. */
export const referenceIn = (name: string, prefix: Prefix = 'so'): string | undefined =>
  name.startsWith(`${prefix}_`) ? name.slice(prefix.length + 1).replaceAll('_', '-') : undefined

/** The shop's line in a line's name, whatever part of it that is; undefined for a charge. */
export function recIdOf(name: string, reference: string): string | undefined {
  const own = `${lineName(reference)}_`
  if (!name.startsWith(own)) return undefined
  const [line = ''] = name.slice(own.length).split('__')
  return recIdIn(`${reference}-${line}`, reference)
}

/** @param owner which buyer of the shop, e.g. `u42` */
export const partnerName = (kind: 'p' | 'a' | 'i', shop: string, owner: string, content?: string) =>
  [kind, shop, owner, ...(content === undefined ? [] : [digest(content)])].join('_')

/** 80 bits: enough that no two people of a shop share one. */
export const digest = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 20)

export const base36 = (decimal: string) => BigInt(decimal).toString(36)
