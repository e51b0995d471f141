import type { ShopConfig } from '#contracts/config.ts'
import { OrderSchema } from '#contracts/order.ts'
import { identityOf } from '#domain/identity.ts'
import type { ShortHash } from '#domain/reference.ts'
import type { GuestKey } from '#domain/to-customer.ts'
import { toSubject } from '#domain/to-subject.ts'
import type { ShopGateway, ShopRead, ShopReader } from '#ports/shop-gateway.ts'

/** A shop as a read needs it. */
export interface ReadableShop {
  readonly config: ShopConfig
  readonly gateway: ShopGateway
  /** Epochs of its webhook secret, oldest first: their order is the order of versions. */
  readonly epochs: () => Promise<readonly string[]>
}

export interface EcshopReaderDeps {
  /** Undefined = no shop of this id is connected. */
  readonly shop: (id: string) => ReadableShop | undefined
  /** Epoch ms at which a read that begins now is given up. */
  readonly deadline: () => number
  readonly hash: ShortHash
  readonly guestKey: () => Promise<GuestKey>
}

const UNAVAILABLE: ShopRead = { is: 'unavailable' }

/** Reads things out of ECShops, in the words of a delivery: as if the bridge had posted them this moment. */
export function createEcshopReader({ shop, deadline, hash, guestKey }: EcshopReaderDeps): ShopReader {
  return {
    read: async (key) => {
      const readable = shop(key.shop)
      const [, id, stamp] = /^(\d+)\.(\d+)$/.exec(key.sourceId) ?? []
      if (!readable || id === undefined || key.kind === 'parts') return UNAVAILABLE

      const identity = { id, stamp: Number(stamp) }
      const answer = await readable.gateway.thing(key.kind, identity, deadline())
      if (answer.is === 'failed') return UNAVAILABLE
      const event = answer.value

      const epochNo = (await readable.epochs()).indexOf(event.version.epoch)
      if (epochNo < 0) return UNAVAILABLE
      const { subject, wireHash } = toSubject(event, {
        id: key.shop,
        config: readable.config,
        hash,
        guestKey: await guestKey(),
      })
      // Another thing under a number that was given out again is no state of this one.
      const read = identityOf(subject, hash)
      if (read.kind !== key.kind || read.sourceId !== key.sourceId) return UNAVAILABLE
      // Every amount of the wire is within bounds; a price times a quantity need not be.
      if (subject.is === 'snapshot' && !OrderSchema.safeEncode(subject.order).success) return UNAVAILABLE
      return { is: 'subject', subject, version: { ...event.version, epochNo }, wireHash }
    },
  }
}
