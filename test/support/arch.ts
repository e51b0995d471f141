import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as z from 'zod'

const project = fileURLToPath(new URL('../..', import.meta.url))
const depcruise = join(project, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs')
const folders = ['functions', 'shared', 'infra', 'local', 'cli', 'test', 'bridge']

const ReportSchema = z.object({
  summary: z.object({
    totalCruised: z.number(),
    violations: z.array(
      z.object({
        from: z.string(),
        to: z.string(),
        rule: z.object({ name: z.string(), severity: z.string() }),
      }),
    ),
  }),
})

/** Checks the layer rules over the tree at `root`; throws when the cruiser itself could not run. */
export function cruise(root: string): { modules: number; violations: string[] } {
  const present = folders.filter((folder) => existsSync(join(root, folder)))
  const run = spawnSync(
    process.execPath,
    [depcruise, '--config', join(project, '.dependency-cruiser.cjs'), '--output-type', 'json', ...present],
    { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
  )
  // The exit code counts violations, so only an unreadable report tells of a failed run.
  if (!run.stdout.startsWith('{')) throw new Error(`dependency-cruiser did not run: ${run.stderr}`)
  const { summary } = ReportSchema.parse(JSON.parse(run.stdout))
  return {
    modules: summary.totalCruised,
    violations: summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`),
  }
}

if (import.meta.main) {
  const { modules, violations } = cruise(project)
  for (const violation of violations) console.error(violation)
  if (modules === 0) console.error('No module was cruised, so nothing was checked.')
  else console.log(`${modules} modules, ${violations.length} layer violations`)
  process.exitCode = modules > 0 && violations.length === 0 ? 0 : 1
}
