import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import { TABLE } from '#contracts/table.ts'

export function itemKey(partition: string, sort: string): Record<string, AttributeValue> {
  return { [TABLE.partitionKey.name]: { S: partition }, [TABLE.sortKey.name]: { S: sort } }
}
