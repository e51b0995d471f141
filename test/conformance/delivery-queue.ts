import { beforeEach, describe, expect, it } from 'vitest'
import { type DeliveryMessage, MAX_MESSAGE_BYTES } from '#contracts/delivery-message.ts'
import type { DeliveryQueue } from '#ports/delivery-queue.ts'
import {
  aDelivery,
  aLongOrder,
  anOrderSnapshot,
  aTombstone,
  snapshotOf,
  tombstoneOf,
} from '../support/a-delivery.ts'

export interface OpenQueue {
  readonly queue: DeliveryQueue
  /** Takes everything out of a target's queue, oldest first within a group. */
  readonly drain: (target: string) => Promise<{ message: DeliveryMessage; group: string }[]>
}

/** What every DeliveryQueue does. `open` gives empty queues of these targets. */
export function deliveryQueueConformance(
  engine: string,
  open: (targets: readonly string[]) => Promise<OpenQueue>,
): void {
  describe(`the delivery queue on ${engine}`, () => {
    let queue: DeliveryQueue
    let drain: OpenQueue['drain']

    beforeEach(async () => {
      ;({ queue, drain } = await open(['erp-one', 'erp-two']))
    })

    const withSeq = (seq: number, overrides: Partial<DeliveryMessage> = {}) =>
      aDelivery({ version: { epoch: 'epoch-one', seq, epochNo: 0 }, ...overrides })
    /** A message of about so many bytes. */
    const ofSize = (bytes: number, seq: number) =>
      withSeq(seq, { subject: snapshotOf(anOrderSnapshot({ extra: { note: 'x'.repeat(bytes) } })) })

    it('carries a message unchanged: money, text and a thousand lines', async () => {
      const order = { ...aLongOrder(), extra: { note: '加急 🧧 𠮷 \u0000\u0007\uFFFE\uFFFF "\\' } }
      const message = aDelivery({ verdict: 'placed', cause: 'replay', subject: snapshotOf(order) })
      expect(await queue.enqueue([{ message }])).toEqual(['queued'])
      expect((await drain('erp-one')).map((sent) => sent.message)).toEqual([message])
    })

    it('has nothing to do for no messages', async () => {
      expect(await queue.enqueue([])).toEqual([])
    })

    it('brings each message to the queue of its target', async () => {
      const messages = [withSeq(1), withSeq(2, { target: 'erp-two' }), withSeq(3)]
      expect(await queue.enqueue(messages.map((message) => ({ message })))).toEqual([
        'queued',
        'queued',
        'queued',
      ])
      expect((await drain('erp-one')).map((sent) => sent.message.version.seq)).toEqual([1, 3])
      expect((await drain('erp-two')).map((sent) => sent.message.version.seq)).toEqual([2])
    })

    it('keeps the order of one thing over more messages than a batch holds', async () => {
      const messages = Array.from({ length: 25 }, (_, index) => withSeq(index + 1))
      const results = await queue.enqueue(messages.map((message) => ({ message })))
      expect(new Set(results)).toEqual(new Set(['queued']))
      expect((await drain('erp-one')).map((sent) => sent.message)).toEqual(messages)
    })

    it('keeps an order and its tombstone in one group, and all else out of it', async () => {
      const order = (overrides: Parameters<typeof anOrderSnapshot>[0]) =>
        snapshotOf(anOrderSnapshot(overrides))
      const subjects = [
        order({}),
        tombstoneOf(aTombstone()),
        order({ orderId: '10087' }),
        order({ addTime: 5 }),
      ]
      const messages = subjects.map((subject, index) => withSeq(index + 1, { subject }))
      await queue.enqueue([...messages, withSeq(9, { shop: 'B2' })].map((message) => ({ message })))
      const groups = new Map((await drain('erp-one')).map((sent) => [sent.message.version.seq, sent.group]))
      expect(groups.get(1)).toBe(groups.get(2))
      expect(new Set(groups.values()).size).toBe(4)
    })

    it('takes the same version and content once, and a replay of it again', async () => {
      const message = aDelivery()
      expect(await queue.enqueue([{ message }, { message }])).toEqual(['queued', 'queued'])
      expect(await queue.enqueue([{ message }, { message, dedupId: 'replay 1' }])).toEqual([
        'queued',
        'queued',
      ])
      expect(await drain('erp-one')).toHaveLength(2)
    })

    it('takes the same version with other content, and the same content of a newer version', async () => {
      const messages = [withSeq(1), withSeq(1, { wireHash: 'beef' }), withSeq(2)]
      await queue.enqueue(messages.map((message) => ({ message })))
      expect(await drain('erp-one')).toHaveLength(3)
    })

    it('refuses what is too large and queues the rest', async () => {
      const messages = [withSeq(1), ofSize(MAX_MESSAGE_BYTES, 2), withSeq(3)]
      expect(await queue.enqueue(messages.map((message) => ({ message })))).toEqual([
        'queued',
        'too-large',
        'queued',
      ])
      expect((await drain('erp-one')).map((sent) => sent.message.version.seq)).toEqual([1, 3])
    })

    it('counts size in bytes, not in characters', async () => {
      const subject = snapshotOf(anOrderSnapshot({ extra: { note: '字'.repeat(MAX_MESSAGE_BYTES / 2) } }))
      expect(await queue.enqueue([{ message: aDelivery({ subject }) }])).toEqual(['too-large'])
    })

    it('queues large messages that do not fit a batch together', async () => {
      const messages = Array.from({ length: 5 }, (_, index) => ofSize(400_000, index + 1))
      const results = await queue.enqueue(messages.map((message) => ({ message })))
      expect(results).toEqual(['queued', 'queued', 'queued', 'queued', 'queued'])
      expect((await drain('erp-one')).map((sent) => sent.message.version.seq)).toEqual([1, 2, 3, 4, 5])
    })

    it('throws for a target without a queue, before anything is sent', async () => {
      const messages = [withSeq(1), withSeq(2, { target: 'erp-three' })]
      await expect(queue.enqueue(messages.map((message) => ({ message })))).rejects.toThrow('erp-three')
      expect(await drain('erp-one')).toEqual([])
    })
  })
}
