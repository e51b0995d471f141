import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inject } from 'vitest'
import { freePort } from './free-port.ts'
import { KeptProcess } from './kept-process.ts'
import { evaluatePhp, type PhpRun, runPhp } from './run-php.ts'
import { type Charset, type Engine, type Generation, schema } from './schema.ts'
import { seedShop } from './seed.ts'
import { ShopActions } from './shop-actions.ts'
import { ShopDatabase } from './shop-database.ts'
import { makeShopFolder, phpString } from './shop-folder.ts'
import { waitFor } from './wait-for.ts'

export interface ShopOptions {
  /** Default 2.8. */
  readonly generation?: Generation
  /** Default: as the generation creates them. */
  readonly engine?: Engine
  /** Of the tables; gbk makes it the GBK edition, which only 2.7 has. Default: as the generation. */
  readonly charset?: Charset
  /** Installs the bridge so; left out: it is copied into the folder, but not installed. */
  readonly capture?: 'triggers' | 'poll'
  /** Where the bridge posts its events; default: nobody listens there. */
  readonly webhookUrl?: string
  /** Default ecs_. */
  readonly prefix?: string
  /** PHP's time zone in data/config.php; default PRC. */
  readonly timeZone?: string
  /** gmtime() returns the true epoch, as from 3.0 on. Default false. */
  readonly plainTime?: boolean
  /** Default shipment, as ECShop's. */
  readonly stockMode?: 'shipment' | 'placement' | 'none'
  /** Of the shop's database user on its database. Default ALL. */
  readonly privileges?: string
  /** Port of another MariaDB than the one all share. */
  readonly server?: number
}

/** A shop of its own: folder, database, database user, and the bridge copied into it. */
export async function aShop(options: ShopOptions = {}): Promise<Shop> {
  const generation = options.generation ?? '2.8'
  const engine = options.engine ?? (generation === '2.8' ? 'InnoDB' : 'MyISAM')
  const charset = options.charset ?? (generation === '2.8' ? 'utf8mb4' : 'utf8')
  const prefix = options.prefix ?? 'ecs_'
  const timeZone = options.timeZone ?? 'PRC'
  const plainTime = options.plainTime ?? false
  const dbPort = options.server ?? inject('mariadbPort')
  const name = `erpsync_${randomBytes(5).toString('hex')}`

  const root = await ShopDatabase.open({ port: dbPort, user: 'root', prefix })
  await root.exec(`CREATE DATABASE ${name} DEFAULT CHARSET ${charset}`)
  await root.exec(`CREATE USER ${name}@'127.0.0.1' IDENTIFIED BY 'its-own'`)
  await root.exec(`GRANT ${options.privileges ?? 'ALL'} ON ${name}.* TO ${name}@'127.0.0.1'`)
  await root.exec(`USE ${name}`)
  for (const statement of schema({ generation, engine, charset, prefix })) await root.exec(statement)

  const work = mkdtempSync(join(tmpdir(), 'erpsync-shop-'))
  const folder = join(work, 'shop')
  makeShopFolder(folder, {
    generation,
    edition: charset === 'gbk' ? 'gbk' : 'utf-8',
    timeZone,
    plainTime,
    database: { host: `127.0.0.1:${dbPort}`, name, user: name, password: 'its-own', prefix },
  })
  const sql = await ShopDatabase.open({
    port: dbPort,
    user: name,
    password: 'its-own',
    database: name,
    prefix,
  })
  const time = new ShopTime(timeZone, plainTime)
  await seedShop(root, time.now(), {
    version: generation === '2.8' ? 'v2.8.0' : 'v2.7.3',
    stockMode: options.stockMode ?? 'shipment',
  })
  const shop = new Shop({ name, work, folder, port: await freePort(), dbPort, root, sql, time })
  if (options.capture) {
    await shop.install({
      capture: options.capture,
      ...(options.webhookUrl ? { webhookUrl: options.webhookUrl } : {}),
    })
  }
  return shop
}

/** gmtime() of the shop. */
class ShopTime {
  readonly #zone: string
  readonly #plain: boolean

  constructor(zone: string, plain: boolean) {
    // ICU does not know PHP's old alias.
    this.#zone = zone === 'PRC' ? 'Asia/Shanghai' : zone === '' ? 'UTC' : zone
    this.#plain = plain
  }

  /** What is stored now, or at another true epoch in seconds. */
  now(epoch: number = Math.floor(Date.now() / 1000)): number {
    return this.#plain ? epoch : epoch - this.#offset(epoch)
  }

  #offset(epoch: number): number {
    const parts = new Intl.DateTimeFormat('en', {
      timeZone: this.#zone,
      timeZoneName: 'longOffset',
    }).formatToParts(epoch * 1000)
    const name = parts.find(({ type }) => type === 'timeZoneName')?.value ?? ''
    const [, sign, hours = '0', minutes = '0'] = /GMT([+-])(\d+):(\d+)/.exec(name) ?? []
    return (sign === '-' ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60)
  }
}

interface Parts {
  readonly name: string
  readonly work: string
  readonly folder: string
  readonly port: number
  readonly dbPort: number
  readonly root: ShopDatabase
  readonly sql: ShopDatabase
  readonly time: ShopTime
}

export class Shop {
  /** The shop's folder. */
  readonly folder: string
  /** Name of its database and of its database user. */
  readonly database: string
  readonly dbPort: number
  /** Its database as its own user; `sql` in a test is the shop's own statement. */
  readonly sql: ShopDatabase
  /** The same database as root. */
  readonly root: ShopDatabase
  readonly time: ShopTime
  /** What customers and administrators do. */
  readonly act: ShopActions
  /** Where it is served once `serve()` was called, with a trailing slash. */
  readonly url: string
  readonly #work: string
  readonly #port: number
  #server: KeptProcess | undefined
  #others: ShopDatabase[] = []

  constructor(parts: Parts) {
    this.folder = parts.folder
    this.database = parts.name
    this.dbPort = parts.dbPort
    this.sql = parts.sql
    this.root = parts.root
    this.time = parts.time
    this.url = `http://127.0.0.1:${parts.port}/`
    this.act = new ShopActions(parts.sql, () => parts.time.now())
    this.#work = parts.work
    this.#port = parts.port
  }

  /** Another connection as the shop's own user: two visitors at once. */
  async connect(): Promise<ShopDatabase> {
    const other = await ShopDatabase.open({
      port: this.dbPort,
      user: this.database,
      password: 'its-own',
      database: this.database,
      prefix: this.sql.prefix,
    })
    this.#others.push(other)
    return other
  }

  path(...parts: readonly string[]): string {
    return join(this.folder, ...parts)
  }

  /** `php …` in the shop's folder, e.g. `php(['erpsync/cli.php', 'status'])`. */
  php(
    args: readonly string[],
    options: { readonly input?: string; readonly env?: NodeJS.ProcessEnv } = {},
  ): Promise<PhpRun> {
    return runPhp(args, { cwd: this.folder, ...options })
  }

  /**
   * What a PHP expression, or statements that return, evaluate to, as JSON; `$app` is the bridge's ErpSync_App and `$root`
   * the folder. Throws PhpError for an exception, and for any warning or notice.
   */
  app(code: string): Promise<unknown> {
    const body = /\breturn\b/.test(code) ? code : `return ${code};`
    return evaluatePhp(this.folder, `$app = new ErpSync_App($root);\n${body}`)
  }

  /** The same without `$app`: where there is no shop to be read. */
  evaluate(code: string): Promise<unknown> {
    const body = /\breturn\b/.test(code) ? code : `return ${code};`
    return evaluatePhp(this.folder, body)
  }

  /** A value of erpsync_state, '' if it was never set. */
  async state(name: string): Promise<string> {
    const [row] = await this.root.rows('SELECT value FROM {erpsync_state} WHERE name = ?', [name])
    return row === undefined ? '' : String(row['value'])
  }

  async install({
    capture = 'triggers',
    webhookUrl = 'http://127.0.0.1:9/v1/shops/A1/events',
  }: {
    readonly capture?: 'triggers' | 'poll'
    readonly webhookUrl?: string
  } = {}): Promise<void> {
    const settings = {
      webhook_url: webhookUrl,
      public_url: this.url,
      currency: 'CNY',
      capture: capture === 'poll' ? 'poll' : 'auto',
    }
    const installed = await this.app(`
      $installer = new ErpSync_Installer($app);
      $done = $installer->install(json_decode(${phpString(JSON.stringify(settings))}, true));
      return $done['capture'];`)
    if (installed !== capture) throw new Error(`the bridge was installed with ${String(installed)}`)
  }

  /** Serves the folder at `url`, with as many requests at once as there are workers. */
  async serve({ workers = 3 }: { readonly workers?: number } = {}): Promise<void> {
    if (this.#server) return
    this.#server = new KeptProcess(
      [
        'php',
        '-d',
        'error_reporting=-1',
        '-d',
        'display_errors=0',
        '-d',
        'log_errors=1',
        '-d',
        `error_log=${this.#errorLog}`,
        '-S',
        `127.0.0.1:${this.#port}`,
        '-t',
        this.folder,
      ],
      {
        log: join(this.#work, 'access.log'),
        cwd: this.folder,
        env: { ...process.env, PHP_CLI_SERVER_WORKERS: String(workers) },
      },
    )
    await waitFor('php -S', async () => {
      try {
        return (await fetch(this.url)).ok ? true : undefined
      } catch {
        return undefined
      }
    })
  }

  get #errorLog(): string {
    return join(this.#work, 'php-errors.log')
  }

  /** What PHP warned of while it served; and begins anew. */
  takeWarnings(): string {
    const warnings = existsSync(this.#errorLog) ? readFileSync(this.#errorLog, 'utf8') : ''
    writeFileSync(this.#errorLog, '')
    return warnings
  }

  /** Takes all of it away. Throws if a served page warned of anything. */
  async dispose(): Promise<void> {
    await this.#server?.stop()
    const warnings = this.takeWarnings()
    await Promise.all([this.sql, ...this.#others].map((each) => each.close()))
    await this.root.exec(`DROP DATABASE ${this.database}`)
    await this.root.exec(`DROP USER ${this.database}@'127.0.0.1'`)
    await this.root.close()
    rmSync(this.#work, { recursive: true, force: true })
    if (warnings !== '') throw new Error(`PHP warned while it served:\n${warnings}`)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose()
  }
}
