import * as z from 'zod'
import { RestTargetSchema } from '#contracts/rest-target.ts'
import { demoRestTarget } from '../support/demo-rest-target.ts'

/** Shops, each with a target of its own, by the slots of that target. Nobody takes the messages of `Acks`. */
export const LANES = { S2: 2, S8: 8, Acks: 2 } as const
export type Lane = keyof typeof LANES

export const targetOf = (lane: Lane) => `erp-${lane.toLowerCase()}`

const lanes: readonly Lane[] = ['S2', 'S8', 'Acks']
/** So high that no call waits for its rate: what is measured is slots. */
const PER_MINUTE = 600_000

/** What sync.config.json says. */
export const benchConfig = (erpUrl: string) => ({
  version: 1,
  shops: Object.fromEntries(lanes.map((lane) => [lane, { targets: [targetOf(lane)] }])),
  targets: Object.fromEntries(
    lanes.map((lane) => [
      targetOf(lane),
      {
        adapter: 'rest',
        rate: { perMinute: PER_MINUTE, slots: LANES[lane] },
        rest: z.encode(RestTargetSchema, demoRestTarget(erpUrl)),
      },
    ]),
  ),
})
