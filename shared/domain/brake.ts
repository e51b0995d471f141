import type { Brake } from '#contracts/stock.ts'
import type { BrakeCounts } from '#contracts/stock-run.ts'

/** Whether a plan would zero or change more of the pool than the brake lets pass. */
export function trips(counts: BrakeCounts, brake: Brake): boolean {
  const { fromSkus, zeroPercent, movePercent } = brake
  const isTooMuch = (skus: number, percent: number) => skus >= fromSkus && skus > (counts.of * percent) / 100
  return isTooMuch(counts.zeroed, zeroPercent) || isTooMuch(counts.changed, movePercent)
}

/** Whether a plan goes further than the one a person released: by more than the brake lets pass without asking. */
export function isWorseThanReleased(counts: BrakeCounts, released: BrakeCounts, brake: Brake): boolean {
  const beyond = {
    of: counts.of,
    zeroed: Math.max(0, counts.zeroed - released.zeroed),
    changed: Math.max(0, counts.changed - released.changed),
  }
  return trips(beyond, brake)
}
