import type { BridgeSecret, ShopSecret, TargetSecret } from '#contracts/secrets.ts'
import type { Secrets } from '#ports/secrets.ts'

/** Secrets that were put in this process. */
export class MemorySecrets implements Secrets {
  readonly #shops = new Map<string, ShopSecret>()
  readonly #bridges = new Map<string, BridgeSecret>()
  readonly #targets = new Map<string, TargetSecret>()

  putShop(shop: string, secret: ShopSecret): void {
    this.#shops.set(shop, structuredClone(secret))
  }

  putBridge(shop: string, secret: BridgeSecret): void {
    this.#bridges.set(shop, structuredClone(secret))
  }

  putTarget(target: string, secret: TargetSecret): void {
    this.#targets.set(target, structuredClone(secret))
  }

  async personKey(): Promise<string> {
    return 'key-of-this-process'
  }

  async shop(shop: string): Promise<ShopSecret | undefined> {
    return structuredClone(this.#shops.get(shop))
  }

  async bridge(shop: string): Promise<BridgeSecret | undefined> {
    return structuredClone(this.#bridges.get(shop))
  }

  async target(target: string): Promise<TargetSecret | undefined> {
    return structuredClone(this.#targets.get(target))
  }
}
