import type { SyncConfig } from '#contracts/config.ts'
import type { GateLimits } from '#domain/gate.ts'
import { shopGateName } from './shop-turn.ts'

/**
 * The limits of each target's and each shop's gate by its name: whoever enters one has to know it by the same rate, and takes
 * one slot, because others share it.
 *
 * @param stranger the rate at the gate of what the configuration does not have any more
 */
export function gateLimits(
  { targets, shops }: Pick<SyncConfig, 'targets' | 'shops'>,
  { leaseMs, retryFloorMs }: Pick<GateLimits, 'leaseMs' | 'retryFloorMs'>,
  stranger: Pick<GateLimits, 'slots' | 'perMinute'> = { slots: 1, perMinute: 60 },
): (name: string) => GateLimits {
  const rates = new Map([
    ...Object.entries(targets).map(([target, { rate }]) => [target, rate] as const),
    ...Object.entries(shops).map(([shop, { rate }]) => [shopGateName(shop), rate] as const),
  ])
  return (name) => ({ ...(rates.get(name) ?? stranger), slotsPerBatch: 1, leaseMs, retryFloorMs })
}
