import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Generation } from './schema.ts'

const bridge = fileURLToPath(new URL('../..', import.meta.url))

/** Escapes for a PHP string in single quotes. */
export const phpString = (text: string): string => `'${text.replaceAll(/['\\]/g, '\\$&')}'`

export interface FolderOptions {
  readonly generation: Generation
  /** The edition, as EC_CHARSET has it. */
  readonly edition: 'utf-8' | 'gbk'
  /** PHP's time zone; '' leaves it to php.ini. */
  readonly timeZone: string
  /** gmtime() returns the true epoch, as from 3.0 on. */
  readonly plainTime: boolean
  readonly database: {
    readonly host: string
    readonly name: string
    readonly user: string
    readonly password: string
    readonly prefix: string
  }
}

/** What the bridge meets of a shop's folder, with the bridge copied into it as a merchant does. */
export function makeShopFolder(root: string, options: FolderOptions): void {
  for (const folder of [
    'data',
    'includes/modules/cron',
    'admin',
    'api',
    'temp/caches/0',
    'temp/static_caches',
    'temp/query_caches',
    'temp/compiled/admin',
  ])
    mkdirSync(join(root, folder), { recursive: true })
  writeFileSync(join(root, 'data/config.php'), configFile(options))
  writeFileSync(join(root, 'includes/lib_time.php'), timeFile(options.plainTime))
  writeFileSync(join(root, 'index.php'), '<?php echo "shop";\n')
  cpSync(join(bridge, 'erpsync'), join(root, 'erpsync'), { recursive: true })
  const cron = join(bridge, 'cron/erpsync.php')
  if (existsSync(cron)) cpSync(cron, join(root, 'includes/modules/cron/erpsync.php'))
}

function configFile({ generation, edition, timeZone, database }: FolderOptions): string {
  const variables = {
    db_host: database.host,
    db_name: database.name,
    db_user: database.user,
    db_pass: database.password,
    prefix: database.prefix,
    ...(timeZone === '' ? {} : { timezone: timeZone }),
    cookie_path: '/',
    cookie_domain: '',
    session: '1440',
  }
  // From 2.8 on these two are constants of the program.
  const constants = generation === '2.7' ? { EC_CHARSET: edition, ADMIN_PATH: 'admin' } : {}
  return [
    '<?php',
    ...Object.entries(variables).map(([name, value]) => `$${name} = ${phpString(value)};`),
    ...Object.entries({ ...constants, AUTH_KEY: 'a key', OLD_AUTH_KEY: '', API_TIME: '' }).map(
      ([name, value]) => `define('${name}', ${phpString(value)});`,
    ),
    '',
  ].join('\n')
}

const timeFile = (plainTime: boolean): string => `<?php
if (!defined('IN_ECS')) {
    die('Hacking attempt');
}
function gmtime()
{
    return ${plainTime ? 'time()' : "time() - date('Z')"};
}
`
