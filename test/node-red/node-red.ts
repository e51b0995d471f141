import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const subproject = join(import.meta.dirname, 'program')
const project = fileURLToPath(new URL('../..', import.meta.url))
const program = join(subproject, 'node_modules/node-red/red.js')
/** The one that the guide hands out. */
const flow = join(project, 'docs/guides/webhook-target.flow.json')

const START_MS = 60_000

/** Fetches it from its own lock file. */
export function installNodeRed(): void {
  if (existsSync(program)) return
  const { status, stderr } = spawnSync('npm', ['ci', '--ignore-scripts', '--omit=optional'], {
    cwd: subproject,
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`npm ci in test/node-red/program failed:\n${stderr}`)
}

export interface Keys {
  readonly signing: string
  readonly callback: string
  readonly callbackUrl: string
}

/** Node-RED as it is published, with the guide's flow, on loopback. */
export class NodeRed {
  readonly url: string
  readonly #child: ChildProcess
  readonly #userDir: string
  readonly #said: string[]

  private constructor(url: string, child: ChildProcess, userDir: string, said: string[]) {
    this.url = url
    this.#child = child
    this.#userDir = userDir
    this.#said = said
  }

  static async start({ signing, callback, callbackUrl }: Keys): Promise<NodeRed> {
    const cache = join(project, '.cache')
    mkdirSync(cache, { recursive: true })
    const userDir = mkdtempSync(join(cache, 'node-red-'))
    const port = await freePort()
    const args = ['--settings', join(subproject, 'settings.cjs'), '--userDir', userDir, flow]
    const child = spawn(process.execPath, [program, ...args], {
      cwd: userDir,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        HOME: userDir,
        PATH: process.env['PATH'] ?? '',
        PORT: String(port),
        ERPSYNC_SIGNING: signing,
        ERPSYNC_CALLBACK: callback,
        ERPSYNC_CALLBACK_URL: callbackUrl,
      },
    })
    const said: string[] = []
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => said.push(text))
    const nodeRed = new NodeRed(`http://127.0.0.1:${port}/erpsync`, child, userDir, said)
    try {
      await nodeRed.#ready()
    } catch (error) {
      await nodeRed.stop()
      throw error
    }
    return nodeRed
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const gone = once(this.#child, 'exit')
      this.#child.kill('SIGKILL')
      await gone
    }
    rmSync(this.#userDir, { recursive: true, force: true, maxRetries: 3 })
  }

  /** Its flow is deployed once the address answers: 401, for nothing is signed. */
  async #ready(): Promise<void> {
    const until = Date.now() + START_MS
    while (Date.now() < until) {
      if (this.#child.exitCode !== null) break
      const answer = await fetch(this.url, { method: 'POST' }).catch(() => undefined)
      await answer?.body?.cancel()
      if (answer?.status === 401) return
      await setTimeout(200)
    }
    throw new Error(`Node-RED does not answer:\n${this.#said.join('').slice(-2_000)}`)
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('there is no port')
  return address.port
}
