import { App } from 'aws-cdk-lib'
import { DISABLE_CREATION_STACK_TRACES } from 'aws-cdk-lib/cx-api'
import * as z from 'zod'
import { bundle } from './bundle.ts'
import { explain, readArguments } from './explain.ts'
import { StatefulStack } from './stacks/stateful.ts'
import { SyncStack } from './stacks/sync.ts'
import { checkStage, type Stage, stageNamed } from './stages.ts'
import { readSyncConfig } from './sync-config.ts'
import type { Topology } from './topology.ts'

/**
 * An app that synthesizes the same bytes on every machine: the stack traces CDK would record hold the paths of this one.
 * `outdir`: by default what the CDK CLI says, or cdk.out.
 */
export const createApp = (outdir?: string): App =>
  new App({
    analyticsReporting: false,
    stackTraces: false,
    context: {
      [DISABLE_CREATION_STACK_TRACES]: true,
      // What a function uses cannot be taken away beneath it.
      '@aws-cdk/core:defaultCrossStackReferences': 'strong',
    },
    ...(outdir !== undefined && { outdir }),
  })

/** Adds the stacks of one deployment. Throws a UsageError when the stage's times do not fit together. */
export function addStacks(
  app: App,
  { stage, config, buildDir }: { stage: Stage; config: Topology; buildDir: string },
): { stateful: StatefulStack; sync: SyncStack } {
  checkStage(stage)
  const stackName = (part: string) => `ecshop-erp-sync-${stage.name}-${part}`
  const stateful = new StatefulStack(app, 'Stateful', { stackName: stackName('stateful'), stage, config })
  const sync = new SyncStack(app, 'Sync', {
    stackName: stackName('sync'),
    stage,
    config,
    buildDir,
    table: stateful.table,
    deliveries: stateful.deliveries,
  })
  return { stateful, sync }
}

/** Arguments win over the context of `cdk -c`, whose defaults are in cdk.json. */
function main() {
  const args = readArguments('stage', 'config', 'out', 'build')
  const app = createApp(args.out)
  const setting = (name: 'stage' | 'config') =>
    args[name] ?? z.string().default('').parse(app.node.tryGetContext(name))
  const stage = stageNamed(setting('stage'))
  const configDir = setting('config') || '.'
  const buildDir = args.build ?? '.build'
  const config = readSyncConfig(configDir)
  bundle({ configDir, outDir: buildDir })
  addStacks(app, { stage, config, buildDir })
  app.synth()
}

if (import.meta.main) explain(main)
