import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { SQSClient } from '@aws-sdk/client-sqs'
import * as z from 'zod'
import { DynamoLedger } from '#adapters/dynamodb/dynamo-ledger.ts'
import { signWebhook } from '#app/standard-webhooks.ts'
import type { SyncConfigSchema } from '#contracts/config.ts'
import type { WebhookEvent } from '#contracts/webhook.ts'
import { OUTPUT_NAMES } from '../../infra/output-names.ts'
import { secretNames } from '../../infra/secret-names.ts'
import { stackName } from '../../infra/stack-names.ts'
import { stageNamed } from '../../infra/stages.ts'
import { SECRET } from '../support/a-webhook-request.ts'
import { editedCopy } from './edit-templates.ts'
import { EDITS, type Edit } from './edits.ts'

const project = fileURLToPath(new URL('../..', import.meta.url))
const EnvSchema = z.object({ DEPLOY_WORK: z.string({ error: 'use npm run test:deploy' }) })
const OutputsSchema = z.record(z.string(), z.record(z.string(), z.string()))
const TARGET = 'erp'
const REQUEST_TIMEOUT_MS = 15_000
const LAST_WORDS = 3_000

export interface Answer {
  readonly status: number
  readonly body: unknown
}

/** The stacks of the stage `test` in the emulator that run.ts has started, reached as an operator and a shop reach them. */
export class Deployment {
  readonly stage = stageNamed('test')
  readonly secrets = secretNames(this.stage.name)
  readonly sqs = new SQSClient()
  readonly #secretsManager = new SecretsManagerClient()
  readonly #dynamo = new DynamoDBClient()
  readonly #work = EnvSchema.parse(process.env).DEPLOY_WORK
  #outputs: z.infer<typeof OutputsSchema> = {}
  #deployed = ''
  #messages = 0

  /** Prepares the account, once, as `cdk bootstrap` does. */
  bootstrap(): Promise<void> {
    return this.#cdk('bootstrap', 'aws://000000000000/us-east-1')
  }

  /** Synthesizes the stacks for a configuration, as cdk.json has it done, into `<work>/<name>`. */
  async synthesize(name: string, config: z.input<typeof SyncConfigSchema>): Promise<void> {
    const part = (folder: string) => join(this.#work, name, folder)
    mkdirSync(part('config'), { recursive: true })
    writeFileSync(join(part('config'), 'sync.config.json'), JSON.stringify(config))
    const parts = ['--config', part('config'), '--build', part('build'), '--out', part('assembly')]
    await run(project, ['infra/app.ts', '--stage', this.stage.name, ...parts])
  }

  /** Deploys what was synthesized under this name, with the edits the emulator needs and `more`. */
  async deploy(name: string, more: readonly Edit[] = []): Promise<void> {
    const assembly = join(this.#work, name, 'assembly')
    const copy = join(this.#work, name, 'deployed')
    const outputs = join(this.#work, name, 'outputs.json')
    editedCopy(assembly, copy, [...EDITS, ...more])
    const unasked = ['--require-approval', 'never', '--outputs-file', outputs]
    await this.#cdk('deploy', '--all', '--app', copy, ...unasked)
    this.#outputs = OutputsSchema.parse(JSON.parse(readFileSync(outputs, 'utf8')))
    this.#deployed = copy
  }

  /** Destroys a stack, and first those that need it. Throws where the account refuses. */
  destroy(stack: 'Stateful' | 'Sync'): Promise<void> {
    return this.#cdk('destroy', stack, '--app', this.#deployed, '--force')
  }

  get tableName(): string {
    return this.#output('stateful', OUTPUT_NAMES.tableName)
  }

  get queueUrl(): string {
    return this.#output('stateful', OUTPUT_NAMES.queueUrl(TARGET))
  }

  get deadLetterQueueUrl(): string {
    return this.#output('stateful', OUTPUT_NAMES.deadLetterQueueUrl(TARGET))
  }

  get alarmTopicArn(): string {
    return this.#output('ops', OUTPUT_NAMES.alarmTopicArn)
  }

  get ledger(): DynamoLedger {
    return new DynamoLedger({
      client: this.#dynamo,
      table: this.tableName,
      clock: { now: () => Date.now() },
    })
  }

  async putSecret(name: string, value: object): Promise<void> {
    const put = new PutSecretValueCommand({ SecretId: name, SecretString: JSON.stringify(value) })
    await this.#secretsManager.send(put)
  }

  /** Posts an event as the bridge of a shop does; with the secret 'none' it is not signed. */
  post(
    event: WebhookEvent,
    { shop = 'A1', secret = SECRET }: { shop?: string; secret?: string } = {},
  ): Promise<Answer> {
    this.#messages += 1
    const body = JSON.stringify(event)
    const id = `msg_${this.#messages}`
    const timestamp = Math.floor(Date.now() / 1000)
    const url = this.#output('sync', OUTPUT_NAMES.webhookUrl).replace('{shop}', shop)
    return post(url, body, {
      'webhook-id': id,
      'webhook-timestamp': String(timestamp),
      ...(secret !== 'none' && { 'webhook-signature': signWebhook(secret, id, timestamp, body) }),
    })
  }

  #output(stack: Parameters<typeof stackName>[1], name: string): string {
    const value = this.#outputs[stackName(this.stage.name, stack)]?.[name]
    if (value === undefined) throw new Error(`The ${stack} stack has no output ${name}`)
    return value
  }

  /** Away from the project, whose cdk.json would have it synthesized again. */
  #cdk(...args: string[]): Promise<void> {
    const cdk = join(project, 'node_modules/aws-cdk/bin/cdk')
    return run(this.#work, [cdk, ...args, '--no-notices'], {
      CDK_HOME: join(this.#work, 'cdk'),
      CDK_DISABLE_CLI_TELEMETRY: '1',
    })
  }
}

/** Runs a script with this Node. Throws with its last words when it fails. */
function run(
  cwd: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  return new Promise((resolve, reject) => {
    const options = { cwd, env: { ...process.env, ...env }, maxBuffer: 64 * 1024 * 1024 }
    execFile(process.execPath, args, options, (error, stdout, stderr) => {
      if (error) reject(new Error(`${error.message}\n${`${stdout}\n${stderr}`.slice(-LAST_WORDS)}`))
      else resolve()
    })
  })
}

/** The API's own name is in no DNS; the certificate is checked for it all the same. */
function post(url: string, body: string, headers: Readonly<Record<string, string>>): Promise<Answer> {
  const { host, hostname, port, pathname } = new URL(url)
  const options = { host: '127.0.0.1', servername: hostname, port, path: pathname, method: 'POST' }
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(REQUEST_TIMEOUT_MS)
    const sent = request({ ...options, headers: { ...headers, host }, signal }, (response) => {
      text(response).then((answer) => {
        resolve({ status: response.statusCode ?? 0, body: JSON.parse(answer) })
      }, reject)
    })
    sent.on('error', reject)
    sent.end(body)
  })
}
