import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** How an invocation ended, in the terms of Lambda. `payload` is what the handler returned, as JSON. */
export type InvocationResult =
  | { readonly ok: true; readonly payload: string }
  | { readonly ok: false; readonly errorType: string; readonly errorMessage: string }

export interface Invocation {
  readonly id: string
  /** The event, as JSON. */
  readonly event: string
  readonly settle: (result: InvocationResult) => void
}

export type LogStream = 'stdout' | 'stderr' | 'platform'

export interface WorkerOptions {
  readonly nodePath: string
  readonly codeDirectory: string
  readonly arn: string
  readonly memoryMb: number
  readonly timeoutMs: number
  /** Leave a worker that is stopped (SIGSTOP) at its timeout alive, as Lambda leaves a frozen sandbox. */
  readonly freezeOnTimeout: boolean
  readonly environment: Readonly<Record<string, string>>
  readonly log: (pid: number, stream: LogStream, text: string) => void
  /** The worker wants work: it just became idle. */
  readonly onIdle: () => void
  /** The worker left the pool: it died, or it is frozen. `unserved` tells why it died before its first invocation. */
  readonly onGone: (unserved: InvocationResult | undefined) => void
}

/** Lambda gives up after 10 s; a busy laptop starts a process slower than Lambda does. */
const INIT_TIMEOUT_MS = 30_000
const RUNTIME_CLIENT = fileURLToPath(new URL('./runtime-client.mjs', import.meta.url))

/** One execution environment: a child process that asks the Runtime API for invocations. */
export class Worker {
  readonly #options: WorkerOptions
  readonly #child: ChildProcess
  #state: 'starting' | 'idle' | 'busy' | 'answered' | 'frozen' | 'dead' = 'starting'
  #timer: NodeJS.Timeout
  #next: ServerResponse | undefined
  #invocation: Invocation | undefined
  #initError: InvocationResult | undefined
  /** Settles once the process is gone and everything it wrote is logged. */
  readonly closed: Promise<void>

  constructor(options: WorkerOptions) {
    this.#options = options
    this.#child = spawn(options.nodePath, [...heapOptions(options.memoryMb), RUNTIME_CLIENT], {
      cwd: options.codeDirectory,
      env: { ...options.environment },
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    })
    for (const stream of ['stdout', 'stderr'] as const) {
      const source = this.#child[stream]
      if (source) createInterface({ input: source }).on('line', (text) => options.log(this.pid, stream, text))
    }
    // The watch on descriptor 3 only closes; a worker killed while that is set up resets it.
    this.#child.stdio[3]?.on('error', () => {})
    this.#child.on('error', (error) => this.#exited(error.message))
    this.#child.on('exit', (code, signal) =>
      this.#exited(signal ? `signal: ${signal}` : `exit status ${code}`),
    )
    this.closed = new Promise((resolve) => this.#child.on('close', () => resolve()))
    this.#timer = setTimeout(() => this.kill('SIGKILL'), INIT_TIMEOUT_MS)
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  get idle(): boolean {
    return this.#state === 'idle'
  }

  /** It will ask for work without being sent any. */
  get coming(): boolean {
    return this.#state === 'starting' || this.#state === 'answered'
  }

  /** Hands over an invocation; its time runs from here. Only for an idle worker. */
  run(invocation: Invocation): void {
    const { timeoutMs, arn } = this.#options
    this.#state = 'busy'
    this.#invocation = invocation
    this.#timer = setTimeout(() => this.#timedOut(), timeoutMs)
    this.#next?.writeHead(200, {
      'content-type': 'application/json',
      'lambda-runtime-aws-request-id': invocation.id,
      'lambda-runtime-deadline-ms': String(Date.now() + timeoutMs),
      'lambda-runtime-invoked-function-arn': arn,
    })
    this.#next?.end(invocation.event)
    this.#next = undefined
  }

  /** The Runtime API's GET invocation/next. */
  ready(response: ServerResponse): void {
    if (this.#state === 'frozen') {
      // Thawed, and through with the invocation it was frozen in: nothing waits for it any more.
      this.kill('SIGKILL')
      return
    }
    clearTimeout(this.#timer)
    this.#next = response
    this.#state = 'idle'
    this.#options.onIdle()
  }

  /** The Runtime API's POST invocation/{id}/response or error. A frozen worker's answer comes too late to count. */
  answered(id: string, result: InvocationResult): void {
    if (this.#state !== 'busy' || this.#invocation?.id !== id) return
    clearTimeout(this.#timer)
    this.#state = 'answered'
    this.#settle(result)
  }

  /** The Runtime API's POST init/error; the process exits right after. */
  initFailed(error: InvocationResult): void {
    this.#initError = error
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  #timedOut(): void {
    const seconds = (this.#options.timeoutMs / 1000).toFixed(2)
    const text = `RequestId: ${this.#invocation?.id} Error: Task timed out after ${seconds} seconds`
    this.#options.log(this.pid, 'platform', text)
    if (this.#options.freezeOnTimeout && isStopped(this.pid)) {
      this.#state = 'frozen'
      this.#options.onGone(undefined)
    } else {
      this.kill('SIGKILL')
    }
    this.#settle({ ok: false, errorType: 'Sandbox.Timedout', errorMessage: text })
  }

  #exited(reason: string): void {
    if (this.#state === 'dead') return
    const wasStarting = this.#state === 'starting'
    const wasFrozen = this.#state === 'frozen'
    this.#state = 'dead'
    clearTimeout(this.#timer)
    const error: InvocationResult = {
      ok: false,
      errorType: 'Runtime.ExitError',
      errorMessage: `RequestId: ${this.#invocation?.id ?? '-'} Error: Runtime exited with error: ${reason}`,
    }
    this.#settle(error)
    if (!wasFrozen) this.#options.onGone(wasStarting ? (this.#initError ?? error) : undefined)
  }

  #settle(result: InvocationResult): void {
    const invocation = this.#invocation
    this.#invocation = undefined
    invocation?.settle(result)
  }
}

function isStopped(pid: number): boolean {
  try {
    if (process.platform === 'linux') {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
      return stat.slice(stat.lastIndexOf(')') + 2).startsWith('T')
    }
    return execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).startsWith('T')
  } catch {
    return false
  }
}

/**
 * The heap as the start script of Lambda’s own node runtime sizes it. Left to itself node 24 lets the young generation grow
 * to three times 64 MB, and where the old one is smaller than that every collection is a full one.
 */
function heapOptions(memoryMb: number): string[] {
  const young = Math.floor(memoryMb / 10)
  return [`--max-old-space-size=${memoryMb - young}`, `--max-semi-space-size=${Math.floor(young / 2)}`]
}
