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
  readonly #shops: Map<string, Map<string, Write>>

  constructor(kept: StockKept['underWay']) {
    this.#shops = new Map(
      Object.entries(kept).map(([shop, commands]) => [
        shop,
        new Map(
          commands.flatMap(({ offers, ...command }) =>
            Object.entries(offers).map(([sku, most]): [string, Write] => [sku, { command, offers: most }]),
          ),
        ),
      ]),
    )
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
    const writes = this.#shops.get(shop) ?? new Map<string, Write>()
    this.#shops.set(shop, writes)
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
}

function byCommand(writes: ReadonlyMap<string, Write>): StockKept['underWay'][string] {
  const commands = new Map<Command, [sku: string, offers: number][]>()
  for (const [sku, { command, offers }] of writes) {
    const ofCommand = commands.get(command)
    if (ofCommand) ofCommand.push([sku, offers])
    else commands.set(command, [[sku, offers]])
  }
  return [...commands].map(([command, offers]) => ({ ...command, offers: Object.fromEntries(offers) }))
}
