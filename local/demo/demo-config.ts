import { cpSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DEFAULT_PORTS } from '../options.ts'
import { writeWhole } from '../write-whole.ts'

/** The demo's own configuration: what `npm start` runs without --config. */
export const DEMO_CONFIG_DIR = join(import.meta.dirname, 'config')
export const DEMO_SHOP = 'demo'
export const DEMO_TARGET = 'erp'
export const DEMO_DESK = 'desk'
export const DEMO_POOL = 'main'

/** The folder the demo's configuration is read from: this one, or a copy for other ports of the demo ERP and desk. */
export function demoConfigDir(
  dataDir: string,
  ports: { readonly erp: number; readonly desk: number },
): string {
  const addresses = (['erp', 'desk'] as const).map(
    (name) => [at(DEFAULT_PORTS[name]), at(ports[name])] as const,
  )
  if (addresses.every(([usual, wanted]) => usual === wanted)) return DEMO_CONFIG_DIR
  const copy = join(dataDir, 'demo', 'config')
  const text = readFileSync(join(DEMO_CONFIG_DIR, 'sync.config.json'), 'utf8')
  mkdirSync(copy, { recursive: true })
  writeWhole(
    join(copy, 'sync.config.json'),
    addresses.reduce((all, [usual, wanted]) => all.replace(usual, wanted), text),
  )
  // A mapping somebody edited there stays theirs.
  cpSync(join(DEMO_CONFIG_DIR, 'mappings'), join(copy, 'mappings'), { recursive: true, force: false })
  return copy
}

const at = (port: number) => `http://127.0.0.1:${port}/`
