import type { Ledger } from '#ports/ledger.ts'
import type { ShopReader } from '#ports/shop-gateway.ts'

/** Reads the shop; what cannot be read there is taken as it was stored last, which may be newer than a message about it. */
export function storedOtherwise(reader: ShopReader, ledger: Pick<Ledger, 'get' | 'getSubject'>): ShopReader {
  return {
    read: async (key) => {
      const read = await reader.read(key)
      if (read.is === 'subject') return read
      const row = await ledger.get(key)
      const subject = row && (await ledger.getSubject(key))
      return subject ? { is: 'subject', subject, ...row.seen } : read
    },
  }
}
