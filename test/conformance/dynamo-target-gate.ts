import { PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb'
import { beforeEach, describe, expect, it } from 'vitest'
import { DynamoTargetGate } from '#adapters/dynamodb/dynamo-target-gate.ts'
import { CountingIds } from '../support/counting-ids.ts'
import type { DynamoEngine } from '../support/dynamo-engine.ts'
import { loseOneAnswer } from '../support/lose-one-answer.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { GATE_LIMITS } from './target-gate.ts'

/** How a DynamoTargetGate meets a real network, and what it leaves in the table. */
export function dynamoTargetGateConformance(name: string, engine: () => DynamoEngine): void {
  describe(`the gate’s items on ${name}`, () => {
    const clock = new ManualClock()
    const ids = new CountingIds()
    let table: string

    beforeEach(async () => {
      table = await engine().createTable()
    })

    const open = (client = engine().newClient()) =>
      new DynamoTargetGate({ client, table, clock, ids, limits: () => GATE_LIMITS })

    it('hold one lease when the answer to an entry was lost and the SDK repeated it', async () => {
      const client = engine().newClient()
      const answer = loseOneAnswer(client, 'PutItemCommand')
      const entry = await open(client).enter('erp-one', 3)
      expect(answer.lost).toBe(true)
      expect(entry).toMatchObject({ open: true, permit: { slots: 3 } })
      expect(await open().enter('erp-one', 3)).toMatchObject({ open: true, permit: { slots: 1 } })
    })

    it('count a leave once when its answer was lost', async () => {
      const client = engine().newClient()
      const entry = await open(client).enter('erp-one', 4)
      if (!entry.open) throw new Error('the gate is closed')
      const answer = loseOneAnswer(client, 'PutItemCommand')
      for (let count = 0; count < 4; count += 1) entry.permit.report('Transient')
      await entry.permit.leave()
      expect(answer.lost).toBe(true)
      expect(await open().state('erp-one')).toEqual({ breaker: 'closed' })
    })

    it('expire where they count tombstones, and never where they are gates', async () => {
      await open().enter('erp-one', 1)
      await open().allowTombstone('A1', 20)
      const { Items = [] } = await engine()
        .newClient()
        .send(new ScanCommand({ TableName: table }))
      const ttl = new Map(Items.map((item) => [item['pk']?.S, item['ttl']?.N]))
      expect(new Set(ttl.keys())).toEqual(new Set(['B#A1', 'G#erp-one']))
      expect(ttl.get('G#erp-one')).toBeUndefined()
      expect(Number(ttl.get('B#A1'))).toBeGreaterThan(clock.now() / 1000 + 86_400)
    })

    it('are named by key when they cannot be read', async () => {
      for (const gate of ['{', '{"v":1}']) {
        const Item = { pk: { S: 'G#erp-one' }, sk: { S: 'gate' }, rev: { N: '1' }, gate: { S: gate } }
        await engine()
          .newClient()
          .send(new PutItemCommand({ TableName: table, Item }))
        await expect(open().enter('erp-one', 1)).rejects.toThrow('G#erp-one / gate')
      }
    })
  })
}
