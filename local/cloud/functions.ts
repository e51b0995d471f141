import { randomUUID } from 'node:crypto'
import { createWriteStream, type WriteStream } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { devNull } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { finished } from 'node:stream/promises'
import * as z from 'zod'
import { REGION } from './identity.ts'
import { close, listen } from './listen.ts'
import type { FunctionResource } from './resources.ts'
import {
  type Invocation,
  type InvocationResult,
  type LogStream,
  Worker,
  type WorkerOptions,
} from './worker.ts'

export interface FunctionLogLine {
  readonly functionName: string
  readonly pid: number
  /** `platform` is what Lambda itself says, a timeout for instance. */
  readonly stream: LogStream
  readonly text: string
}

export interface FunctionHostOptions {
  readonly logDirectory: string
  readonly nodePath: string
  readonly freezeOnTimeout: boolean
  readonly onLog: (line: FunctionLogLine) => void
}

/** Lambda takes no larger event of a synchronous caller, and returns no larger answer. */
export const PAYLOAD_LIMIT_BYTES = 6 * 1024 * 1024

const ErrorSchema = z.object({ errorType: z.string(), errorMessage: z.string() })

/** Lambda on one machine: the Runtime API, and for each function the workers that ask it for work. */
export class FunctionHost {
  readonly #options: FunctionHostOptions
  readonly #workers = new Map<string, Worker>()
  readonly #logs: WriteStream[] = []
  readonly #server = createServer((request, response) => void this.#serve(request, response))
  #address = ''

  constructor(options: FunctionHostOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    this.#address = (await listen(this.#server)).replace('http://', '')
  }

  /** `environment` comes on top of what the runtime itself sets; `concurrency` is the most workers at a time. */
  add(
    resource: FunctionResource,
    environment: Readonly<Record<string, string>>,
    concurrency: number,
  ): LambdaFunction {
    const log = createWriteStream(join(this.#options.logDirectory, `${resource.name}.log`), { flags: 'a' })
    this.#logs.push(log)
    return new LambdaFunction(resource, environment, concurrency, (events) => {
      const id = randomUUID()
      const worker = new Worker({
        ...events,
        ...resource,
        nodePath: this.#options.nodePath,
        freezeOnTimeout: this.#options.freezeOnTimeout,
        environment: { ...runtimeEnvironment(resource, `${this.#address}/${id}`), ...environment },
        log: (pid, stream, line) => {
          log.write(`${new Date().toISOString()} ${pid} ${stream} ${line}\n`)
          this.#options.onLog({ functionName: resource.name, pid, stream, text: line })
        },
      })
      this.#workers.set(id, worker)
      void worker.closed.then(() => this.#workers.delete(id))
      return worker
    })
  }

  /** Kills every worker, the frozen ones too. */
  async stop(): Promise<void> {
    const workers = [...this.#workers.values()]
    for (const worker of workers) worker.kill('SIGKILL')
    await Promise.all(workers.map(({ closed }) => closed))
    await close(this.#server)
    await Promise.all(this.#logs.map((log) => finished(log.end())))
  }

  /** /{worker}/2018-06-01/runtime/… of the Runtime API. */
  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [workerId = '', , , kind, id = '', ending] = (request.url ?? '').slice(1).split('/')
    const worker = this.#workers.get(workerId)
    // A worker that dies while it sends says nothing: its exit ends the invocation.
    const body = await text(request).catch(() => undefined)
    if (!worker || body === undefined) response.destroy()
    else if (id === 'next') worker.ready(response)
    else {
      if (kind === 'init') worker.initFailed(failure(body))
      else worker.answered(id, ending === 'response' ? answer(body) : failure(body))
      response.writeHead(202).end('{}')
    }
  }
}

type SpawnWorker = (events: Pick<WorkerOptions, 'onIdle' | 'onGone'>) => Worker

/** One function: invocations wait here for a worker; workers start on demand and are used again. */
export class LambdaFunction {
  readonly name: string
  readonly logicalId: string
  readonly arn: string
  /** As the template and the caller gave it; the runtime adds its own. */
  readonly environment: Readonly<Record<string, string>>
  readonly #concurrency: number
  readonly #spawn: SpawnWorker
  readonly #workers = new Set<Worker>()
  readonly #waiting: Invocation[] = []
  readonly #running = new Set<Promise<InvocationResult>>()

  constructor(
    resource: FunctionResource,
    environment: Readonly<Record<string, string>>,
    concurrency: number,
    spawn: SpawnWorker,
  ) {
    this.name = resource.name
    this.logicalId = resource.logicalId
    this.arn = resource.arn
    this.environment = environment
    this.#concurrency = concurrency
    this.#spawn = spawn
  }

  /** Invocations that wait or run. */
  get running(): number {
    return this.#running.size
  }

  /** Settles once nothing waits or runs. */
  async drained(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running)
  }

  pids(): number[] {
    return [...this.#workers].map(({ pid }) => pid)
  }

  kill(signal: NodeJS.Signals): void {
    for (const worker of this.#workers) worker.kill(signal)
  }

  async invoke(event: unknown): Promise<InvocationResult> {
    const json = JSON.stringify(event)
    if (Buffer.byteLength(json) > PAYLOAD_LIMIT_BYTES) {
      return {
        ok: false,
        errorType: 'RequestTooLargeException',
        errorMessage: `Request must be smaller than ${PAYLOAD_LIMIT_BYTES} bytes`,
      }
    }
    const result = new Promise<InvocationResult>((settle) => {
      this.#waiting.push({ id: randomUUID(), event: json, settle })
      this.#dispatch()
    })
    this.#running.add(result)
    try {
      return await result
    } finally {
      this.#running.delete(result)
    }
  }

  #dispatch(): void {
    const workers = [...this.#workers]
    for (const worker of workers.filter(({ idle }) => idle)) {
      const invocation = this.#waiting.shift()
      if (!invocation) return
      worker.run(invocation)
    }
    const coming = workers.filter((worker) => worker.coming).length
    const missing = Math.min(this.#waiting.length - coming, this.#concurrency - workers.length)
    for (let count = 0; count < missing; count += 1) this.#startWorker()
  }

  #startWorker(): void {
    const worker = this.#spawn({
      onIdle: () => this.#dispatch(),
      onGone: (unserved) => {
        this.#workers.delete(worker)
        if (unserved) this.#waiting.shift()?.settle(unserved)
        this.#dispatch()
      },
    })
    this.#workers.add(worker)
  }
}

function answer(body: string): InvocationResult {
  return Buffer.byteLength(body) > PAYLOAD_LIMIT_BYTES
    ? {
        ok: false,
        errorType: 'Function.ResponseSizeTooLarge',
        errorMessage: `Response payload size exceeded maximum allowed payload size (${PAYLOAD_LIMIT_BYTES} bytes).`,
      }
    : { ok: true, payload: body }
}

function failure(body: string): InvocationResult {
  const parsed = ErrorSchema.safeParse(parseJson(body))
  return { ok: false, ...(parsed.data ?? { errorType: 'Runtime.Unknown', errorMessage: 'unreadable error' }) }
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

/** What Lambda itself sets, and nothing of the host: no path, no profile, no time zone of the developer. */
function runtimeEnvironment(resource: FunctionResource, runtimeApi: string): Record<string, string> {
  const { SystemRoot } = process.env
  return {
    AWS_LAMBDA_RUNTIME_API: runtimeApi,
    AWS_LAMBDA_FUNCTION_NAME: resource.name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(resource.memoryMb),
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${resource.name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: 'local',
    AWS_EXECUTION_ENV: `AWS_Lambda_${resource.runtime}`,
    AWS_REGION: REGION,
    AWS_DEFAULT_REGION: REGION,
    // A key of its own: whoever listens at an endpoint can tell which function called.
    AWS_ACCESS_KEY_ID: resource.name,
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_SESSION_TOKEN: 'local',
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
    LAMBDA_TASK_ROOT: resource.codeDirectory,
    _HANDLER: resource.handler,
    TZ: 'UTC',
    // Without it a process on Windows has no network.
    ...(SystemRoot ? { SystemRoot } : {}),
  }
}
