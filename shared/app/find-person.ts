import { type DeliveryMessage, DeliveryMessageSchema, type Subject } from '#contracts/delivery-message.ts'
import type { LedgerRow } from '#contracts/ledger-row.ts'
import { type WritebackMessage, WritebackMessageSchema, type WritebackRow } from '#contracts/writeback.ts'
import { type Person, peopleOf } from '#domain/people-of.ts'
import type { Ledger } from '#ports/ledger.ts'
import type { PersonHash } from '#ports/person-key.ts'
import type { WritebackLedger } from '#ports/writebacks.ts'

export interface FindPersonDeps {
  readonly ledger: Pick<Ledger, 'findByPerson' | 'findByNo' | 'getSubject' | 'getRequests'>
  readonly writebacks: Pick<WritebackLedger, 'findByRef'>
  readonly hash: PersonHash
}

/** One thing that names a person, at one target, with all that is held of it. */
export interface HeldThing {
  readonly row: LedgerRow
  readonly subject: Subject | undefined
  readonly requests: Readonly<Record<string, string>>
  readonly writebacks: readonly WritebackRow[]
}

export interface FoundPerson {
  /** Those who were meant, and what their customer records say they are known by as well. */
  readonly people: readonly Person[]
  /** Named in the same things, which may be somebody else. */
  readonly others: readonly Person[]
  readonly things: readonly HeldThing[]
}

/** All that is held of a person. @param shop undefined: in every shop */
export async function findPerson(
  meant: readonly Person[],
  shop: string | undefined,
  { ledger, writebacks, hash }: FindPersonDeps,
): Promise<FoundPerson> {
  const people = new Map(meant.map((person) => [nameOf(person), person]))
  const rows = new Map<string, LedgerRow>()
  const subjects = new Map<string, Subject | undefined>()
  const keep = async (row: LedgerRow) => {
    const name = JSON.stringify(row.key)
    if (rows.has(name) || (shop !== undefined && row.key.shop !== shop)) return
    rows.set(name, row)
    subjects.set(name, await ledger.getSubject(row.key))
  }
  // A map goes on over what is added to it meanwhile.
  for (const { of, value } of people.values()) {
    for (const row of await ledger.findByPerson(hash(of, value))) await keep(row)
    for (const subject of subjects.values()) {
      if (subject?.is !== 'customer') continue
      for (const known of peopleOf(subject)) people.set(nameOf(known), people.get(nameOf(known)) ?? known)
    }
  }
  // What a desk asked for a ticket is about its customer, and names nobody.
  for (const row of [...rows.values()].filter(({ key }) => key.kind === 'ticket')) {
    for (const asked of await ledger.findByNo(row.ref)) if (asked.key.kind === 'parts') await keep(asked)
  }

  const named = [...subjects.values()].flatMap((subject) => (subject ? peopleOf(subject) : []))
  const others = new Map(
    named.filter((person) => !people.has(nameOf(person))).map((one) => [nameOf(one), one]),
  )
  const things = await Promise.all(
    [...rows].map(async ([name, row]) => ({
      row,
      subject: subjects.get(name),
      requests: await ledger.getRequests(row.key),
      writebacks: (await writebacks.findByRef(row.ref)).filter(({ key }) => key.target === row.key.target),
    })),
  )
  return {
    people: [...people.values()],
    others: [...others.values()],
    things: things.toSorted((a, b) => a.row.firstSeenAt - b.row.firstSeenAt),
  }
}

const nameOf = ({ of, value }: Person): string => `${of} ${value}`

/** Whether the body of a message speaks of a person, or of a thing of theirs. */
export function speaksOf(
  body: string,
  { people, things }: Pick<FoundPerson, 'people' | 'things'>,
  shop: string | undefined,
): boolean {
  const message = parsed(body)
  if (!message) return people.some(({ of, value }) => of !== 'user' && body.toLowerCase().includes(value))
  if (shop !== undefined && message.shop !== shop) return false
  const wanted = new Set(people.map(nameOf))
  if ('subject' in message) return peopleOf(message.subject).some((person) => wanted.has(nameOf(person)))
  const { command } = message
  return command.is !== 'stock' && things.some(({ row }) => row.ref === command.ref)
}

function parsed(body: string): DeliveryMessage | WritebackMessage | undefined {
  let json: unknown
  try {
    json = JSON.parse(body)
  } catch {
    return undefined
  }
  return DeliveryMessageSchema.safeParse(json).data ?? WritebackMessageSchema.safeParse(json).data
}
