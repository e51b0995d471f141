import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import * as z from 'zod'
import { type RestTarget, RestTargetSchema } from '#contracts/rest-target.ts'
import type { CliContext } from '../../cli/context.ts'
import { runCli } from '../../cli/program.ts'
import { SECRET } from './a-webhook-request.ts'
import { EPOCH } from './an-order.ts'
import { CountingIds } from './counting-ids.ts'
import { demoRestTarget } from './demo-rest-target.ts'
import { ManualClock } from './manual-clock.ts'
import { memoryConnection } from './memory-connection.ts'

export interface CliRun {
  readonly exit: number
  readonly out: string
  readonly err: string
  /** Standard output as the JSON it must be. */
  json(): unknown
}

export interface CliSetup {
  readonly rest?: RestTarget
  readonly rules?: object
  /** Replaces sync.config.json. */
  readonly config?: string
  readonly running?: boolean
  readonly secrets?: boolean
}

/** A directory with a configuration, a deployment in memory, and a terminal to type commands into. */
export function aCli(setup: CliSetup = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'cli-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  const configDir = join(dir, 'config')
  mkdirSync(configDir)
  const rest = z.encode(RestTargetSchema, setup.rest ?? demoRestTarget('http://127.0.0.1:9'))
  const config = {
    version: 1,
    shops: { A1: { targets: ['erp'] } },
    targets: { erp: { adapter: 'rest', rules: setup.rules ?? {}, rest } },
  }
  writeFileSync(join(configDir, 'sync.config.json'), JSON.stringify(config))
  const clock = new ManualClock()
  const memory = memoryConnection(configDir, clock)
  if (setup.secrets ?? true) memory.secrets.putShop('A1', { secrets: [SECRET], epochs: [EPOCH] })
  if (setup.config !== undefined) writeFileSync(join(configDir, 'sync.config.json'), setup.config)

  const ids = new CountingIds()
  const run = async (
    command: string | readonly string[],
    change: Partial<Omit<CliContext, 'stdin'>> & { stdin?: string } = {},
  ): Promise<CliRun> => {
    const out: string[] = []
    const err: string[] = []
    const { stdin = '', ...context } = change
    let seed = 0
    const exit = await runCli(typeof command === 'string' ? command.split(' ') : command, {
      out: (text) => out.push(text),
      err: (text) => err.push(text),
      language: 'en',
      colour: false,
      timeZone: 'Asia/Shanghai',
      directory: dir,
      dataDir: join(dir, '.local'),
      connect: async () => ((setup.running ?? true) ? memory.connection : undefined),
      clock,
      pause: async (ms) => clock.advance(ms),
      ids,
      fetch: async () => {
        throw new TypeError('no ERP was given to this test')
      },
      randomBytes: (count) => Buffer.alloc(count, (seed += 1)),
      debug: false,
      ...context,
      stdin: async () => stdin,
    })
    const text = out.join('\n')
    const json = (): unknown => JSON.parse(text)
    return { exit, out: text, err: err.join('\n'), json }
  }
  const file = (name: string, content: unknown): string => {
    writeFileSync(join(dir, name), typeof content === 'string' ? content : JSON.stringify(content))
    return name
  }
  return { ...memory, run, file, dir, configDir, clock }
}
