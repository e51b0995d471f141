import type { BridgeSecret, ShopSecret, TargetSecret } from '#contracts/secrets.ts'

/** Undefined = no such secret has been put. Values may be cached for up to a minute. */
export interface Secrets {
  shop(shop: string): Promise<ShopSecret | undefined>
  bridge(shop: string): Promise<BridgeSecret | undefined>
  target(target: string): Promise<TargetSecret | undefined>
  /** Keys the hashes by which people are known; made by the deployment, the same for good. */
  personKey(): Promise<string | undefined>
}
