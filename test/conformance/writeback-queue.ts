import { beforeEach, describe, expect, it } from 'vitest'
import { MAX_MESSAGE_BYTES } from '#contracts/delivery-message.ts'
import type { WritebackMessage } from '#contracts/writeback.ts'
import type { WritebackQueue } from '#ports/writebacks.ts'
import {
  aCancelCommand,
  aShipmentCommand,
  aStockCommand,
  aToldShipment,
  aWriteback,
} from '../support/a-writeback.ts'

export interface OpenWritebackQueue {
  readonly queue: WritebackQueue
  /** Takes everything out, oldest first within a group. */
  readonly drain: () => Promise<{ message: WritebackMessage; group: string }[]>
}

/** What every WritebackQueue does. `open` gives an empty one. */
export function writebackQueueConformance(engine: string, open: () => Promise<OpenWritebackQueue>): void {
  describe(`the write-back queue on ${engine}`, () => {
    let queue: WritebackQueue
    let drain: OpenWritebackQueue['drain']

    beforeEach(async () => {
      ;({ queue, drain } = await open())
    })

    it('carries commands of every kind unchanged', async () => {
      const messages = [
        aWriteback({ told: aToldShipment() }),
        aWriteback({ id: 'cancel-1', cause: 'operator', command: aCancelCommand() }),
        aWriteback({ id: 'stock:main:1:1', command: aStockCommand() }),
      ]
      expect(await queue.enqueue(messages)).toEqual(['queued', 'queued', 'queued'])
      const sent = (await drain()).map(({ message }) => message)
      expect(sent).toHaveLength(3)
      expect(sent).toEqual(expect.arrayContaining(messages))
    })

    it('has nothing to do for no messages', async () => {
      expect(await queue.enqueue([])).toEqual([])
    })

    it('keeps the order of a shop’s pool over more messages than a batch holds', async () => {
      const messages = Array.from({ length: 25 }, (_, index) =>
        aWriteback({ id: `stock:main:1:${index}`, command: aStockCommand() }),
      )
      await queue.enqueue(messages)
      expect((await drain()).map(({ message }) => message)).toEqual(messages)
    })

    it('keeps all commands about one order in a group, and all else out of it', async () => {
      const other = { order_id: '10087', order_sn: '2026112112346', add_time: 1_763_712_001 }
      await queue.enqueue([
        aWriteback({ id: 'OUT-1' }),
        aWriteback({ id: 'cancel-1', command: aCancelCommand() }),
        aWriteback({ id: 'OUT-2', target: 'erp-two' }),
        aWriteback({ id: 'OUT-3', command: aShipmentCommand({ order: other }) }),
        aWriteback({ id: 'OUT-4', shop: 'B2' }),
        aWriteback({ id: 'stock:1', command: aStockCommand() }),
        aWriteback({ id: 'stock:2', command: aStockCommand({ pool: 'other' }) }),
      ])
      const groups = new Map((await drain()).map(({ message, group }) => [message.id, group]))
      expect(groups.get('OUT-1')).toBe(groups.get('cancel-1'))
      expect(groups.get('OUT-1')).toBe(groups.get('OUT-2'))
      expect(new Set(groups.values()).size).toBe(5)
    })

    it('takes the same command once, and each replay of it', async () => {
      const message = aWriteback()
      await queue.enqueue([message, aWriteback({ correlationId: 'corr-2' })])
      await queue.enqueue([
        aWriteback({ cause: 'replay', correlationId: 'corr-3' }),
        aWriteback({ cause: 'replay', correlationId: 'corr-4' }),
      ])
      expect((await drain()).map((sent) => sent.message.correlationId)).toEqual([
        'corr-1',
        'corr-3',
        'corr-4',
      ])
    })

    it('takes another content under the same id', async () => {
      const corrected = aWriteback({ command: aShipmentCommand({ tracking: ['SF1002'] }) })
      await queue.enqueue([aWriteback(), corrected])
      expect(await drain()).toHaveLength(2)
    })

    it('refuses what is too large and queues the rest', async () => {
      const lines = [{ sku: 'x'.repeat(MAX_MESSAGE_BYTES), quantity: 1, serials: [] }]
      const large = aWriteback({ id: 'OUT-2', told: aToldShipment({ lines }) })
      expect(await queue.enqueue([aWriteback(), large, aWriteback({ id: 'OUT-3' })])).toEqual([
        'queued',
        'too-large',
        'queued',
      ])
      expect((await drain()).map(({ message }) => message.id)).toEqual(['OUT-1', 'OUT-3'])
    })
  })
}
