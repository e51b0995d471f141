import { cpSync, existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'
import { explain, readArguments } from './explain.ts'
import { readSyncConfig } from './sync-config.ts'

const functionsDir = fileURLToPath(new URL('../functions', import.meta.url))

/** Bundles every function into `outDir/<function>/`, each with its own copy of the configuration. */
export function bundle({ configDir, outDir }: { configDir: string; outDir: string }): void {
  // What is wrong with the configuration is told before anything is replaced.
  readSyncConfig(configDir)
  const names = functionNames()
  for (const name of names) rmSync(join(outDir, name), { recursive: true, force: true })
  // In one go: what several functions use is read once.
  buildSync({
    entryPoints: names.map((name) => ({
      in: join(functionsDir, name, 'handler.ts'),
      out: join(name, 'index'),
    })),
    outdir: outDir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    minify: true,
    legalComments: 'none',
    logLevel: 'error',
    // CommonJS parts of the AWS SDK still call require.
    banner: { js: `import{createRequire}from'node:module';const require=createRequire(import.meta.url);` },
  })
  for (const name of names) copyConfig(configDir, join(outDir, name, 'config'))
}

export const functionNames = (): string[] =>
  readdirSync(functionsDir)
    .filter((name) => existsSync(join(functionsDir, name, 'handler.ts')))
    .sort()

/** Only what the functions read: the folder may be a whole project, local secrets included. */
function copyConfig(from: string, to: string) {
  for (const part of ['sync.config.json', 'mappings']) {
    if (existsSync(join(from, part))) cpSync(join(from, part), join(to, part), { recursive: true })
  }
}

if (import.meta.main)
  await explain(() => {
    const args = readArguments('config', 'out')
    bundle({ configDir: args.config ?? '.', outDir: args.out ?? '.build' })
  })
