import { randomUUID } from 'node:crypto'
import * as z from 'zod'
import type { LambdaFunction } from './functions.ts'
import { ACCOUNT, REGION } from './identity.ts'
import type { ScheduleResource } from './resources.ts'
import type { InvocationResult } from './worker.ts'

export interface Schedule {
  readonly name: string
  readonly logicalId: string
  readonly target: LambdaFunction
  /** `more` is added to the input. */
  fire(more?: Readonly<Record<string, unknown>>): Promise<InvocationResult>
  stop(): void
}

/** Scheduler takes any JSON; a schedule here hands over an object. */
const EventSchema = z.record(z.string(), z.unknown())

/** EventBridge Scheduler for functions; `timers` off leaves every run to `fire`. */
export function startSchedule(
  resource: ScheduleResource,
  target: LambdaFunction,
  { timers, onError }: { timers: boolean; onError: (message: string) => void },
): Schedule {
  const { name, logicalId, input, intervalMs } = resource
  const given = input === undefined ? undefined : EventSchema.parse(JSON.parse(input))
  const fire: Schedule['fire'] = (more) => target.invoke({ ...(given ?? defaultEvent(name)), ...more })

  const run = async () => {
    const result = await fire()
    if (!result.ok) onError(result.errorMessage)
  }
  const timer = timers && resource.enabled ? setInterval(() => void run(), intervalMs) : undefined
  return { name, logicalId, target, fire, stop: () => clearInterval(timer) }
}

function defaultEvent(name: string): object {
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'Scheduled Event',
    source: 'aws.scheduler',
    account: ACCOUNT,
    time: new Date().toISOString(),
    region: REGION,
    resources: [`arn:aws:scheduler:${REGION}:${ACCOUNT}:schedule/default/${name}`],
    detail: '{}',
  }
}
