import { cpSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeWhole } from '../write-whole.ts'

/** The demo's own configuration: what `npm start` runs without --config. */
export const DEMO_CONFIG_DIR = join(import.meta.dirname, 'config')
export const DEMO_SHOP = 'demo'
export const DEMO_TARGET = 'erp'
export const DEMO_POOL = 'main'
const DEFAULT_ERP = 'http://127.0.0.1:4020/'

/** The folder the demo's configuration is read from: this one, or a copy for another port of the demo ERP. */
export function demoConfigDir(dataDir: string, erpPort: number): string {
  const erp = `http://127.0.0.1:${erpPort}/`
  if (erp === DEFAULT_ERP) return DEMO_CONFIG_DIR
  const copy = join(dataDir, 'demo', 'config')
  const text = readFileSync(join(DEMO_CONFIG_DIR, 'sync.config.json'), 'utf8')
  mkdirSync(copy, { recursive: true })
  writeWhole(join(copy, 'sync.config.json'), text.replace(DEFAULT_ERP, erp))
  // A mapping somebody edited there stays theirs.
  cpSync(join(DEMO_CONFIG_DIR, 'mappings'), join(copy, 'mappings'), { recursive: true, force: false })
  return copy
}
