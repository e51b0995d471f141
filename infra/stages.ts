import { UsageError } from './usage-error.ts'

/** How one deployment is set up. Why the times stand in this order: docs/architecture.md, "One delivery". */
export interface Stage {
  readonly name: string
  /** One call to an ERP is aborted after this. */
  readonly callDeadlineSeconds: number
  /** How long after its deadline an unanswered call may still take effect, where the target does not say. */
  readonly settleSeconds: number
  readonly deliverTimeoutSeconds: number
  /** A claim on a ledger row expires after this. */
  readonly leaseSeconds: number
  readonly visibilitySeconds: number
  /** Of a scheduled run: it saves its place before, and goes on from there in the next minute. */
  readonly runTimeoutSeconds: number
  /** The lock of a scheduled run expires after this. */
  readonly runLeaseSeconds: number
  /** No retry comes sooner. */
  readonly retryFloorSeconds: number
  readonly batchSize: number
  /** Most concurrent deliveries to one target, whatever its slots. SQS allows no less than 2. */
  readonly maxConcurrency: number
  readonly requestsPerSecond: number
  readonly requestBurst: number
  readonly logRetentionDays: number
  /** Keep data, queues and secrets when they leave the stack, and protect them from deletion. */
  readonly keepsData: boolean
  /** Rules of cdk-nag that its stacks must keep: the names of packs it exports. */
  readonly rulePacks: readonly 'AwsSolutionsChecks'[]
}

const deployed: Omit<Stage, 'name'> = {
  callDeadlineSeconds: 20,
  settleSeconds: 300,
  deliverTimeoutSeconds: 60,
  leaseSeconds: 75,
  visibilitySeconds: 360,
  runTimeoutSeconds: 300,
  runLeaseSeconds: 330,
  retryFloorSeconds: 30,
  batchSize: 10,
  maxConcurrency: 50,
  requestsPerSecond: 50,
  requestBurst: 100,
  logRetentionDays: 90,
  keepsData: true,
  rulePacks: ['AwsSolutionsChecks'],
}

/** Long enough for a real ERP, short enough for somebody who watches. */
const local: Stage = {
  name: 'local',
  callDeadlineSeconds: 10,
  settleSeconds: 30,
  deliverTimeoutSeconds: 20,
  leaseSeconds: 25,
  visibilitySeconds: 120,
  runTimeoutSeconds: 60,
  runLeaseSeconds: 70,
  retryFloorSeconds: 1,
  batchSize: 5,
  maxConcurrency: 2,
  requestsPerSecond: 50,
  requestBurst: 100,
  logRetentionDays: 1,
  keepsData: false,
  rulePacks: [],
}

/** Its ERP answers at once, and its story waits for the message of a worker that was killed. */
const demo: Stage = {
  ...local,
  name: 'demo',
  callDeadlineSeconds: 2,
  settleSeconds: 3,
  deliverTimeoutSeconds: 5,
  leaseSeconds: 6,
  visibilitySeconds: 30,
  runTimeoutSeconds: 15,
  runLeaseSeconds: 18,
}

const stages: readonly Stage[] = [local, { name: 'test', ...deployed }, { name: 'prod', ...deployed }]

/** What a person may ask for; `npm start` alone asks for the demo. */
export const STAGE_NAMES: readonly string[] = stages.map(({ name }) => name)

/** SQS moves a message aside after this many receives; the age of a message ends its retries long before. */
export const RECEIVE_LIMIT = 1000
export const RETENTION_DAYS = 14

/** Throws a UsageError for an unknown stage. */
export function stageNamed(name: string): Stage {
  const stage = [demo, ...stages].find((candidate) => candidate.name === name)
  if (stage) return stage
  throw new UsageError(
    `${name === '' ? 'No stage was named' : `There is no stage "${name}"`}; use --stage with one of ${STAGE_NAMES.join(', ')}.`,
  )
}

/** Throws a UsageError when a delivery or a run could outlive its call's abort, its claim, or its message's invisibility. */
export function checkStage(stage: Stage): void {
  const { name, callDeadlineSeconds, deliverTimeoutSeconds, leaseSeconds, visibilitySeconds } = stage
  const { runTimeoutSeconds, runLeaseSeconds } = stage
  const faults = [
    callDeadlineSeconds < deliverTimeoutSeconds ||
      `the call deadline (${callDeadlineSeconds} s) must be shorter than the function timeout (${deliverTimeoutSeconds} s)`,
    deliverTimeoutSeconds < leaseSeconds ||
      `the function timeout (${deliverTimeoutSeconds} s) must be shorter than the lease (${leaseSeconds} s)`,
    leaseSeconds <= visibilitySeconds ||
      `the lease (${leaseSeconds} s) must not be longer than the visibility timeout (${visibilitySeconds} s)`,
    visibilitySeconds >= 6 * deliverTimeoutSeconds ||
      `the visibility timeout (${visibilitySeconds} s) must be at least six function timeouts (${6 * deliverTimeoutSeconds} s)`,
    callDeadlineSeconds < runTimeoutSeconds ||
      `the call deadline (${callDeadlineSeconds} s) must be shorter than the timeout of a run (${runTimeoutSeconds} s)`,
    runTimeoutSeconds < runLeaseSeconds ||
      `the timeout of a run (${runTimeoutSeconds} s) must be shorter than its lease (${runLeaseSeconds} s)`,
  ].filter((fault) => typeof fault === 'string')
  if (faults.length > 0) throw new UsageError(`Stage ${name} is unsafe: ${faults.join('; ')}.`)
}
