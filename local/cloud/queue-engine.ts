import { findPackageJSON } from 'node:module'
import { dirname, join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { CreateQueueCommand, SetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs'
import { buildApp } from 'fauxqs'
import { clientConfig } from './client-config.ts'
import { REGION } from './identity.ts'
import { close, listen } from './listen.ts'
import type { QueueResource } from './resources.ts'

export interface QueueEngine {
  readonly endpoint: string
  createOrUpdate(queues: readonly QueueResource[]): Promise<void>
  /** Messages a queue holds now: visible, delayed and in flight. The answers of one call are of one instant. */
  depths(): ReadonlyMap<string, number>
  /** Answers every long poll now, so that none takes a message for a client that is gone. */
  endPolls(): void
  readonly stop: () => Promise<void>
}

/** SQS by fauxqs, in an SQLite file in `directory`. */
export async function startQueueEngine(directory: string): Promise<QueueEngine> {
  const { SqsStore, PersistenceManager, SnsStore, S3Store } = await fauxqsParts()
  const sqsStore = new SqsStore()
  const persistence = new PersistenceManager(directory)
  const database: DatabaseSync = Reflect.get(persistence, 'db')
  // A commit survives the death of this process without reaching the disk; waiting for it would cost every message.
  database.exec('PRAGMA synchronous = NORMAL')
  // What was taken from a queue is overwritten, not only unlinked: a message may be about somebody who is erased.
  database.exec('PRAGMA secure_delete = ON')
  // fauxqs 2.4.1 writes NULL into a NOT NULL column here, and loses the message whose visibility becomes 0.
  const makeReady = database.prepare(
    'UPDATE sqs_messages SET receipt_handle = NULL, visibility_deadline = NULL WHERE message_id = ?',
  )
  persistence.updateMessageReady = (messageId) => {
    makeReady.run(messageId)
  }
  // Loading first, as startFauxqs does: re-creating a stored queue through the persistence would drop its messages.
  const snsStore = new SnsStore()
  persistence.loadSqsAndSns(sqsStore, snsStore)
  sqsStore.persistence = persistence
  for (const queue of sqsStore.allQueues()) queue.persistence = persistence
  sqsStore.region = REGION
  // Queue URLs then carry the address the client called, not a name that has to be resolved.
  sqsStore.host = ''

  // startFauxqs would listen on every interface.
  const app = buildApp({
    logger: false,
    stores: { sqsStore, snsStore, s3Store: new S3Store() },
  })
  await app.ready()
  const endpoint = await listen(app.server)

  return {
    endpoint,
    createOrUpdate: async (queues) => {
      const client = new SQSClient(clientConfig(endpoint))
      const known = new Set([...sqsStore.allQueues()].map(({ name }) => name))
      await Promise.all(
        queues.map(({ name, ref, attributes }) =>
          known.has(name)
            ? client.send(
                new SetQueueAttributesCommand({ QueueUrl: ref, Attributes: changeable(attributes) }),
              )
            : client.send(new CreateQueueCommand({ QueueName: name, Attributes: attributes })),
        ),
      )
      client.destroy()
    },
    depths: () =>
      new Map(
        [...sqsStore.allQueues()].map((queue) => [
          queue.name,
          sum(queue, [
            'ApproximateNumberOfMessages',
            'ApproximateNumberOfMessagesDelayed',
            'ApproximateNumberOfMessagesNotVisible',
          ]),
        ]),
      ),
    endPolls: () => sqsStore.shutdown(),
    stop: async () => {
      await close(app.server)
      await app.close()
      persistence.close()
    },
  }
}

/** fauxqs takes these at creation only; they cannot change while a queue keeps its messages. */
const fixed = ['FifoQueue', 'DeduplicationScope', 'FifoThroughputLimit']

function changeable(attributes: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => !fixed.includes(name)))
}

function sum(queue: Queue, counters: readonly Parameters<Queue['getAttribute']>[0][]): number {
  return counters.reduce((total, name) => total + Number(queue.getAttribute(name) ?? 0), 0)
}

type Stores = NonNullable<NonNullable<Parameters<typeof buildApp>[0]>['stores']>
type Queue = ReturnType<Stores['sqsStore']['allQueues']> extends Iterable<infer T> ? T : never

interface FauxqsParts {
  readonly SqsStore: new () => Stores['sqsStore']
  readonly SnsStore: new () => Stores['snsStore']
  readonly S3Store: new () => Stores['s3Store']
  readonly PersistenceManager: new (directory: string) => NonNullable<Stores['sqsStore']['persistence']>
}

/** The parts startFauxqs is made of. The package exports no way to have both its persistence and one interface only. */
async function fauxqsParts(): Promise<FauxqsParts> {
  const manifest = findPackageJSON('fauxqs', import.meta.url)
  if (!manifest) throw new Error('The package fauxqs is not installed.')
  const parts = ['sqs/sqsStore.js', 'persistence.js', 'sns/snsStore.js', 's3/s3Store.js'].map(
    (file) => import(pathToFileURL(join(dirname(manifest), 'dist', file)).href),
  )
  return Object.assign({}, ...(await Promise.all(parts)))
}
