import type { PlanChunk, StockKept } from '#contracts/stock-run.ts'

type Command = Pick<StockKept['underWay'][string][number], 'asOf' | 'at'>

/** One SKU of a command under way. */
export interface Write {
  readonly command: Command
  /** The most that commands under way may make the shop offer. */
  readonly offers: number
}

/**
 * What was sent to the shops and is not known to have arrived. Of a night that changes everything that is every SKU of the
 * pool: each is a number here, and what it shares with its command is there once.
 */
export class UnderWay {
  readonly #shops = new Map<string, Map<string, Write>>()

  constructor(kept: StockKept['underWay']) {
    for (const [shop, commands] of Object.entries(kept)) {
      const writes = this.#writesOf(shop)
      for (const { skus, offers, ...command } of commands) {
        for (const [index, sku] of skus.entries()) writes.set(sku, { command, offers: offers[index] ?? 0 })
      }
    }
  }

  of(shop: string, sku: string): Write | undefined {
    return this.#shops.get(shop)?.get(sku)
  }

  skus(shop: string): string[] {
    return [...(this.#shops.get(shop)?.keys() ?? [])]
  }

  /** It has arrived, or is lost. */
  end(shop: string, sku: string): void {
    this.#shops.get(shop)?.delete(sku)
  }

  /** What a queued chunk may make its shop offer, until the shop is seen to have had it. */
  begin({ shop, asOf, items }: PlanChunk, at: number): void {
    const writes = this.#writesOf(shop)
    const command = { asOf, at }
    for (const { sku, offers } of items) {
      // An older command under way may come first.
      writes.set(sku, { command, offers: Math.max(offers, writes.get(sku)?.offers ?? 0) })
    }
  }

  /** As a run keeps it. */
  get kept(): StockKept['underWay'] {
    return Object.fromEntries([...this.#shops].map(([shop, writes]) => [shop, byCommand(writes)]))
  }

  #writesOf(shop: string): Map<string, Write> {
    const writes = this.#shops.get(shop) ?? new Map<string, Write>()
    this.#shops.set(shop, writes)
    return writes
  }
}

function byCommand(writes: ReadonlyMap<string, Write>): StockKept['underWay'][string] {
  const commands = new Map<Command, StockKept['underWay'][string][number]>()
  for (const [sku, { command, offers }] of writes) {
    const ofCommand = commands.get(command) ?? { ...command, skus: [], offers: [] }
    commands.set(command, ofCommand)
    ofCommand.skus.push(sku)
    ofCommand.offers.push(offers)
  }
  return [...commands.values()]
}
