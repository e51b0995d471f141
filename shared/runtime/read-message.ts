import type * as z from 'zod'

/** The message in a queue record's body; undefined when this version cannot read it and never will. */
export function readMessage<Schema extends z.ZodType>(
  schema: Schema,
  body: string,
): z.output<Schema> | undefined {
  let json: unknown
  try {
    json = JSON.parse(body)
  } catch {
    return undefined
  }
  return schema.safeParse(json).data
}
