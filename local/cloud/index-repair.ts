import db from 'dynalite/db/index.js'
import * as z from 'zod'

const TableSchema = z.looseObject({
  TableName: z.string(),
  TableStatus: z.string(),
  GlobalSecondaryIndexes: z.array(z.looseObject({ IndexName: z.string() })).default([]),
})

/**
 * Brings every index back to what its table holds. dynalite writes index and item one after the other, so a kill
 * between the two would leave a difference that DynamoDB never shows; nothing else may have the directory open.
 */
export async function repairIndexes(directory: string): Promise<void> {
  const { db: level } = db.create({ path: directory })
  for await (const row of level.values(within('table~'))) {
    const table = TableSchema.parse(row)
    if (table.TableStatus !== 'ACTIVE') {
      // It was killed while being created, so it is empty: the start makes it again.
      await level.batch([{ type: 'del', key: `table~${table.TableName}` }])
      continue
    }
    const indexKey = (index: string, key: string) => `index-global~${table.TableName}~${index}~${key}`

    const stale = new Set<string>()
    for (const { IndexName } of table.GlobalSecondaryIndexes) {
      for await (const key of level.keys(within(indexKey(IndexName, '')))) stale.add(key)
    }
    for await (const item of level.values(within(`item-${table.TableName}~`))) {
      const { puts } = db.getIndexActions(table.GlobalSecondaryIndexes, null, item, table)
      const rows = puts.map(({ index, key, item: value }) => ({ key: indexKey(index, key), value }))
      for (const { key } of rows) stale.delete(key)
      await level.batch(rows.map((entry) => ({ type: 'put', ...entry })))
    }
    await level.batch([...stale].map((key) => ({ type: 'del', key })))
  }
  await level.close()
}

function within(prefix: string): { gte: string; lt: string } {
  return { gte: prefix, lt: `${prefix}\xff` }
}
