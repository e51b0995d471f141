import type { Subject } from '#contracts/delivery-message.ts'
import type { RowKey } from '#contracts/ledger-row.ts'
import type { Version } from '#contracts/scalars.ts'

export type ShopRead =
  | {
      readonly is: 'subject'
      readonly subject: Subject
      readonly version: Version
      readonly wireHash: string
    }
  | { readonly is: 'unavailable' }

/** The shop's own state of one thing, freshly read, with a version drawn just before (protocol §1). */
export interface ShopGateway {
  read(key: RowKey): Promise<ShopRead>
}
