import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import type { Erasures } from '#ports/erasures.ts'
import { itemKey } from './item-key.ts'

const EVERY_SHOP = 'every-shop'
const attributeOf = (shop: string | undefined): string => (shop === undefined ? EVERY_SHOP : `shop-${shop}`)
const keyOf = (person: string) => itemKey(`E#${person}`, 'erased')

/** Tombstones in the one table: an item for each person, an instant for each shop. Without a TTL. */
export class DynamoErasures implements Erasures {
  readonly #client: DynamoDBClient
  readonly #table: string

  constructor({ client, table }: { client: DynamoDBClient; table: string }) {
    this.#client = client
    this.#table = table
  }

  async add(person: string, shop: string | undefined, at: number): Promise<void> {
    try {
      await this.#client.send(
        new UpdateItemCommand({
          TableName: this.#table,
          Key: keyOf(person),
          UpdateExpression: 'SET #shop = :at',
          ConditionExpression: 'attribute_not_exists(#shop) OR #shop < :at',
          ExpressionAttributeNames: { '#shop': attributeOf(shop) },
          ExpressionAttributeValues: { ':at': { N: String(at) } },
        }),
      )
    } catch (error) {
      // A later one is there already.
      if (!(error instanceof ConditionalCheckFailedException)) throw error
    }
  }

  async latest(people: readonly string[], shop: string): Promise<number | undefined> {
    const items = await Promise.all(people.map((person) => this.#read(person)))
    const found = items.flatMap((item) =>
      [item?.[EVERY_SHOP]?.N, item?.[attributeOf(shop)]?.N].filter((at) => at !== undefined),
    )
    return found.length === 0 ? undefined : Math.max(...found.map(Number))
  }

  async #read(person: string) {
    const { Item } = await this.#client.send(
      new GetItemCommand({ TableName: this.#table, Key: keyOf(person), ConsistentRead: true }),
    )
    return Item
  }
}
