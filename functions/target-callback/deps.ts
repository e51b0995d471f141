import { resolve } from 'node:path'
import { AwsSecrets } from '#adapters/secrets/aws-secrets.ts'
import { createSecretsClient } from '#adapters/secrets/secrets-client.ts'
import { createSqsClient } from '#adapters/sqs/sqs-client.ts'
import { SqsWritebackQueue } from '#adapters/sqs/sqs-writeback-queue.ts'
import type { ReceiveProgressDeps } from '#app/receive-progress.ts'
import { loadConfig } from '#runtime/config-file.ts'
import { readSqsEndpoint } from '#runtime/env.ts'
import { createLog } from '#runtime/logger.ts'
import { readEnv } from './env.ts'

/** A sender rarely waits longer than 10 s: a secret and a batch must both fit, each with its second attempt. */
const CALL = { connectTimeoutMs: 1_000, requestTimeoutMs: 2_000, maxAttempts: 2 }

const env = readEnv()
const log = createLog('target-callback')

export const deps: ReceiveProgressDeps = {
  config: loadConfig(resolve(import.meta.dirname, env.CONFIG_DIR)),
  secrets: new AwsSecrets({ client: createSecretsClient(CALL), prefix: env.SECRET_PREFIX }),
  queue: new SqsWritebackQueue({
    client: createSqsClient({ ...CALL, ...readSqsEndpoint() }),
    queueUrl: env.WRITEBACK_QUEUE_URL,
    log,
  }),
  clock: { now: () => Date.now() },
  log,
}
