import * as z from 'zod'
import { ShopIdSchema, TargetNameSchema } from './scalars.ts'

/** Under the data directory of `npm start`; there only while it runs. */
export const ENDPOINTS_FILE = 'endpoints.json'

/** Where a bridge that runs on this machine is found: what `npm start` writes and the operator's tools read. Holds no secret. */
export const EndpointsSchema = z.object({
  stage: z.enum(['local', 'demo']),
  pid: z.int().positive().describe('the process that serves all of this'),
  configDir: z.string().min(1).describe('absolute'),
  apiUrl: z.url(),
  webhookUrls: z.record(ShopIdSchema, z.url()),
  endpoints: z.object({ dynamodb: z.url(), sqs: z.url(), secretsmanager: z.url() }),
  tableName: z.string().min(1),
  queueUrls: z.record(TargetNameSchema, z.url()),
  dlqUrls: z.record(TargetNameSchema, z.url()),
  writebackQueueUrl: z.url(),
  writebackDlqUrl: z.url(),
  runnerUrls: z
    .partialRecord(z.enum(['stock', 'shipments', 'sweep', 'aftersales']), z.url())
    .describe('where a scheduled run is invoked on demand; only those the configuration asks for'),
  secretPrefix: z.string().min(1),
  demo: z
    .object({ erpUrl: z.url(), shopUrl: z.url(), deskUrl: z.url() })
    .optional()
    .describe('absent with a configuration of one’s own'),
})
export type Endpoints = z.infer<typeof EndpointsSchema>
