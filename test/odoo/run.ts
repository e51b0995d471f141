import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { OdooRaised, OdooRpc } from '../support/odoo-rpc.ts'
import { accessFrom } from './access.ts'
import { prepareService } from './prepare-service.ts'
import { prepareSettings } from './prepare-settings.ts'
import { prepareProducts } from './products.ts'
import { prepareWarehouses } from './warehouses.ts'

/**
 * `npm run test:odoo`: the gateway's laws and more against a real Odoo. It leaves orders, contacts and products behind: give it
 * a database that is for tests.
 */
const project = fileURLToPath(new URL('../..', import.meta.url))

const USAGE = `npm run test:odoo -- --url https://… --database … --login … [--admin-login …]
  [--protocol json2|jsonrpc] [-t <tests of this name>]
The API key of the login comes in the environment variable ODOO_KEY; that of the admin in ODOO_ADMIN_KEY. The login is the
adapter's: sales, inventory and contacts. The admin makes products; without one, the login does. What only an administrator can make (taxes, fields)
is tested with one.`

const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    database: { type: 'string' },
    login: { type: 'string' },
    'admin-login': { type: 'string' },
    protocol: { type: 'string' },
    only: { type: 'string', short: 't' },
  },
})
const { protocol } = values
const speakable = protocol === undefined || protocol === 'json2' || protocol === 'jsonrpc'
if (!values.url || !values.database || !values.login || !speakable || !process.env['ODOO_KEY']) {
  console.error(`The tests against Odoo did not run.\n${USAGE}`)
  process.exit(1)
}

const env = {
  ...process.env,
  ODOO_URL: values.url,
  ODOO_DATABASE: values.database,
  ODOO_LOGIN: values.login,
  ...(values['admin-login'] ? { ODOO_ADMIN_LOGIN: values['admin-login'] } : {}),
  ...(protocol ? { ODOO_PROTOCOL: protocol } : {}),
}

const missing = await prepareProducts(new OdooRpc(accessFrom(env).owner)).catch((error: unknown) => {
  const why =
    error instanceof OdooRaised ? error.message : 'there is no answer as Odoo gives it at that address'
  console.error(`The tests against Odoo did not run: ${why}.`)
  process.exit(1)
})
if (missing.length > 0) {
  console.error(
    'The tests against Odoo did not run: neither the login nor the admin may create products.\n' +
      `Give --admin-login and ODOO_ADMIN_KEY of somebody who may; missing: ${missing.join(', ')}.`,
  )
  process.exit(1)
}

const owner = new OdooRpc(accessFrom(env).owner)
const prepared = await prepareSettings(owner)
if (!prepared)
  console.error(
    'Taxes, pricelists and fields of your own are not tested: that takes an administrator (--admin-login).',
  )
const stocked = await prepareWarehouses(owner)
if (!stocked)
  console.error('Stock and shipments are not tested: that takes an administrator (--admin-login).')
const served = await prepareService(owner, values.login)
if (!served)
  console.error(
    'Customers, tickets, returns and parts are not tested: that takes an administrator (--admin-login) and the app Project.',
  )

const vitest = join(project, 'node_modules/vitest/vitest.mjs')
const config = join(import.meta.dirname, 'vitest.config.ts')
const { status } = spawnSync(
  process.execPath,
  [
    vitest,
    'run',
    '--config',
    config,
    ...(values.only ? ['-t', values.only] : []),
    ...(prepared ? [] : ['--exclude', 'test/odoo/settings.odoo.ts']),
    ...(stocked ? [] : ['--exclude', 'test/odoo/reads.odoo.ts']),
    ...(served ? [] : ['--exclude', 'test/odoo/kinds.odoo.ts']),
  ],
  { cwd: project, stdio: 'inherit', env },
)
process.exit(status ?? 1)
