import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import * as z from 'zod'
import { functionNames } from '../../infra/bundle.ts'
import type { BenchCloud } from './bench-cloud.ts'
import { alternate, type Figure, figure } from './figures.ts'

const PLAN = { rounds: 15, budgetMs: 20_000 }
/** Prints how long the import took, and how long ago the process started. */
const IMPORT = `const before = performance.now()
await import(process.argv[1])
const after = performance.now()
console.log(JSON.stringify({ importMs: after - before, readyMs: after }))
process.exit()`
const StartSchema = z.object({ importMs: z.number(), readyMs: z.number() })
type Start = z.infer<typeof StartSchema>

/** How long a fresh process takes to import each bundle, and how large it is, against a handler that does nothing. */
export async function imports(bench: BenchCloud): Promise<Figure[]> {
  const emptyDir = join(bench.buildDir, 'empty')
  mkdirSync(emptyDir)
  writeFileSync(join(emptyDir, 'index.mjs'), 'export const handler=async()=>({})\n')
  const bundles = [
    { name: 'empty handler', dir: emptyDir, env: {} },
    ...functionNames().map((name) => ({ name, dir: join(bench.buildDir, name), env: bench.everyVariable })),
  ].map(({ name, dir, env }) => ({ name, file: join(dir, 'index.mjs'), env, starts: [] as Start[] }))

  await alternate(
    PLAN,
    bundles.map(({ file, env, starts }) => async () => {
      starts.push(await start(file, env))
    }),
  )
  const ready = (starts: readonly Start[]) => starts.map(({ readyMs }) => readyMs)
  const empty = { to: 'empty', values: ready(bundles[0]?.starts ?? []) }
  return bundles.flatMap(({ name, file, starts }, index) => {
    const bytes = readFileSync(file)
    const importMs = starts.map((started) => started.importMs)
    return [
      figure(name, 'import ms', importMs),
      figure(name, 'process start + import ms', ready(starts), index > 0 ? empty : undefined),
      figure(name, 'kB minified', [bytes.length / 1000]),
      figure(name, 'kB gzip', [gzipSync(bytes).length / 1000]),
    ]
  })
}

async function start(file: string, env: Readonly<Record<string, string>>): Promise<Start> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--eval', IMPORT, pathToFileURL(file).href],
    { env: { ...env, AWS_REGION: 'us-east-1' }, timeout: 10_000 },
  )
  return StartSchema.parse(JSON.parse(stdout))
}
