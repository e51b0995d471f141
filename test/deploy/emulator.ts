import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { CannotRun } from './cannot-run.ts'
import { ProcessGroup } from './process-group.ts'
import { pinnedPython } from './python.ts'

const START_MS = 60_000
const LOG_LINES = 60
/** What it takes for the root of its account; every other key it verifies. */
const ROOT = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' }

/**
 * MiniStack on loopback, over TLS and with its authorization on: it verifies signatures, runs each function under its role
 * and denies what no policy allows. Nothing of this process's environment reaches it, or the functions it runs.
 */
export class Emulator {
  readonly #cache: string
  readonly #work: string
  #group: ProcessGroup | undefined

  constructor({ cache, work }: { cache: string; work: string }) {
    this.#cache = cache
    this.#work = work
  }

  /**
   * Resolves to the environment of its clients, in which nothing leads to a real account.
   * @throws {CannotRun}
   */
  async start(): Promise<Readonly<Record<string, string>>> {
    const work = this.#work
    const python = pinnedPython(this.#cache)
    const { certificate, key } = makeCertificate(work)
    const port = await freePort()
    const scratch = join(work, 'tmp')
    mkdirSync(scratch)
    // Functions are unpacked in there; the package.json above is the project's and would make modules of the emulator's scripts.
    writeFileSync(join(scratch, 'package.json'), '{}')
    const basics = {
      ...ROOT,
      // `node` is the runtime of the functions: this one.
      PATH: `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`,
      HOME: work,
      TMPDIR: scratch,
      LANG: 'C.UTF-8',
      AWS_REGION: 'us-east-1',
    }
    const env = {
      ...basics,
      BIND_HOST: '127.0.0.1',
      GATEWAY_PORT: String(port),
      IOT_MTLS_ENABLED: '0',
      LAMBDA_EXECUTOR: 'local',
      S3_DATA_DIR: join(work, 's3'),
      AUTH: 'true',
      USE_SSL: '1',
      MINISTACK_SSL_CERT: certificate,
      MINISTACK_SSL_KEY: key,
    }
    const output = openSync(this.#log, 'a')
    // Its own command would take port 443 too, where it may.
    const bound = ['--bind', `127.0.0.1:${port}`, '--certfile', certificate, '--keyfile', key]
    this.#group = new ProcessGroup(
      python,
      ['-m', 'hypercorn', 'ministack.app:app', '--workers', '0', '--keep-alive', '75', ...bound],
      { cwd: work, stdio: ['ignore', output, output], env },
    )
    closeSync(output)
    await this.#answering(this.#group, port)
    return {
      ...basics,
      AWS_ENDPOINT_URL: `https://localhost:${port}`,
      AWS_CA_BUNDLE: certificate,
      NODE_EXTRA_CA_CERTS: certificate,
      AWS_EC2_METADATA_DISABLED: 'true',
    }
  }

  async end(): Promise<void> {
    await this.#group?.end()
  }

  /** The last lines it wrote. */
  lastWords(): string {
    return readFileSync(this.#log, 'utf8').trimEnd().split('\n').slice(-LOG_LINES).join('\n')
  }

  get #log(): string {
    return join(this.#work, 'emulator.log')
  }

  async #answering(group: ProcessGroup, port: number): Promise<void> {
    const end = Date.now() + START_MS
    while (Date.now() < end && group.isRunning) {
      if (await isListening(port)) return
      await delay(100)
    }
    throw new CannotRun(`the emulator did not start.\n${this.lastWords()}`)
  }
}

/** For this run alone. The emulator's own would not do for the host names of its HTTP APIs. */
function makeCertificate(work: string): { certificate: string; key: string } {
  const certificate = join(work, 'certificate.pem')
  const key = join(work, 'key.pem')
  const ofKey = ['-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-keyout', key]
  const names = 'subjectAltName=DNS:localhost,DNS:*.execute-api.localhost,IP:127.0.0.1'
  const ofCertificate = ['-out', certificate, '-days', '2', '-subj', '/CN=localhost', '-addext', names]
  const { error, status } = spawnSync('openssl', ['req', '-x509', ...ofKey, ...ofCertificate])
  if (error) throw new CannotRun('it needs `openssl`, and there is none on the PATH.')
  if (status !== 0) throw new CannotRun('`openssl` could not make a certificate.')
  return { certificate, key }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('a listening server has a port')
  return address.port
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
