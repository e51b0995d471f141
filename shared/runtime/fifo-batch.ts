import type { Outcome } from '#domain/outcome.ts'
import type { Clock, Log } from '#ports/runtime.ts'

/** A record as the queue hands it over, its body still a text. */
export interface BatchRecord {
  readonly messageId: string
  readonly receiptHandle: string
  readonly groupId: string
  readonly body: string
}

export interface BatchDeps<Message> {
  /** Undefined = it can never be read: it goes to the dead-letter queue at once, so that its group goes on. */
  readonly parse: (body: string) => Message | undefined
  readonly handle: (message: Message) => Promise<Outcome>
  readonly correlationId: (message: Message) => string
  readonly within: <T>(correlationId: string, run: () => Promise<T>) => Promise<T>
  readonly deadLetter: (record: BatchRecord) => Promise<void>
  /** Seconds until a record that stays in the queue is received again. */
  readonly setVisibility: (changes: readonly { receiptHandle: string; seconds: number }[]) => Promise<void>
  /** When the function stops; a record that could not end before it is not started. Epoch ms. */
  readonly endsAt: number
  readonly longestRecordMs: number
  readonly clock: Clock
  readonly log: Log
}

/** A bug is retried slowly: 1,000 receives take ten days, so that the dead-letter queue has it before retention ends. */
const AFTER_BUG_MS = 15 * 60_000
const MAX_VISIBILITY_S = 43_200

/**
 * Runs a batch of a FIFO queue: groups side by side, each in its order. At the first record of a group that must be
 * tried again the rest of its group waits as long; other groups go on (protocol §3, batches).
 * @returns messageIds that stay in the queue
 */
export async function runFifoBatch<Message>(
  records: readonly BatchRecord[],
  deps: BatchDeps<Message>,
): Promise<string[]> {
  const groups = Map.groupBy(records, (record) => record.groupId)
  const staying = await Promise.all([...groups.values()].map((group) => runGroup(group, deps)))
  const changes = staying.flat()
  if (changes.length > 0) {
    await deps.setVisibility(
      changes.map(({ record, afterMs }) => ({
        receiptHandle: record.receiptHandle,
        seconds: Math.min(MAX_VISIBILITY_S, Math.max(0, Math.ceil(afterMs / 1000))),
      })),
    )
  }
  return changes.map(({ record }) => record.messageId)
}

async function runGroup<Message>(
  group: readonly BatchRecord[],
  deps: BatchDeps<Message>,
): Promise<{ record: BatchRecord; afterMs: number }[]> {
  for (const [index, record] of group.entries()) {
    const afterMs = await runRecord(record, deps)
    if (afterMs !== undefined) return group.slice(index).map((rest) => ({ record: rest, afterMs }))
  }
  return []
}

/** Milliseconds until it is to be tried again, undefined when it has ended. */
async function runRecord<Message>(
  record: BatchRecord,
  deps: BatchDeps<Message>,
): Promise<number | undefined> {
  const { log, clock } = deps
  if (clock.now() + deps.longestRecordMs > deps.endsAt) return 0
  const message = deps.parse(record.body)
  try {
    if (message === undefined) {
      log.error('MESSAGE_UNREADABLE', 'A message that can never be read went to the dead-letter queue.', {
        messageId: record.messageId,
      })
      await deps.deadLetter(record)
      return undefined
    }
    return await deps.within(deps.correlationId(message), async () => {
      const outcome = await deps.handle(message)
      // `code` is the line's own.
      const { code: reason, ...ended } = { code: undefined, ...outcome }
      log.info('RECORD_ENDED', outcome.is, { messageId: record.messageId, ...ended, reason })
      return outcome.is === 'retry' ? outcome.afterMs : undefined
    })
  } catch (error) {
    log.error('RECORD_BUG', 'A record failed in a way nobody expected; it is tried again.', {
      messageId: record.messageId,
      error: error instanceof Error ? error.name : 'unknown',
      stack: error instanceof Error ? error.stack?.split('\n').slice(1, 6).join('\n') : undefined,
    })
    return AFTER_BUG_MS
  }
}
