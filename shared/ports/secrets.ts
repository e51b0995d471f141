import type { ShopSecret, TargetSecret } from '#contracts/secrets.ts'

/** Undefined = no such secret has been put. Values may be cached for up to a minute. */
export interface Secrets {
  shop(shop: string): Promise<ShopSecret | undefined>
  target(target: string): Promise<TargetSecret | undefined>
}
