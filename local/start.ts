import { mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import picocolors from 'picocolors'
import * as z from 'zod'
import { languageOf } from '#runtime/language.ts'
import { type ReadOptions, readOptions } from './options.ts'
import { explained } from './prepare.ts'
import { runDemo } from './run-demo.ts'
import { runOwn } from './run-own.ts'
import { CannotStartError, type Session } from './session.ts'
import { TEXTS } from './texts.ts'

/** npm passes the terminal's Ctrl-C on a second time; one after this is a person who will not wait. */
const SECOND_THOUGHTS_MS = 2_000

const language = languageOf(process.env)
const texts = TEXTS[language]
if (language === 'zh') z.config(z.locales.zhCN())
process.exitCode = await main()

async function main(): Promise<number> {
  const read = readOptions(process.argv.slice(2))
  if (!read.ok) {
    console.error(`${objectionTo(read)} ${texts.seeHelp}`)
    return 1
  }
  const { options } = read
  if (options.help) {
    console.log(texts.help)
    return 0
  }

  const root = resolve(import.meta.dirname, '..')
  // Where npm was started, not where it started us.
  const from = process.env['INIT_CWD'] ?? process.cwd()
  const dataDir = options.data === undefined ? resolve(root, '.local') : resolve(from, options.data)
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const isPlain = !process.stdout.isTTY || Boolean(process.env['NO_COLOR']) || process.env['TERM'] === 'dumb'
  const { green, red, dim } = picocolors.createColors(!isPlain)
  const cleanups: (() => void | Promise<void>)[] = []
  const signal = signalOfStop()
  const session: Session = {
    options,
    texts,
    root,
    dataDir,
    dataFlag: options.data === undefined ? '' : ` --data ${dataDir}`,
    signal,
    colours: { good: green, bad: red, faint: dim },
    say: (line = '') => console.log(line),
    atEnd: (cleanup) => cleanups.push(cleanup),
  }
  try {
    return await (options.config === undefined
      ? runDemo(session)
      : runOwn(session, resolve(from, options.config)))
  } catch (error) {
    // A story that was not played to its end proves nothing.
    if (signal.aborted && error instanceof Error && error.name === 'AbortError') return options.once ? 1 : 0
    const reason = explained(error, options.ports, texts)
    if (!(reason instanceof CannotStartError)) throw error
    console.error(reason.message)
    return 1
  } finally {
    for (const cleanup of cleanups.toReversed()) await cleanup()
    if (signal.aborted) console.log(texts.stopped)
  }
}

function signalOfStop(): AbortSignal {
  const stopping = new AbortController()
  let stoppedAt = 0
  const stop = () => {
    if (stopping.signal.aborted && performance.now() - stoppedAt > SECOND_THOUGHTS_MS) process.exit(130)
    if (stopping.signal.aborted) return
    stoppedAt = performance.now()
    stopping.abort()
  }
  // Whoever read our lines has gone.
  process.stdout.on('error', stop)
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, stop)
  return stopping.signal
}

function objectionTo({ is, flag }: Extract<ReadOptions, { ok: false }>): string {
  switch (is) {
    case 'unknown':
      return texts.unknownFlag(flag)
    case 'no-value':
      return texts.flagWithoutValue(flag)
    case 'not-a-port':
      return texts.flagNotAPort(flag)
    case 'demo-only':
      return texts.demoOnly(flag)
    case 'nothing-left':
      return texts.nothingLeft
  }
}
