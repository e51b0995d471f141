import type { DeliverTimes } from '#app/deliver.ts'
import type { SyncConfig } from '#contracts/config.ts'
import type { BridgeSecret, ShopSecret, TargetSecret } from '#contracts/secrets.ts'
import type { DeadLetters } from '#ports/dead-letters.ts'
import type { DeliveryQueue } from '#ports/delivery-queue.ts'
import type { Erasures } from '#ports/erasures.ts'
import type { Ledger } from '#ports/ledger.ts'
import type { Notes } from '#ports/notes.ts'
import type { Secrets } from '#ports/secrets.ts'
import type { TargetGate } from '#ports/target-gate.ts'
import type { WritebackLedger, WritebackQueue } from '#ports/writebacks.ts'
import type { ScheduledRun } from '../infra/scheduled-runs.ts'

/** Messages of a queue, and of its dead-letter queue. */
export interface QueueDepths {
  readonly visible: number
  readonly inFlight: number
  readonly delayed: number
  readonly deadLetters: number
}

export interface SecretStore extends Secrets {
  putShop(shop: string, secret: ShopSecret): Promise<void>
  putBridge(shop: string, secret: BridgeSecret): Promise<void>
  putTarget(target: string, secret: TargetSecret): Promise<void>
}

/** A stack as CloudFormation has it. */
export interface StackState {
  readonly name: string
  /** E.g. `UPDATE_COMPLETE`. */
  readonly status: string
}

/** A running deployment, as far as an operator reaches it. What cannot be reached throws. */
export interface Connection {
  readonly configDir: string
  /** Throws a ConfigError when the file was broken since. */
  readonly config: () => SyncConfig
  readonly times: DeliverTimes
  /** Absent on this machine. */
  readonly stacks?: readonly StackState[]
  readonly ledger: Ledger
  readonly erasures: Erasures
  readonly notes: Notes
  readonly queue: DeliveryQueue
  readonly deadLetters: DeadLetters
  readonly writebacks: WritebackLedger
  readonly writebackQueue: WritebackQueue
  readonly gate: Pick<TargetGate, 'state'>
  readonly secrets: SecretStore
  depths(target: string): Promise<QueueDepths>
  writebackDepths(): Promise<QueueDepths>
  /** Runs a scheduled run at once, due or not, and answers how it ended. Of a stage in AWS it throws, and says how to. */
  run(run: ScheduledRun): Promise<unknown>
  /** Posts to the webhook of a shop. `body` is parsed JSON; undefined where the answer was none. */
  post(
    shop: string,
    headers: Readonly<Record<string, string>>,
    body: string,
  ): Promise<{ readonly status: number; readonly body: unknown }>
}
