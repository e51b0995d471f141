import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { createDynamoClient } from '#adapters/dynamodb/dynamo-client.ts'
import { createSecretsClient } from '#adapters/secrets/secrets-client.ts'
import { createSqsClient } from '#adapters/sqs/sqs-client.ts'
import { ENDPOINTS_FILE, type Endpoints, EndpointsSchema } from '#contracts/endpoints.ts'
import type { Clock, Ids } from '#ports/runtime.ts'
import type { Connection } from './connection.ts'
import { CliFailure } from './failure.ts'
import { openConnection } from './open-connection.ts'
import { parseJson } from './parse-json.ts'
import type { LocalPlace } from './place.ts'

const CALL = { connectTimeoutMs: 2_000, requestTimeoutMs: 5_000, maxAttempts: 2 }
/** Longer than any function of a stage on this machine. */
const RUN_TIMEOUT_MS = 120_000
/** Complete, so that no profile of the person is ever read. */
const LOCAL = { region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } }

/** Results tell what went wrong; there is nobody to read a log. */
const SILENT = { info: () => {}, warn: () => {}, error: () => {} }

/** Connects to what `npm start` runs on this machine with this data directory; undefined when nothing does. */
export async function connectLocal(
  { dataDir, configDir }: Pick<LocalPlace, 'dataDir' | 'configDir'>,
  runtime: { clock: Clock; ids: Ids },
): Promise<Connection | undefined> {
  const endpoints = readEndpoints(join(dataDir, ENDPOINTS_FILE))
  if (!endpoints || !isRunning(endpoints.pid)) return undefined
  const { dynamodb, sqs, secretsmanager } = endpoints.endpoints
  return openConnection(
    {
      ...endpoints,
      configDir: configDir ?? endpoints.configDir,
      clients: {
        dynamo: createDynamoClient({ ...CALL, ...LOCAL, endpoint: dynamodb }),
        sqs: createSqsClient({ ...CALL, ...LOCAL, endpoint: sqs }),
        secrets: createSecretsClient({ ...CALL, ...LOCAL, endpoint: secretsmanager }),
      },
      webhookUrl: (shop) => endpoints.webhookUrls[shop],
      invoke: async ({ kind, name }, input) => {
        const url = endpoints.runnerUrls[kind]
        if (url === undefined) throw new CliFailure('restart-needed', (t) => t.restartNeeded(name))
        return invoke(url, input)
      },
      unknown: (name) => new CliFailure('restart-needed', (t) => t.restartNeeded(name)),
      log: SILENT,
    },
    runtime,
  )
}

/** As Lambda answers an Invoke. */
async function invoke(url: string, input: object): Promise<unknown> {
  const signal = AbortSignal.timeout(RUN_TIMEOUT_MS)
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(input), signal })
  const answer = await response.text()
  if (response.ok && !response.headers.has('x-amz-function-error')) return parseJson(answer)
  const { data } = FunctionErrorSchema.safeParse(parseJson(answer))
  throw new CliFailure('run-broke-off', (t) =>
    t.run.brokeOff(data?.errorMessage ?? `HTTP ${response.status}`),
  )
}

const FunctionErrorSchema = z.object({ errorMessage: z.string() })

function readEndpoints(file: string): Endpoints | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
  const parsed = EndpointsSchema.safeParse(parseJson(text))
  if (!parsed.success) throw new CliFailure('endpoints-unreadable', (t) => t.endpointsUnreadable(file))
  return parsed.data
}

/** A killed cloud leaves its file behind. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
