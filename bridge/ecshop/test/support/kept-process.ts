import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const keeper = fileURLToPath(new URL('keeper.sh', import.meta.url))

/**
 * A server that ends with whoever started it, even if that one is killed: the shell between them waits for the end of a
 * pipe that only this process holds.
 */
export class KeptProcess {
  readonly #shell: ChildProcess

  /** @param folder removed at the end; undefined = nothing is */
  constructor(
    command: readonly string[],
    options: {
      readonly log: string
      readonly folder?: string
      readonly cwd?: string
      readonly env?: NodeJS.ProcessEnv
    },
  ) {
    const log = openSync(options.log, 'a')
    this.#shell = spawn('sh', [keeper, ...command], {
      // A group of its own: an interrupt at the terminal is for the one that started it.
      detached: true,
      stdio: ['pipe', log, log],
      cwd: options.cwd,
      env: { ...(options.env ?? process.env), KEEPER_FOLDER: options.folder ?? '' },
    })
    closeSync(log)
  }

  get hasEnded(): boolean {
    return this.#shell.exitCode !== null || this.#shell.signalCode !== null
  }

  async stop(): Promise<void> {
    if (this.hasEnded) return
    const ended = once(this.#shell, 'exit')
    this.#shell.stdin?.end()
    await ended
  }
}
