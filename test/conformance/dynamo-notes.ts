import {
  DeleteItemCommand,
  type DynamoDBClient,
  PutItemCommand,
  paginateScan,
} from '@aws-sdk/client-dynamodb'
import { beforeEach, describe, expect, it } from 'vitest'
import { DynamoNotes } from '#adapters/dynamodb/dynamo-notes.ts'
import { CountingIds } from '../support/counting-ids.ts'
import type { DynamoEngine } from '../support/dynamo-engine.ts'
import { loseOneAnswer } from '../support/lose-one-answer.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { noise } from './notes.ts'

/** What the items of DynamoNotes look like, and how they meet a real network. */
export function dynamoNotesConformance(name: string, engine: () => DynamoEngine): void {
  describe(`the items of notes on ${name}`, () => {
    const clock = new ManualClock()
    let client: DynamoDBClient
    let table: string
    let notes: DynamoNotes

    beforeEach(async () => {
      client = engine().newClient()
      table = await engine().createTable()
      notes = new DynamoNotes({ client, table, clock, ids: new CountingIds() })
    })

    const items = async () => {
      const all = []
      for await (const page of paginateScan({ client }, { TableName: table })) all.push(...(page.Items ?? []))
      return all
    }

    it('are ours when the answer to the write was lost and the SDK repeated it', async () => {
      await notes.write('sweep:A1', 0, 'first')
      const answer = loseOneAnswer(client, 'PutItemCommand')
      expect(await notes.write('sweep:A1', 1, 'second')).toBe(true)
      expect(answer.lost).toBe(true)
      expect(await notes.read('sweep:A1')).toEqual({ rev: 2, text: 'second' })
    })

    it('expire only where they were told to, or once nothing names them any more', async () => {
      await notes.write('plan:main:1', 0, noise(700_000), 60)
      await notes.write('stock:main', 0, noise(700_000, 'old'))
      await notes.write('stock:main', 1, noise(700_000, 'new'))
      expect(await notes.write('stock:main', 1, noise(700_000, 'late'))).toBe(false)
      const seconds = Math.floor(clock.now() / 1000)
      const stored = await items()
      const ttl = (pk: string) => stored.filter((item) => item['pk']?.S === pk).map((item) => item['ttl']?.N)
      expect(ttl('N#plan:main:1')).toEqual([String(seconds + 60), String(seconds + 60)])
      const kept = ttl('N#stock:main')
      expect(kept.filter((one) => one === undefined)).toHaveLength(2)
      expect(kept.filter((one) => one === String(seconds))).toHaveLength(2)
    })

    it('are named by key, without their content, when they cannot be read', async () => {
      await notes.write('stock:main', 0, noise(700_000))
      const part = (await items()).find((item) => item['sk']?.S !== 'note')
      if (!part?.['pk'] || !part['sk']) throw new Error('there is no part')
      await client.send(new DeleteItemCommand({ TableName: table, Key: { pk: part['pk'], sk: part['sk'] } }))
      await expect(notes.read('stock:main')).rejects.toThrow('N#stock:main / note')
      const Item = {
        pk: { S: 'N#a' },
        sk: { S: 'note' },
        rev: { N: '1' },
        body: { B: Buffer.from('secret') },
      }
      await client.send(new PutItemCommand({ TableName: table, Item }))
      await expect(notes.read('a')).rejects.toThrow(/^(?!.*secret).*N#a \/ note/)
    })
  })
}
