import * as z from 'zod'
import { type Attempt, done } from './attempt.ts'
import { IdSchema, search } from './records.ts'
import type { Session } from './session.ts'

const A = 'A'.charCodeAt(0)
const letters = Array.from({ length: 26 }, (_, index) => String.fromCharCode(A + index))

let codes: Map<string, string> | undefined

/** ISO code of a country by its Chinese or English name; Odoo itself knows names only in the languages it has installed. */
export function countryCode(name: string): string | undefined {
  codes ??= namesOfCountries()
  return codes.get(name.trim().toLowerCase())
}

function namesOfCountries(): Map<string, string> {
  const names = new Map<string, string>()
  for (const language of ['zh-Hans', 'zh-Hant', 'en']) {
    const display = new Intl.DisplayNames(language, { type: 'region', fallback: 'none' })
    for (const first of letters) {
      for (const second of letters) {
        // A retired code has the name of its successor.
        const code = new Intl.Locale(`und-${first}${second}`).region ?? ''
        const name = display.of(code)?.toLowerCase()
        if (name !== undefined) names.set(name, code)
      }
    }
  }
  // As ECShop's region table has it, and as it is commonly written.
  for (const name of ['china', 'p.r. china', '中华人民共和国']) names.set(name, 'CN')
  return names
}

export interface Region {
  readonly country?: number
  readonly state?: number
}

const NamedSchema = z.array(z.object({ id: IdSchema, name: z.string() }))

/** Country and state of an address, as far as Odoo has them. What it does not have stays text in the address. */
export async function regionOf(
  session: Session,
  country: string,
  province: string,
): Promise<Attempt<Region>> {
  const code = countryCode(country)
  const domain = code === undefined ? [['name', '=ilike', country.trim()]] : [['code', '=', code]]
  if (country.trim() === '') return done({})
  const countries = await session.read(search('res.country', domain, ['name']), NamedSchema)
  if (!countries.ok) return countries
  const [found, another] = countries.value
  if (!found || another) return done({})
  if (province.trim() === '') return done({ country: found.id })
  const states = await session.read(
    search('res.country.state', [['country_id', '=', found.id]], ['name']),
    NamedSchema,
  )
  if (!states.ok) return states
  const state = stateNamed(province.trim(), states.value)
  return done({ country: found.id, ...(state === undefined ? {} : { state }) })
}

/** "浙江" is "浙江省", and the other way round; never one of several. */
export function stateNamed(
  province: string,
  states: readonly { readonly id: number; readonly name: string }[],
): number | undefined {
  const exact = states.filter(({ name }) => name.toLowerCase() === province.toLowerCase())
  const alike = exact.length > 0 ? exact : states.filter(({ name }) => beginsAlike(name, province))
  return alike.length === 1 ? alike[0]?.id : undefined
}

const beginsAlike = (one: string, other: string) =>
  Math.min(one.length, other.length) >= 2 && (one.startsWith(other) || other.startsWith(one))
