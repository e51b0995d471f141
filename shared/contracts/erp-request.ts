import * as z from 'zod'
import { OpSchema } from './ledger-row.ts'

/** A write that is built and not sent: what `--dry-run` shows, and what is stored where only the same bytes may be repeated. */
export const ErpRequestSchema = z.object({
  op: OpSchema,
  step: z.string(),
  reference: z.string(),
  key: z.string().describe('idempotency key: reference + op + content; the same request has the same key'),
  content: z
    .unknown()
    .optional()
    .describe('what the mapping made of the order, compared by a look-up; absent for a cancel'),
  bytes: z
    .string()
    .describe('the adapter’s serialised request, complete but for credentials and headers that age'),
})
export type ErpRequest = z.infer<typeof ErpRequestSchema>
