import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { writeWhole } from './write-whole.ts'

export interface AssemblyPlan {
  /** The project. */
  readonly root: string
  readonly stage: string
  readonly configDir: string
  readonly dataDir: string
  /** Called before something is built, which takes seconds. */
  readonly onBuild: () => void
  /** Ends a synthesis under way. */
  readonly signal: AbortSignal
}

export type Assembly =
  | { readonly ok: true; readonly dir: string }
  /** What infra/app.ts said. */
  | { readonly ok: false; readonly message: string }

/** What the assembly is made of, beside the configuration. */
const SOURCES = ['functions', 'shared', 'infra', 'package.json', 'package-lock.json', 'tsconfig.json']
const CONFIG = ['sync.config.json', 'mappings']

/** Bundles and synthesises the stage, unless what is there was made of the same content. */
export async function prepareAssembly(plan: AssemblyPlan): Promise<Assembly> {
  const dir = join(plan.dataDir, 'cdk.out')
  const hashFile = join(plan.dataDir, 'cdk.hash')
  const hash = contentHash(plan)
  const isThere = [hashFile, join(dir, 'manifest.json')].every((file) => existsSync(file))
  if (isThere && readFileSync(hashFile, 'utf8') === hash) return { ok: true, dir }
  plan.onBuild()
  for (const old of [hashFile, dir]) rmSync(old, { recursive: true, force: true })
  const failure = await synthesise(plan, dir)
  if (failure !== undefined) return { ok: false, message: failure }
  writeWhole(hashFile, hash)
  return { ok: true, dir }
}

function contentHash({ root, stage, configDir }: AssemblyPlan): string {
  const hash = createHash('sha256').update(`${stage}\0`)
  const add = (base: string, name: string) => {
    const path = join(base, name)
    if (!existsSync(path)) return
    if (statSync(path).isDirectory())
      for (const entry of readdirSync(path).sort()) add(base, join(name, entry))
    else hash.update(`${name}\0`).update(readFileSync(path)).update('\0')
  }
  for (const name of SOURCES) add(root, name)
  for (const name of CONFIG) add(configDir, name)
  return hash.digest('hex')
}

/** In a process of its own: CDK is large, and this one goes on without it. */
function synthesise(
  { root, stage, configDir, dataDir, signal }: AssemblyPlan,
  dir: string,
): Promise<string | undefined> {
  const args = ['infra/app.ts', '--stage', stage, '--config', configDir]
  const outputs = ['--out', dir, '--build', join(dataDir, 'build')]
  // CDK's own check of templates takes most of the time; the local cloud refuses what it cannot run.
  const env = { ...process.env, CDK_VALIDATION: 'false' }
  return new Promise((resolve) => {
    execFile(process.execPath, [...args, ...outputs], { cwd: root, env, signal }, (error, _stdout, stderr) =>
      resolve(error ? stderr.trim().split('\n')[0] || error.message : undefined),
    )
  })
}
