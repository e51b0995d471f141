import { resolve } from 'node:path'
import { AwsSecrets } from '#adapters/secrets/aws-secrets.ts'
import { createSecretsClient } from '#adapters/secrets/secrets-client.ts'
import { createSqsClient } from '#adapters/sqs/sqs-client.ts'
import { SqsDeliveryQueue } from '#adapters/sqs/sqs-delivery-queue.ts'
import type { ReceiveDeps } from '#app/receive.ts'
import { loadConfig } from '#runtime/config-file.ts'
import { readSqsEndpoint } from '#runtime/env.ts'
import { createLog } from '#runtime/logger.ts'
import { readEnv } from './env.ts'

/** The sender waits 10 s at most: a secret and a batch must both fit, each with its second attempt. */
const CALL = { connectTimeoutMs: 1_000, requestTimeoutMs: 2_000, maxAttempts: 2 }

const env = readEnv()
const log = createLog('shop-webhook')
const sqs = createSqsClient({ ...CALL, ...readSqsEndpoint() })

export const deps: ReceiveDeps = {
  config: loadConfig(resolve(import.meta.dirname, env.CONFIG_DIR)),
  secrets: new AwsSecrets({ client: createSecretsClient(CALL), prefix: env.SECRET_PREFIX }),
  queue: new SqsDeliveryQueue({ client: sqs, queueUrls: env.QUEUE_URLS, log }),
  clock: { now: () => Date.now() },
  log,
}
