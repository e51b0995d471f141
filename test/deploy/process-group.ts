import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import { once } from 'node:events'

/** A command with everything it starts, which `end` ends at once: the emulator and the CLI have children of their own. */
export class ProcessGroup {
  readonly #leader: ChildProcess
  readonly #exited: Promise<number>

  constructor(command: string, args: readonly string[], options: GroupOptions) {
    this.#leader = spawn(command, args, { ...options, detached: true })
    this.#exited = new Promise((resolve, reject) => {
      this.#leader.once('error', reject)
      this.#leader.once('exit', (code) => resolve(code ?? 1))
    })
    // Whoever waits sees the error; nobody has to wait.
    this.#exited.catch(() => {})
  }

  get isRunning(): boolean {
    return (
      this.#leader.pid !== undefined && this.#leader.exitCode === null && this.#leader.signalCode === null
    )
  }

  /** The leader's exit code, 1 where a signal ended it. Throws where it could not be started. */
  exited(): Promise<number> {
    return this.#exited
  }

  async end(): Promise<void> {
    const { pid } = this.#leader
    if (pid === undefined) return
    const gone = this.isRunning ? once(this.#leader, 'exit') : undefined
    try {
      process.kill(-pid, 'SIGKILL')
    } catch (error) {
      // The last of them is gone.
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
    }
    await gone
  }
}

interface GroupOptions {
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  readonly stdio: StdioOptions
}
