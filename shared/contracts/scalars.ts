import * as z from 'zod'

/** What a malformed scalar is told: the sentence, and what the sender does about it. */
export const SCALAR_RULES = {
  id: {
    message: 'is not a decimal id in a string',
    remedy: 'Send ids as JSON strings of digits ("10086"); JSON numbers lose digits beyond 2^53.',
  },
  money: {
    message: 'is not a decimal amount with two places in a string',
    remedy: 'Send money as a string with exactly two decimals, e.g. "12.30" or "-5.00".',
  },
  instant: {
    message: 'is not an ISO-8601 instant in UTC',
    remedy: 'Send instants as "2026-11-21T08:30:00Z"; convert shop time to UTC in the bridge.',
  },
  text: {
    message: 'is not well-formed text',
    remedy: 'Convert GBK to UTF-8 before encoding JSON; unpaired surrogates are refused.',
  },
} as const

/** An id of the shop's database, kept as a string because ERPs and PHP differ beyond 53 bits. */
export const IdSchema = z
  .string({ error: SCALAR_RULES.id.message })
  .regex(/^(0|[1-9]\d{0,19})$/, { error: SCALAR_RULES.id.message })

/** Text that survived the way from the shop's charset. */
export const TextSchema = z
  .string()
  .refine((text) => text.isWellFormed(), { error: SCALAR_RULES.text.message })

/** An instant on the wire: ISO-8601 in UTC. */
export const InstantSchema = z.iso.datetime({ error: SCALAR_RULES.instant.message })

/** A raw `*_time` integer as ECShop stores it; 0 means never. Its zero point differs by generation, so it is only ever compared. */
export const RawTimeSchema = z.int().nonnegative()

/** A tinyint(1) of ECShop. */
export const FlagSchema = z.union([z.literal(0), z.literal(1)])

const WIRE_MONEY = /^-?(0|[1-9]\d{0,11})\.\d{2}$/

/** Money on the wire as the shop reports it: a decimal string with two places (`decimal(10,2)` in ECShop). */
export const WireMoneySchema = z
  .string({ error: SCALAR_RULES.money.message })
  .regex(WIRE_MONEY, { error: SCALAR_RULES.money.message })

/** Money between our own parts: decimal string outside, integer minor units (fen) inside. */
export const MoneySchema = z.codec(WireMoneySchema, z.int(), {
  decode: (text) => Math.round(Number(text) * 100),
  encode: (minor) =>
    `${minor < 0 ? '-' : ''}${Math.trunc(Math.abs(minor) / 100)}.${String(Math.abs(minor) % 100).padStart(2, '0')}`,
})

/** (epoch, seq) of protocol §1 as the bridge sends it. */
export const WireVersionSchema = z.object({
  epoch: z.string().regex(/^[A-Za-z0-9-]{4,40}$/),
  seq: z.int().positive(),
})

/** The same, with the position of its epoch in the shop's list, which orders epochs. */
export const VersionSchema = WireVersionSchema.extend({ epochNo: z.int().nonnegative() })
export type Version = z.infer<typeof VersionSchema>

/** A shop's id: up to 4 letters or digits, because it is part of every reference. */
export const ShopIdSchema = z.string().regex(/^[A-Za-z0-9]{1,4}$/)
export const TargetNameSchema = z.string().regex(/^[a-z][a-z0-9-]{0,30}$/)

export const KindSchema = z.enum(['order', 'customer', 'return', 'ticket'])
export type Kind = z.infer<typeof KindSchema>

/** What the ledger has rows of and targets take: what the shop has, and spare parts that a service desk asks for. */
export const DocumentKindSchema = z.enum([...KindSchema.options, 'parts'])
export type DocumentKind = z.infer<typeof DocumentKindSchema>

export const TimeZoneSchema = z.string().refine(
  (zone) => {
    try {
      new Intl.DateTimeFormat('en', { timeZone: zone })
      return true
    } catch {
      return false
    }
  },
  { error: 'is not an IANA time zone, e.g. "Asia/Shanghai"' },
)
