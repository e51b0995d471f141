import { type DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { beforeEach, describe, expect, it } from 'vitest'
import { DynamoWritebackLedger } from '#adapters/dynamodb/dynamo-writeback-ledger.ts'
import { aWritebackKey, aWritebackRow } from '../support/a-writeback.ts'
import type { DynamoEngine } from '../support/dynamo-engine.ts'
import { loseOneAnswer } from '../support/lose-one-answer.ts'

/** What the items of a DynamoWritebackLedger look like, and how it meets a real network. */
export function dynamoWritebackLedgerConformance(name: string, engine: () => DynamoEngine): void {
  describe(`the write-backs’ items on ${name}`, () => {
    const key = { pk: { S: 'W#erp-one#shipment#OUT-1' }, sk: { S: 'row' } }
    let client: DynamoDBClient
    let table: string
    let writebacks: DynamoWritebackLedger

    beforeEach(async () => {
      client = engine().newClient()
      table = await engine().createTable()
      writebacks = new DynamoWritebackLedger({ client, table })
    })

    const stored = async () => (await client.send(new GetItemCommand({ TableName: table, Key: key }))).Item

    it('are in the index of states until they are done, and never expire', async () => {
      await writebacks.put(aWritebackRow({ status: 'parked' }))
      expect(await stored()).toMatchObject({ stateKey: { S: 'erp-one#wb-parked' } })
      await writebacks.put(aWritebackRow({ rev: 2, status: 'done' }))
      expect(await stored()).not.toHaveProperty('stateKey')
      expect(await stored()).not.toHaveProperty('ttl')
    })

    it('are ours when the answer to the write was lost and the SDK repeated it', async () => {
      const answer = loseOneAnswer(client, 'PutItemCommand')
      expect(await writebacks.put(aWritebackRow())).toEqual({ ok: true })
      expect(answer.lost).toBe(true)
      expect(await writebacks.get(aWritebackKey())).toEqual(aWritebackRow())
    })

    it('are named by key, without their content, when they cannot be read', async () => {
      for (const row of [
        { S: '{"reason":"secret"' },
        { S: '{"reason":"secret"}' },
        { B: Buffer.from('secret') },
      ]) {
        await client.send(new PutItemCommand({ TableName: table, Item: { ...key, row } }))
        const error = await writebacks.get(aWritebackKey()).catch((thrown: unknown) => thrown)
        expect(String(error)).toContain('W#erp-one#shipment#OUT-1 / row')
        expect(error).not.toHaveProperty('cause')
        expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('secret')
      }
    })
  })
}
