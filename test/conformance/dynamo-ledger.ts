import { createHash } from 'node:crypto'
import {
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  ScanCommand,
} from '@aws-sdk/client-dynamodb'
import { beforeEach, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { DynamoLedger } from '#adapters/dynamodb/dynamo-ledger.ts'
import { anOrderSnapshot, snapshotOf } from '../support/a-delivery.ts'
import { aRow, aRowKey, rowLines } from '../support/a-ledger-row.ts'
import type { DynamoEngine } from '../support/dynamo-engine.ts'
import { loseOneAnswer } from '../support/lose-one-answer.ts'
import { ManualClock } from '../support/manual-clock.ts'

const KeySchema = z.record(z.string(), z.object({ S: z.string() }))
const BatchSchema = z.looseObject({ Keys: z.array(KeySchema) })

/** What the items of a DynamoLedger look like, and how it meets a real network. */
export function dynamoLedgerConformance(name: string, engine: () => DynamoEngine): void {
  describe(`the ledger’s items on ${name}`, () => {
    const clock = new ManualClock()
    const key = { pk: { S: 'L#A1#order#10086.1763712000#erp-one' }, sk: { S: 'row' } }
    let client: DynamoDBClient
    let table: string
    let ledger: DynamoLedger

    beforeEach(async () => {
      client = engine().newClient()
      table = await engine().createTable()
      ledger = new DynamoLedger({ client, table, clock })
    })

    const items = async () => (await client.send(new ScanCommand({ TableName: table }))).Items ?? []
    const stored = async () => (await client.send(new GetItemCommand({ TableName: table, Key: key }))).Item

    it('expire where they are bodies, and never where they are rows', async () => {
      await ledger.put(aRow())
      await ledger.putSubject(aRowKey(), snapshotOf(anOrderSnapshot()), 60)
      await ledger.putRequest(aRowKey(), 'r1', 'bytes', 60)
      const ttl = Object.fromEntries((await items()).map((item) => [item['sk']?.S, item['ttl']?.N]))
      const expected = String(clock.now() / 1000 + 60)
      expect(ttl).toEqual({ row: undefined, subject: expected, 'request#r1': expected })
    })

    it('are readable text for a small row and at most 64 kB for a thousand lines', async () => {
      await ledger.put(aRow({ lines: rowLines(3) }))
      expect(JSON.parse((await stored())?.['row']?.S ?? '')).toMatchObject({ ref: aRow().ref })
      await ledger.put(aRow({ rev: 2, lines: rowLines(1_000) }))
      const size = (await stored())?.['row']?.B?.byteLength
      expect(size).toBeGreaterThan(8_192)
      expect(size).toBeLessThan(60_000)
    })

    it('are in the index of states only while somebody has to look after them', async () => {
      await ledger.put(aRow({ status: 'held' }))
      expect(await stored()).toMatchObject({ stateKey: { S: 'erp-one#held' } })
      await ledger.put(aRow({ rev: 2, status: 'done' }))
      expect(await stored()).not.toHaveProperty('stateKey')
    })

    it('are read consistently by key', async () => {
      const reads: unknown[] = []
      client.middlewareStack.add(
        (next, context) => (args) => {
          if (context.commandName === 'GetItemCommand') reads.push(args.input)
          return next(args)
        },
        { step: 'initialize' },
      )
      await ledger.get(aRowKey())
      await ledger.getSubject(aRowKey())
      await ledger.getRequest(aRowKey(), 'r1')
      expect(reads).toHaveLength(3)
      for (const read of reads) expect(read).toMatchObject({ ConsistentRead: true })
    })

    it('are read in batches, consistently, and asked for again where the table left some out', async () => {
      const rows = [1, 2, 3].map((index) => aRow({ key: aRowKey({ sourceId: `${index}.1` }) }))
      for (const row of rows) await ledger.put(row)
      const asked: number[] = []
      client.middlewareStack.add(
        (next, context) => async (args) => {
          if (context.commandName !== 'BatchGetItemCommand' || !('RequestItems' in args.input))
            return next(args)
          const { Keys, ...how } = BatchSchema.parse(args.input.RequestItems?.[table])
          expect(how).toEqual({ ConsistentRead: true })
          asked.push(Keys.length)
          const throttled = asked.length === 1
          const answer = await next({
            ...args,
            input: { RequestItems: { [table]: { Keys: Keys.slice(0, 1), ...how } } },
          })
          const left = throttled ? Keys : Keys.slice(1)
          const output = {
            ...answer.output,
            ...(throttled && { Responses: {} }),
            UnprocessedKeys: left.length > 0 ? { [table]: { Keys: left } } : {},
          }
          return { ...answer, output }
        },
        { step: 'initialize' },
      )
      expect(await ledger.getMany(rows.map(({ key: rowKey }) => rowKey))).toEqual(rows)
      expect(asked).toEqual([3, 3, 2, 1])
    })

    it('are ours when the answer to the write was lost and the SDK repeated it', async () => {
      const answer = loseOneAnswer(client, 'PutItemCommand')
      expect(await ledger.put(aRow())).toEqual({ ok: true })
      expect(answer.lost).toBe(true)
      expect(await ledger.get(aRowKey())).toEqual(aRow())
    })

    it('all expire where a body is in parts, and one part missing means no body', async () => {
      const noise = createHash('shake256', { outputLength: 750_000 }).update('noise').digest('base64')
      await ledger.putRequest(aRowKey(), 'r1', noise, 60)
      const parts = await items()
      expect(parts).toHaveLength(2)
      expect(new Set(parts.map((item) => item['ttl']?.N))).toEqual(new Set([String(clock.now() / 1000 + 60)]))
      const part = parts.find((item) => item['sk']?.S !== 'request#r1')
      if (!part?.['pk'] || !part['sk']) throw new Error('there is no part')
      await client.send(new DeleteItemCommand({ TableName: table, Key: { pk: part['pk'], sk: part['sk'] } }))
      expect(await ledger.getRequest(aRowKey(), 'r1')).toBeUndefined()
    })

    it('are named by key, without their content, when they cannot be read', async () => {
      const damaged = [
        { S: '{"buyer":"secret name"' },
        { S: '{"buyer":"secret name"}' },
        { B: Buffer.from('secret name') },
      ]
      for (const row of damaged) {
        await client.send(new PutItemCommand({ TableName: table, Item: { ...key, row } }))
        const error = await ledger.get(aRowKey()).catch((thrown: unknown) => thrown)
        expect(error).toBeInstanceOf(Error)
        expect(String(error)).toContain('L#A1#order#10086.1763712000#erp-one / row')
        expect(error).not.toHaveProperty('cause')
        expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('secret name')
      }
    })
  })
}
