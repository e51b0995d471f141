import type { DeliveryMessage, Subject } from '#contracts/delivery-message.ts'
import { EpochMsSchema } from '#contracts/instant.ts'
import { cameIntoBeing } from '#domain/came-into-being.ts'
import { peopleOf } from '#domain/people-of.ts'
import type { Erasures } from '#ports/erasures.ts'
import type { Secrets } from '#ports/secrets.ts'
import { personHash } from './person-hash.ts'

/** Whom things name, as far as we may know: by keyed hashes. */
export interface People {
  hashesOf(subject: Subject): Promise<string[]>
  /** Somebody it names was erased after it came into being. What cannot tell its time counts as old. */
  erased(message: Pick<DeliveryMessage, 'shop' | 'subject' | 'bornAt'>): Promise<boolean>
}

export function knownPeople(secrets: Pick<Secrets, 'personKey'>, erasures: Pick<Erasures, 'latest'>): People {
  const hashesOf = async (subject: Subject) => {
    const people = peopleOf(subject)
    if (people.length === 0) return []
    const hash = await personHash(secrets)
    return people.map(({ of, value }) => hash(of, value))
  }
  return {
    hashesOf,
    erased: async ({ shop, subject, bornAt }) => {
      const erasedAt = await erasures.latest(await hashesOf(subject), shop)
      if (erasedAt === undefined) return false
      const since = bornAt ?? cameIntoBeing(subject)
      return since === null || EpochMsSchema.decode(since) <= erasedAt
    },
  }
}
