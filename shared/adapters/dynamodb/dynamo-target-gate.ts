import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import { type Gate, GateSchema } from '#contracts/gate.ts'
import { breakerState, enterGate, type GateLimits, leaveGate, newGate } from '#domain/gate.ts'
import { createPermit } from '#domain/permit.ts'
import type { Clock, Ids } from '#ports/runtime.ts'
import type { Entry, GateState, TargetGate } from '#ports/target-gate.ts'
import { itemKey } from './item-key.ts'
import { UnreadableItemError } from './unreadable-item-error.ts'

const NO_GATE_YET = 'attribute_not_exists(pk)'
const GATE_UNCHANGED = 'rev = :expected'
/** Each lost race means that somebody else moved on; only as many race at once as there are slots. */
const MAX_ATTEMPTS = 20
const HOUR_MS = 3_600_000
const COUNTER_KEPT_SECONDS = 86_400

interface Stored {
  readonly rev: number
  readonly gate: Gate
}

export interface DynamoTargetGateDeps {
  readonly client: DynamoDBClient
  readonly table: string
  readonly limits: (target: string) => GateLimits
  readonly clock: Clock
  readonly ids: Ids
}

/** The gate of each target as one item, changed by compare-and-set. An unreachable table throws the SDK's error. */
export class DynamoTargetGate implements TargetGate {
  readonly #deps: DynamoTargetGateDeps

  constructor(deps: DynamoTargetGateDeps) {
    this.#deps = deps
  }

  async enter(target: string, want: number): Promise<Entry> {
    const { clock, ids } = this.#deps
    const limits = this.#deps.limits(target)
    const leaseId = ids.next()
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const { rev, gate } = await this.#read(target)
      const entry = enterGate(gate, clock.now(), want, limits, leaseId)
      if (!entry.open) return entry
      if (await this.#write({ rev: rev + 1, gate: entry.gate })) {
        const permit = createPermit(entry.slots, entry.tokens, (reports, unused) =>
          this.#leave(target, leaseId, reports, unused),
        )
        return { open: true, permit }
      }
    }
    return { open: false, why: 'slots', retryAfterMs: limits.retryFloorMs }
  }

  async state(target: string): Promise<GateState> {
    const { gate } = await this.#read(target)
    return breakerState(gate, this.#deps.clock.now())
  }

  async allowTombstone(shop: string, perHour: number): Promise<boolean> {
    const hour = Math.floor(this.#deps.clock.now() / HOUR_MS)
    const { Attributes } = await this.#deps.client.send(
      new UpdateItemCommand({
        TableName: this.#deps.table,
        Key: itemKey(`B#${shop}`, `hour#${hour}`),
        UpdateExpression: 'ADD tombstones :one SET #ttl = :ttl',
        ExpressionAttributeNames: { '#ttl': 'ttl' },
        ExpressionAttributeValues: {
          ':one': { N: '1' },
          ':ttl': { N: String(((hour + 1) * HOUR_MS) / 1000 + COUNTER_KEPT_SECONDS) },
        },
        ReturnValues: 'UPDATED_NEW',
      }),
    )
    return Number(Attributes?.['tombstones']?.N) <= perHour
  }

  /** Gives up silently after too many lost races: the lease then ends by itself. */
  async #leave(
    target: string,
    leaseId: string,
    reports: Parameters<typeof leaveGate>[4],
    unused: number,
  ): Promise<void> {
    const limits = this.#deps.limits(target)
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const { rev, gate } = await this.#read(target)
      const next = leaveGate(gate, this.#deps.clock.now(), limits, leaseId, reports, unused)
      if (next === undefined || (await this.#write({ rev: rev + 1, gate: next }))) return
    }
  }

  async #read(target: string): Promise<Stored> {
    const { client, table, clock, limits } = this.#deps
    const { Item } = await client.send(
      new GetItemCommand({ TableName: table, Key: gateKey(target), ConsistentRead: true }),
    )
    return Item ? fromItem(Item) : { rev: 0, gate: newGate(target, clock.now(), limits(target)) }
  }

  /** False when the gate has changed in between, be it by a write of ours that the SDK repeated: enter and leave bear it. */
  async #write({ rev, gate }: Stored): Promise<boolean> {
    const { client, table } = this.#deps
    try {
      await client.send(
        new PutItemCommand({
          TableName: table,
          Item: {
            ...gateKey(gate.target),
            rev: { N: String(rev) },
            gate: { S: JSON.stringify(gate) },
          },
          ...(rev === 1
            ? { ConditionExpression: NO_GATE_YET }
            : {
                ConditionExpression: GATE_UNCHANGED,
                ExpressionAttributeValues: { ':expected': { N: String(rev - 1) } },
              }),
        }),
      )
      return true
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error
      return false
    }
  }
}

function gateKey(target: string): Record<string, AttributeValue> {
  return itemKey(`G#${target}`, 'gate')
}

function fromItem(item: Record<string, AttributeValue>): Stored {
  let content: unknown
  try {
    content = JSON.parse(item['gate']?.S ?? '')
  } catch {
    throw new UnreadableItemError(item, 'its body is damaged')
  }
  const parsed = GateSchema.safeParse(content)
  if (!parsed.success) throw new UnreadableItemError(item, parsed.error)
  return { rev: Number(item['rev']?.N), gate: parsed.data }
}
