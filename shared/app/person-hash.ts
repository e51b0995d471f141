import { createHmac } from 'node:crypto'
import type { TargetConfig } from '#contracts/config.ts'
import type { PersonHash } from '#ports/person-key.ts'
import type { Secrets } from '#ports/secrets.ts'

/** Base 36 of HMAC-SHA256, under the key of this installation. */
export function personHashWith(key: string): PersonHash {
  return (of, value) => {
    const digest = createHmac('sha256', key).update(`${of}:${value}`).digest('hex')
    return BigInt(`0x${digest}`).toString(36).padStart(50, '0')
  }
}

/** @throws if the deployment has lost its key */
export async function personHash(secrets: Pick<Secrets, 'personKey'>): Promise<PersonHash> {
  const key = await secrets.personKey()
  if (key === undefined) throw new Error('The secret person-key has no value: deploy again.')
  return personHashWith(key)
}

/** Only where somebody takes customers a guest needs a key. @throws as `personHash` */
export async function personHashFor(
  targets: readonly (Pick<TargetConfig, 'kinds'> | undefined)[],
  secrets: Pick<Secrets, 'personKey'>,
): Promise<PersonHash> {
  if (!targets.some((target) => target?.kinds.includes('customer'))) return () => ''
  return personHash(secrets)
}

/** Room that a reference leaves for it. */
const GUEST_KEY_CHARACTERS = 20

export const guestKeyWith =
  (hash: PersonHash) =>
  (phone: string): string =>
    hash('phone', phone).slice(0, GUEST_KEY_CHARACTERS)
