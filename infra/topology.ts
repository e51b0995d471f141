import type { ShopConfig, SyncConfig, TargetConfig } from '#contracts/config.ts'
import type { Pool } from '#contracts/stock.ts'

/** What of a SyncConfig shapes the infrastructure; the rest concerns the functions alone. */
export interface Topology extends Readonly<Pick<SyncConfig, 'deploy'>> {
  readonly shops: Readonly<Record<string, ShopTopology>>
  readonly targets: Readonly<Record<string, TargetTopology>>
  readonly pools: Readonly<Record<string, PoolTopology>>
}

export interface ShopTopology extends Readonly<Pick<ShopConfig, 'targets' | 'sweepMinutes'>> {
  readonly rate: Readonly<Pick<ShopConfig['rate'], 'slots'>>
}

export interface TargetTopology extends Readonly<Pick<TargetConfig, 'kinds' | 'rate' | 'settleSeconds'>> {
  readonly aftersales?: Readonly<Pick<NonNullable<TargetConfig['aftersales']>, 'everyMinutes'>> | undefined
  readonly shipments?: Readonly<Pick<NonNullable<TargetConfig['shipments']>, 'everyMinutes'>> | undefined
}

type PoolTopology = Readonly<Pick<Pool, 'target' | 'everyMinutes'>> & {
  readonly shops: Readonly<Record<string, unknown>>
}
