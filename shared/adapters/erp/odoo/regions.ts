import * as z from 'zod'
import { type Attempt, done } from './attempt.ts'
import type { Country, Desk } from './desk.ts'
import { fieldsNamed, IdSchema, readNested } from './records.ts'

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

const StateSchema = z.object({ id: IdSchema, name: z.string() })
const CountrySchema = z.object({ id: IdSchema, state_ids: z.array(StateSchema) })

/** Country and state of an address, as far as Odoo has them. What it does not have stays text in the address. */
export async function regionOf(desk: Desk, country: string, province: string): Promise<Attempt<Region>> {
  if (country.trim() === '') return done({})
  const found = await countryOf(desk, country.trim())
  if (!found.ok) return found
  if (found.value === 'unknown') return done({})
  const { id, states } = found.value
  const state = province.trim() === '' ? undefined : stateNamed(province.trim(), states)
  return done({ country: id, ...(state === undefined ? {} : { state }) })
}

async function countryOf({ session, memory }: Desk, name: string): Promise<Attempt<Country | 'unknown'>> {
  return memory.countries.or(name, async () => {
    const code = countryCode(name)
    const read = await readNested(
      session,
      'res.country',
      code === undefined ? [['name', '=ilike', name]] : [['code', '=', code]],
      { state_ids: { fields: fieldsNamed(['name']) } },
      CountrySchema,
    )
    if (!read.ok) return read
    const [found, another] = read.value
    return done(!found || another ? 'unknown' : { id: found.id, states: found.state_ids })
  })
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
