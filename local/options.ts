import { parseArgs } from 'node:util'

export interface Options {
  readonly help: boolean
  readonly once: boolean
  /** The demo shop tells of its changes by itself. */
  readonly webhooks: boolean
  /** What comes back from the ERP is fetched by itself. */
  readonly schedules: boolean
  /** A folder with a configuration of one's own: no demo. */
  readonly config: string | undefined
  /** Undefined: the usual folder. */
  readonly data: string | undefined
  readonly ports: Ports
}

export interface Ports {
  readonly api: number
  readonly erp: number
  readonly shop: number
  readonly desk: number
}

export const PORT_FLAGS: Readonly<Record<keyof Ports, string>> = {
  api: '--api-port',
  erp: '--erp-port',
  shop: '--shop-port',
  desk: '--desk-port',
}

export const DEFAULT_PORTS: Ports = { api: 4010, erp: 4020, shop: 4030, desk: 4040 }

const DEFAULTS: Options = {
  help: false,
  once: false,
  webhooks: true,
  schedules: true,
  config: undefined,
  data: undefined,
  ports: DEFAULT_PORTS,
}

export type ReadOptions =
  | { readonly ok: true; readonly options: Options }
  | {
      readonly ok: false
      readonly is: 'unknown' | 'no-value' | 'not-a-port' | 'demo-only' | 'nothing-left'
      readonly flag: string
    }

export function readOptions(args: readonly string[]): ReadOptions {
  const { tokens } = parseArgs({ args: [...args], strict: false, tokens: true, options: KNOWN })
  let options: Options = DEFAULTS
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue
    const flag = token.kind === 'option' ? token.rawName : token.value
    const name = token.kind === 'option' ? token.name : ''
    const value = token.kind === 'option' ? token.value : undefined
    if (name === 'help' || name === 'once') {
      options = { ...options, [name]: true }
      continue
    }
    if (name === 'no-webhooks' || name === 'no-schedules') {
      options = { ...options, [name.slice('no-'.length)]: false }
      continue
    }
    const port = (Object.keys(PORT_FLAGS) as (keyof Ports)[]).find((key) => PORT_FLAGS[key] === `--${name}`)
    if (!port && name !== 'config' && name !== 'data') return { ok: false, is: 'unknown', flag }
    if (value === undefined || value === '') return { ok: false, is: 'no-value', flag }
    if (!port) options = { ...options, [name]: value }
    else if (!isPort(value)) return { ok: false, is: 'not-a-port', flag }
    else options = { ...options, ports: { ...options.ports, [port]: Number(value) } }
  }
  const { once, webhooks, schedules, config } = options
  const ofDemo = once ? '--once' : !webhooks ? '--no-webhooks' : !schedules ? '--no-schedules' : undefined
  if (ofDemo !== undefined && config !== undefined) return { ok: false, is: 'demo-only', flag: ofDemo }
  if (!webhooks && !schedules) return { ok: false, is: 'nothing-left', flag: '--no-schedules' }
  return { ok: true, options }
}

const KNOWN = {
  help: { type: 'boolean', short: 'h' },
  once: { type: 'boolean' },
  'no-webhooks': { type: 'boolean' },
  'no-schedules': { type: 'boolean' },
  config: { type: 'string' },
  data: { type: 'string' },
  'api-port': { type: 'string' },
  'erp-port': { type: 'string' },
  'shop-port': { type: 'string' },
  'desk-port': { type: 'string' },
} as const

const isPort = (text: string) => /^\d{1,5}$/.test(text) && Number(text) > 0 && Number(text) < 65_536
