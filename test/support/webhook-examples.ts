import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import * as z from 'zod'

const folder = join(import.meta.dirname, 'fixtures/webhook')

const InvalidSchema = z.strictObject({
  expect: z.strictObject({
    status: z.int(),
    code: z.string(),
    field: z.string().optional(),
    message: z.string(),
  }),
  body: z.unknown(),
})

function read<Schema extends z.ZodType>(kind: string, schema: Schema): [string, z.output<Schema>][] {
  return readdirSync(join(folder, kind))
    .sort()
    .map((file) => [
      basename(file, '.json'),
      schema.parse(JSON.parse(readFileSync(join(folder, kind, file), 'utf8'))),
    ])
}

/** Bodies of the webhook that fit the contract, by name. */
export const validExamples = read('valid', z.unknown())

/** Bodies that do not, each with what the sender is told. */
export const invalidExamples = read('invalid', InvalidSchema)
