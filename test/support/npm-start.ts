import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const root = join(import.meta.dirname, '../..')

export interface Started {
  readonly process: ChildProcess
  /** What it said so far, standard error included. */
  readonly lines: readonly string[]
  /** The first line that fits, as soon as it is said. */
  line(pattern: RegExp, withinMs?: number): Promise<string>
  /** How it ended. */
  readonly exit: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
}

export interface StartOptions {
  readonly language?: 'en' | 'zh'
  /** Through npm, as a person would; otherwise node alone. */
  readonly npm?: boolean
}

/** `npm start` in a process group of its own, so that a signal reaches what a terminal would reach. */
export function npmStart(
  args: readonly string[],
  { language = 'en', npm = true }: StartOptions = {},
): Started {
  const { LC_ALL: _all, LC_MESSAGES: _messages, ...env } = process.env
  const [command, ...first] = npm ? ['npm', 'start', '--silent', '--'] : [process.execPath, 'local/start.ts']
  const child = spawn(command ?? '', [...first, ...args], {
    cwd: root,
    detached: true,
    env: { ...env, LANG: language === 'zh' ? 'zh_CN.UTF-8' : 'en_US.UTF-8', INIT_CWD: root },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const lines: string[] = []
  const hearers = new Set<() => void>()
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line)
      for (const hear of hearers) hear()
    })
  }
  const exit = once(child, 'close').then(() => {
    for (const hear of hearers) hear()
    return { code: child.exitCode, signal: child.signalCode }
  })

  return {
    process: child,
    lines,
    exit,
    line: (pattern, withinMs = 60_000) =>
      new Promise((resolve, reject) => {
        const give = (settle: () => void) => {
          clearTimeout(timer)
          hearers.delete(hear)
          settle()
        }
        const hear = () => {
          const line = lines.find((candidate) => pattern.test(candidate))
          if (line !== undefined) give(() => resolve(line))
          else if (child.exitCode !== null || child.signalCode !== null) fail('it ended')
        }
        const fail = (why: string) =>
          give(() => reject(new Error(`${why} without ${pattern}:\n${lines.join('\n')}`)))
        const timer = setTimeout(() => fail('time is up'), withinMs)
        hearers.add(hear)
        hear()
      }),
  }
}

/** Kills whatever is left of it. */
export function killGroup({ process: child }: Started, signal: NodeJS.Signals = 'SIGKILL'): void {
  try {
    process.kill(-(child.pid ?? 0), signal)
  } catch {
    // Nothing is left.
  }
}

/** Processes of its group that still run. */
export function leftOf({ process: child }: Started): string[] {
  return execFileSync('ps', ['-A', '-o', 'pgid=,pid=,stat=,args='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith(`${child.pid} `) && !/^\d+\s+\d+\s+Z/.test(line))
}

/** Ports nobody uses now. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1')
      await once(server, 'listening')
      return server
    }),
  )
  const ports = servers.map((server) => {
    const address = server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  })
  for (const server of servers) server.close()
  return ports
}
