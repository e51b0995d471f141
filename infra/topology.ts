import type { ShopConfig, SyncConfig, TargetConfig } from '#contracts/config.ts'

/** What of a SyncConfig shapes the infrastructure; the rest concerns the functions alone. */
export interface Topology extends Readonly<Pick<SyncConfig, 'deploy'>> {
  readonly shops: Readonly<Record<string, Readonly<Pick<ShopConfig, 'targets'>>>>
  readonly targets: Readonly<Record<string, TargetTopology>>
}

export type TargetTopology = Readonly<Pick<TargetConfig, 'rate' | 'settleSeconds'>>
