/** One measured thing over several rounds; `ratio` is to another thing measured in the same rounds, round by round. */
export interface Figure {
  readonly name: string
  readonly unit: string
  readonly value: Summary
  readonly ratio?: Summary & { readonly to: string }
}

export interface Summary {
  readonly median: number
  readonly min: number
  readonly max: number
  readonly rounds: number
}

export function summary(values: readonly number[]): Summary {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.slice(Math.floor((sorted.length - 1) / 2), Math.floor(sorted.length / 2) + 1)
  const [min, max] = [sorted.at(0), sorted.at(-1)]
  if (min === undefined || max === undefined) throw new Error('nothing was measured')
  return {
    median: middle.reduce((sum, value) => sum + value, 0) / middle.length,
    min,
    max,
    rounds: sorted.length,
  }
}

export function figure(
  name: string,
  unit: string,
  values: readonly number[],
  base?: { readonly to: string; readonly values: readonly number[] },
): Figure {
  const ratios = base && values.map((value, round) => value / (base.values[round] ?? Number.NaN))
  return {
    name,
    unit,
    value: summary(values),
    ...(base && ratios ? { ratio: { to: base.to, ...summary(ratios) } } : {}),
  }
}

/**
 * Runs each contestant once a round, in turn forwards and backwards, so that none always has the warmer machine. On a slow
 * machine there are fewer rounds, but at least two.
 */
export async function alternate(
  { rounds, budgetMs }: { readonly rounds: number; readonly budgetMs: number },
  contestants: readonly (() => Promise<void>)[],
): Promise<void> {
  const end = performance.now() + budgetMs
  for (let round = 0; round < rounds && (round < 2 || performance.now() < end); round += 1) {
    for (const run of round % 2 === 0 ? contestants : contestants.toReversed()) await run()
  }
}
