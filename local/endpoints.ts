import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { SyncConfig } from '#contracts/config.ts'
import { ENDPOINTS_FILE, type Endpoints, EndpointsSchema } from '#contracts/endpoints.ts'
import { OUTPUT_NAMES } from '../infra/output-names.ts'
import { RUN_KINDS } from '../infra/scheduled-runs.ts'
import { secretNames } from '../infra/secret-names.ts'
import type { Cloud } from './cloud/cloud.ts'
import { writeWhole } from './write-whole.ts'

/** Where everything of a running cloud is found, read from the outputs of its stacks. */
export function endpointsOf(
  cloud: Pick<Cloud, 'apiUrl' | 'endpoints' | 'outputs'>,
  about: Pick<Endpoints, 'stage' | 'configDir' | 'demo'> & { config: SyncConfig },
): Endpoints {
  const { stage, config, configDir, demo } = about
  const perTarget = (output: (target: string) => string) =>
    Object.fromEntries(Object.keys(config.targets).map((target) => [target, cloud.outputs[output(target)]]))
  return EndpointsSchema.parse({
    stage,
    pid: process.pid,
    configDir,
    apiUrl: cloud.apiUrl,
    webhookUrls: Object.fromEntries(
      Object.keys(config.shops).map((shop) => [
        shop,
        cloud.outputs[OUTPUT_NAMES.webhookUrl]?.replace('{shop}', shop),
      ]),
    ),
    endpoints: cloud.endpoints,
    tableName: cloud.outputs[OUTPUT_NAMES.tableName],
    queueUrls: perTarget(OUTPUT_NAMES.queueUrl),
    dlqUrls: perTarget(OUTPUT_NAMES.deadLetterQueueUrl),
    writebackQueueUrl: cloud.outputs[OUTPUT_NAMES.writebackQueueUrl],
    writebackDlqUrl: cloud.outputs[OUTPUT_NAMES.writebackDeadLetterQueueUrl],
    runnerUrls: Object.fromEntries(
      RUN_KINDS.flatMap((kind) => {
        const name = cloud.outputs[OUTPUT_NAMES.runner(kind)]
        return name === undefined
          ? []
          : [[kind, `${cloud.endpoints.lambda}/2015-03-31/functions/${name}/invocations`]]
      }),
    ),
    secretPrefix: secretNames(stage).prefix,
    demo,
  })
}

export function writeEndpoints(dataDir: string, endpoints: Endpoints): void {
  writeWhole(join(dataDir, ENDPOINTS_FILE), `${JSON.stringify(endpoints, null, 2)}\n`)
}

export function removeEndpoints(dataDir: string): void {
  rmSync(join(dataDir, ENDPOINTS_FILE), { force: true })
}
