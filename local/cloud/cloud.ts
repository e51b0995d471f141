import { setTimeout as delay } from 'node:timers/promises'
import { SQSClient } from '@aws-sdk/client-sqs'
import { readAssembly } from './assembly.ts'
import { clientConfig } from './client-config.ts'
import { CloudError } from './cloud-error.ts'
import { takeDataDirectory } from './data-directory.ts'
import { startEventSource } from './event-source.ts'
import { FunctionHost, type FunctionLogLine, type LambdaFunction } from './functions.ts'
import { createHttpApi, type Route } from './http-api.ts'
import { repairIndexes } from './index-repair.ts'
import { createLambdaApi } from './lambda-api.ts'
import { close, listen } from './listen.ts'
import { startQueueEngine } from './queue-engine.ts'
import { type FunctionResource, type Resources, readResources } from './resources.ts'
import { startSchedule } from './schedules.ts'
import { startSecretStore } from './secrets.ts'
import { startTableEngine } from './table-engine.ts'
import { TemplateResolver } from './template.ts'
import type { InvocationResult } from './worker.ts'

export interface CloudOptions {
  /** Directory of the synthesised assembly, which holds manifest.json. */
  readonly assembly: string
  /** Tables, queues, secrets and logs live here; the next start goes on with them. */
  readonly dataDir: string
  /** Default 0: any free port. */
  readonly apiPort?: number
  /** Set for every function, over what the template says. */
  readonly env?: Readonly<Record<string, string>>
  readonly onLog?: (line: FunctionLogLine) => void
  /** The node that runs the functions; default: this one. */
  readonly nodePath?: string
  /** Start with empty tables, queues and secrets. */
  readonly fresh?: boolean
  /** A worker stopped by SIGSTOP outlives its timeout, outside the pool, so that SIGCONT lets it go on. */
  readonly freezeOnTimeout?: boolean
  /** `off`: schedules run by `fire` only. */
  readonly schedules?: 'on' | 'off'
}

export interface CloudFunction {
  readonly name: string
  readonly logicalId: string
  readonly env: Readonly<Record<string, string>>
  /** Processes that run it now; a frozen one is not among them. */
  pids(): number[]
  /** Answers what the handler returned. @throws {FunctionError} */
  invoke(event: unknown): Promise<unknown>
  /** Sends a signal to each of its processes. */
  kill(signal: NodeJS.Signals): void
}

export interface Cloud {
  /** Without a slash at the end, like the two below. */
  readonly apiUrl: string
  readonly endpoints: {
    readonly dynamodb: string
    readonly sqs: string
    readonly secretsmanager: string
    readonly lambda: string
  }
  /** By output key, of all stacks. */
  readonly outputs: Readonly<Record<string, string>>
  /** `ref` is the URL of a queue, the name of a table, the ARN of a secret. */
  readonly resources: Pick<Resources, 'tables' | 'queues' | 'secrets' | 'schedules'>
  readonly functions: readonly CloudFunction[]
  /**
   * Runs a schedule now, by name or logical id; `more` is added to its input. Answers what the function returned.
   * @throws {FunctionError}
   */
  fire(schedule: string, more?: Readonly<Record<string, unknown>>): Promise<unknown>
  putSecret(name: string, value: string): Promise<void>
  /** No message is visible, delayed or in flight outside dead-letter queues, and no function runs. */
  idle(): Promise<boolean>
  /** Lets running invocations end for a moment, then kills what is left. */
  stop(): Promise<void>
}

/** A function that failed, in Lambda's words. */
export class FunctionError extends Error {
  readonly errorType: string

  constructor(functionName: string, errorType: string, errorMessage: string) {
    super(`${functionName}: ${errorType}: ${errorMessage}`)
    this.name = 'FunctionError'
    this.errorType = errorType
  }
}

const CALLER_CONCURRENCY = 4
const STOP_GRACE_MS = 2000

/**
 * Runs a synthesised assembly on this machine, on the loopback interface only: its tables, queues and secrets in
 * embedded engines, its function bundles as they are, in child processes.
 * @throws {CloudError}
 */
export async function startCloud(options: CloudOptions): Promise<Cloud> {
  const cleanups: (() => unknown)[] = []
  const cleanUp = async () => {
    for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
  }
  try {
    return await start(options, cleanups, cleanUp)
  } catch (error) {
    await cleanUp()
    throw error
  }
}

/** `cleanups` grows with everything that is open, so that a failure half way leaves nothing behind. */
async function start(
  options: CloudOptions,
  cleanups: (() => unknown)[],
  cleanUp: () => Promise<void>,
): Promise<Cloud> {
  const assembly = readAssembly(options.assembly)

  const data = takeDataDirectory(options.dataDir, { fresh: options.fresh ?? false })
  cleanups.push(data.release)
  if (data.killed) await repairIndexes(data.tables)
  const onLog = options.onLog ?? (() => {})
  const report = (about: string) => (error: unknown) =>
    onLog({ functionName: about, pid: process.pid, stream: 'platform', text: String(error) })

  let routes: readonly Route[] | undefined
  const api = createHttpApi(() => routes)
  const apiUrl = await listen(api, options.apiPort)
  cleanups.push(() => close(api))
  const queueEngine = await startQueueEngine(data.queues)
  cleanups.push(queueEngine.stop)
  const tableEngine = await startTableEngine(data.tables)
  cleanups.push(tableEngine.stop)

  const resolver = new TemplateResolver(assembly.stacks, { api: apiUrl, sqs: queueEngine.endpoint })
  const resources = readResources(assembly, resolver)
  const secrets = await startSecretStore(data.secrets, resources.secrets)
  cleanups.push(secrets.stop)
  await Promise.all([
    queueEngine.createOrUpdate(resources.queues),
    tableEngine.createMissing(resources.tables),
  ])

  const host = new FunctionHost({
    logDirectory: data.logs,
    nodePath: options.nodePath ?? process.execPath,
    freezeOnTimeout: options.freezeOnTimeout ?? false,
    onLog,
  })
  await host.start()
  cleanups.push(() => host.stop())
  const lambdaApi = createLambdaApi((name) => lambdas.find((entry) => names(name, entry)))
  const endpoints = {
    dynamodb: tableEngine.endpoint,
    sqs: queueEngine.endpoint,
    secretsmanager: secrets.endpoint,
    lambda: await listen(lambdaApi),
  }
  cleanups.push(() => close(lambdaApi))
  const lambdas = resources.functions.map((resource) =>
    host.add(
      resource,
      {
        ...resource.environment,
        AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamodb,
        AWS_ENDPOINT_URL_SQS: endpoints.sqs,
        AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoints.secretsmanager,
        ...options.env,
      },
      concurrencyOf(resource, resources),
    ),
  )
  const lambdaOf = (reference: string) => {
    const lambda = lambdas.find((entry) => names(reference, entry))
    if (!lambda) throw unknownName('function', reference)
    return lambda
  }

  // What names something the template does not have is found before anything runs.
  const served = resources.routes.map(({ functionArn, ...route }) => ({
    ...route,
    target: lambdaOf(functionArn),
  }))
  const scheduled = resources.schedules.map((resource) => ({
    resource,
    target: lambdaOf(resource.functionArn),
  }))
  const polled = resources.eventSources
    .filter(({ enabled }) => enabled)
    .map((source) => ({
      source,
      queueUrl: queueUrlOf(resources, source.queueArn),
      target: lambdaOf(source.functionName),
    }))

  const client = new SQSClient(clientConfig(queueEngine.endpoint))
  const eventSources = polled.map((polling) =>
    startEventSource({ ...polling, client, onError: report(polling.source.logicalId) }),
  )
  const schedules = scheduled.map(({ resource, target }) =>
    startSchedule(resource, target, {
      timers: options.schedules !== 'off',
      onError: report(resource.logicalId),
    }),
  )
  routes = served
  cleanups.push(async () => {
    api.close()
    for (const schedule of schedules) schedule.stop()
    const ended = [
      ...eventSources.map((source) => source.stop()),
      ...lambdas.map((lambda) => lambda.drained()),
    ]
    queueEngine.endPolls()
    await Promise.race([Promise.all(ended), delay(STOP_GRACE_MS, undefined, { ref: false })])
    client.destroy()
  })

  return {
    apiUrl,
    endpoints,
    outputs: resources.outputs,
    resources,
    functions: lambdas.map((lambda) => ({
      name: lambda.name,
      logicalId: lambda.logicalId,
      env: lambda.environment,
      pids: () => lambda.pids(),
      invoke: async (event) => valueOf(lambda, await lambda.invoke(event)),
      kill: (signal) => lambda.kill(signal),
    })),
    fire: async (name, more) => {
      const schedule = schedules.find((entry) => entry.name === name || entry.logicalId === name)
      if (!schedule) throw unknownName('schedule', name)
      return valueOf(schedule.target, await schedule.fire(more))
    },
    putSecret: async (name, value) => secrets.put(name, value),
    idle: async () => {
      const depths = queueEngine.depths()
      return (
        resources.queues.every(({ name, deadLetter }) => deadLetter || depths.get(name) === 0) &&
        lambdas.every(({ running }) => running === 0)
      )
    },
    stop: cleanUp,
  }
}

/** As many workers as its queues may use at a time, and a few for requests, schedules and direct calls. */
function concurrencyOf(resource: FunctionResource, { routes, eventSources }: Resources): number {
  const sources = eventSources.filter(({ functionName }) => names(functionName, resource))
  const routed = routes.some(({ functionArn }) => names(functionArn, resource))
  const wanted =
    (routed || sources.length === 0 ? CALLER_CONCURRENCY : 0) +
    sources.reduce((sum, { maximumConcurrency }) => sum + maximumConcurrency, 0)
  return Math.min(wanted, resource.reservedConcurrency ?? Number.POSITIVE_INFINITY)
}

/** A template names a function by its name, its ARN, or the path API Gateway makes of the ARN. */
function names(reference: string, { name, arn }: Pick<FunctionResource, 'name' | 'arn'>): boolean {
  return reference === name || reference === arn || reference.includes(`/functions/${arn}/`)
}

function queueUrlOf({ queues }: Resources, arn: string): string {
  const queue = queues.find((entry) => entry.arn === arn)
  if (!queue) throw unknownName('queue', arn)
  return queue.ref
}

function valueOf({ name }: LambdaFunction, result: InvocationResult): unknown {
  if (!result.ok) throw new FunctionError(name, result.errorType, result.errorMessage)
  return JSON.parse(result.payload)
}

function unknownName(kind: 'function' | 'queue' | 'schedule', name: string): CloudError {
  return new CloudError('name-unknown', `The template has no ${kind} named ${name}.`, { kind, name })
}
