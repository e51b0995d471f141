/**
 * Shares `total` minor units over `weights` in proportion, to the unit, by largest remainder (ties to the earlier one).
 * Nothing gets more than its weight: what exceeds their sum comes back as `rest`. A total of 0 or less is all rest.
 */
export function allocate(total: number, weights: readonly number[]): { shares: number[]; rest: number } {
  const base = weights.reduce((sum, weight) => sum + weight, 0)
  const given = Math.max(0, Math.min(total, base))
  if (given === 0) return { shares: weights.map(() => 0), rest: total }

  // BigInt: a product of two amounts exceeds 53 bits long before an amount does.
  const exact = weights.map((weight) => BigInt(given) * BigInt(weight))
  const divisor = BigInt(base)
  const shares = exact.map((product) => Number(product / divisor))
  const missing = given - shares.reduce((sum, share) => sum + share, 0)
  const byRemainder = exact
    .map((product, index) => ({ index, remainder: product % divisor }))
    .sort((a, b) => (a.remainder === b.remainder ? a.index - b.index : a.remainder < b.remainder ? 1 : -1))
  for (const { index } of byRemainder.slice(0, missing)) shares[index] = (shares[index] ?? 0) + 1
  return { shares, rest: total - given }
}

/** Splits the whole of `total` by `weights`; equally where all weights are 0. For shares that may exceed a weight. */
export function split(total: number, weights: readonly number[]): number[] {
  const base = weights.reduce((sum, weight) => sum + weight, 0)
  const fair = base > 0 ? weights : weights.map(() => 1)
  const scale = Math.abs(total)
  // Scaling every weight by the total makes each at least its share, so that allocate caps nothing.
  const { shares } = allocate(
    scale,
    fair.map((weight) => weight * Math.max(1, scale)),
  )
  return total < 0 ? shares.map((share) => -share) : shares
}
