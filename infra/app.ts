import { App } from 'aws-cdk-lib'
import { DISABLE_CREATION_STACK_TRACES, VALIDATE_AGAINST_DEFAULT_RULES } from 'aws-cdk-lib/cx-api'
import * as z from 'zod'
import { bundle } from './bundle.ts'
import { explain, readArguments } from './explain.ts'
import { addRulePacks } from './rule-packs.ts'
import { stackName } from './stack-names.ts'
import { OpsStack } from './stacks/ops.ts'
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
      // A template that CloudFormation would refuse is an error here, not a warning.
      [VALIDATE_AGAINST_DEFAULT_RULES]: true,
      // What a function uses cannot be taken away beneath it.
      '@aws-cdk/core:defaultCrossStackReferences': 'strong',
    },
    ...(outdir !== undefined && { outdir }),
  })

/** Adds the stacks of one deployment. Throws a UsageError when the stage's times do not fit together. */
export function addStacks(
  app: App,
  { stage, config, buildDir }: { stage: Stage; config: Topology; buildDir: string },
): { stateful: StatefulStack; sync: SyncStack; ops: OpsStack } {
  checkStage(stage)
  const stateful = new StatefulStack(app, 'Stateful', {
    stackName: stackName(stage.name, 'stateful'),
    stage,
    config,
  })
  const sync = new SyncStack(app, 'Sync', {
    stackName: stackName(stage.name, 'sync'),
    stage,
    config,
    buildDir,
    table: stateful.table,
    deliveries: stateful.deliveries,
    writebacks: stateful.writebacks,
  })
  const ops = new OpsStack(app, 'Ops', {
    stackName: stackName(stage.name, 'ops'),
    stage,
    config,
    table: stateful.table,
    deliveries: stateful.deliveries,
    writebacks: stateful.writebacks,
    functions: sync.functions,
    api: sync.api,
  })
  return { stateful, sync, ops }
}

/** Arguments win over the context of `cdk -c`, whose defaults are in cdk.json. */
async function main() {
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
  await addRulePacks(app, stage)
  app.synth()
}

if (import.meta.main) await explain(main)
