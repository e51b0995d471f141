import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'

const VectorSchema = z.object({
  key: z.string(),
  method: z.string(),
  path: z.string(),
  timestamp: z.coerce.number(),
  nonce: z.string(),
  body: z.string(),
  signature: z.string(),
})

const file = join(import.meta.dirname, 'fixtures/bridge-signature-vectors.json')

/** Calls to the bridge with their signatures, which the PHP tests check too; by name of method and path. */
export const bridgeSignatureVectors = z
  .array(VectorSchema)
  .min(1)
  .parse(JSON.parse(readFileSync(file, 'utf8')))
  .map((vector): [string, z.output<typeof VectorSchema>] => [`${vector.method} ${vector.path}`, vector])
