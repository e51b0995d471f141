import middy from '@middy/core'
import type { Context } from 'aws-lambda'
import type { Log } from '#ports/runtime.ts'

/** Time a function keeps for itself to save its place. */
const MARGIN_MS = 1_000

/** What EventBridge Scheduler hands over: the input of the schedule, as the contract of the run has it. */
interface InputFormat<Input> {
  parse(event: unknown): Input
}

interface Ended {
  readonly is: string
}

/**
 * A Lambda handler behind a schedule. Each invocation ends with one line RUN_ENDED, which the alarms count: failures, and the
 * absence of successes. A throw is a bug, and fails the invocation.
 */
export function scheduledHandler<Input>(
  format: InputFormat<Input>,
  run: (input: Input, endsAt: number) => Promise<Ended>,
  { nameOf, log }: { readonly nameOf: (input: Input) => string; readonly log: Log },
) {
  return middy<unknown, Ended>().handler(async (event: unknown, context: Context) => {
    const endsAt = Date.now() + context.getRemainingTimeInMillis() - MARGIN_MS
    const input = format.parse(event)
    const end = await run(input, endsAt)
    log.info('RUN_ENDED', end.is, { run: nameOf(input), ...end })
    return end
  })
}
