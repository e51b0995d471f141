import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import type * as z from 'zod'

/** A stored item that is not what its key promises. Names the key and the fields, never a value. */
export class UnreadableItemError extends Error {
  constructor(item: Record<string, AttributeValue>, why: z.ZodError | string) {
    const fields =
      typeof why === 'string'
        ? why
        : why.issues.map((issue) => `${issue.path.join('.')}: ${issue.code}`).join(', ')
    super(`the item ${item['pk']?.S} / ${item['sk']?.S} cannot be read (${fields})`)
    this.name = 'UnreadableItemError'
  }
}
