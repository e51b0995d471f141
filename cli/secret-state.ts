import type { SyncConfig } from '#contracts/config.ts'
import type { Secrets } from '#ports/secrets.ts'
import { malformedNames, missingNames, neededNames } from './target-secret.ts'

/** What can be told of a secret without telling it. */
export interface SecretState {
  readonly name: string
  /** `not-needed`: the target's auth takes none. */
  readonly is: 'put' | 'missing' | 'incomplete' | 'malformed' | 'not-needed'
  /** Names the target's auth needs and the secret lacks. */
  readonly lacks?: readonly string[]
  /** Of a shop: how many signing secrets are valid, and the epoch that may post. */
  readonly secretsValid?: number
  readonly epoch?: string
}

export async function secretStates(config: SyncConfig, secrets: Secrets): Promise<SecretState[]> {
  const shops = Object.keys(config.shops).map(async (shop): Promise<SecretState> => {
    const name = `shop/${shop}/webhook`
    const read = await attempt(() => secrets.shop(shop))
    if (read === 'malformed') return { name, is: 'malformed' }
    const epoch = read?.epochs.at(-1)
    return read
      ? { name, is: 'put', secretsValid: read.secrets.length, ...(epoch ? { epoch } : {}) }
      : { name, is: 'missing' }
  })
  const bridges = Object.keys(config.shops).map(async (shop): Promise<SecretState> => {
    const name = `shop/${shop}/bridge`
    const read = await attempt(() => secrets.bridge(shop))
    if (read === 'malformed') return { name, is: 'malformed' }
    return { name, is: read ? 'put' : 'missing' }
  })
  const targets = Object.entries(config.targets).map(async ([target, targetConfig]): Promise<SecretState> => {
    const name = `target/${target}/erp`
    const read = await attempt(() => secrets.target(target))
    if (read === 'malformed') return { name, is: 'malformed' }
    const lacks = missingNames(targetConfig, read)
    if (neededNames(targetConfig).length === 0) return { name, is: 'not-needed' }
    if (!read) return { name, is: 'missing', lacks }
    if (malformedNames(targetConfig, read).length > 0) return { name, is: 'malformed' }
    return lacks.length > 0 ? { name, is: 'incomplete', lacks } : { name, is: 'put' }
  })
  return Promise.all([...shops, ...bridges, ...targets])
}

/** A secret of the wrong form throws, and so does a service that cannot be reached: only that one has a cause. */
export async function attempt<T>(read: () => Promise<T>): Promise<T | 'malformed'> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof Error && error.cause === undefined) return 'malformed'
    throw error
  }
}
