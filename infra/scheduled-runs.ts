import type { Topology } from './topology.ts'

export const RUN_KINDS = ['stock', 'shipments', 'aftersales', 'sweep'] as const
export type RunKind = (typeof RUN_KINDS)[number]

/** Something that is done again and again, and how often it should succeed. */
export interface ScheduledRun {
  readonly kind: RunKind
  /** A pool, a target or a shop. */
  readonly subject: string
  /** As its lock and its lines in the log have it. */
  readonly name: string
  /** What the schedule hands to the function. */
  readonly input: Readonly<Record<string, string>>
  readonly everyMinutes: number
}

/** The runs a configuration asks for. */
export function scheduledRuns({ shops, targets, pools }: Topology): ScheduledRun[] {
  const run = (kind: RunKind, subject: string, input: ScheduledRun['input'], everyMinutes: number) => ({
    kind,
    subject,
    name: `${kind}:${subject}`,
    input,
    everyMinutes,
  })
  return [
    ...Object.entries(pools).map(([pool, { everyMinutes }]) => run('stock', pool, { pool }, everyMinutes)),
    ...Object.entries(targets).flatMap(([target, { shipments }]) =>
      shipments === undefined ? [] : run('shipments', target, { target }, shipments.everyMinutes),
    ),
    ...Object.entries(targets).flatMap(([target, { aftersales }]) =>
      aftersales === undefined ? [] : run('aftersales', target, { target }, aftersales.everyMinutes),
    ),
    ...Object.entries(shops).flatMap(([shop, { sweepMinutes }]) =>
      sweepMinutes === 0 ? [] : run('sweep', shop, { shop }, sweepMinutes),
    ),
  ]
}
