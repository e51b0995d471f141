import * as z from 'zod'
import { MAPPED_FIELDS, type MappedKind, dataMap as mapOf } from '#app/data-map.ts'
import type { SyncConfig } from '#contracts/config.ts'
import { loadConfig } from '#runtime/config-file.ts'
import { RETENTION_DAYS, stageNamed } from '../../infra/stages.ts'
import { type Cli, chooseTargets, defineCommand } from '../command.ts'
import type { CliContext } from '../context.ts'
import type { Format } from '../format.ts'
import { LOCAL_STAGE } from '../place.ts'
import { targetGateways } from '../target-gateways.ts'

interface MappedTarget {
  readonly target: string
  readonly adapter: string
  readonly kinds: readonly MappedKind[]
}

export const dataMap = defineCommand({
  name: 'data-map',
  describe: (t) => t.dataMap.describe,
  args: z.tuple([]),
  options: (t) => [['--target <name>', t.options.target]],
  schema: z.object({ target: z.string().optional() }),
  run: async (_args, { target }, cli) => {
    const { context, place, format } = cli
    const connection = place.configDir === undefined ? await context.connect(place) : undefined
    const configDir = place.configDir ?? connection?.configDir ?? context.directory
    const config = loadConfig(configDir)
    const targets = await mapTargets(config, configDir, chooseTargets(config, target), context)
    const stores = storesOf(config, cli)
    return {
      json: { targets, stores },
      text: [...targets.map((one) => targetTable(one, format)), storeTable(stores, format)].join('\n\n'),
      exit: targets.some(({ kinds }) => kinds.some(({ failure }) => failure !== undefined)) ? 1 : 0,
    }
  },
})

/** Built by the real adapters and mappings, for somebody invented. Nothing leaves. */
export function mapTargets(
  config: SyncConfig,
  configDir: string,
  names: readonly string[],
  context: Pick<CliContext, 'fetch' | 'clock' | 'ids'>,
): Promise<MappedTarget[]> {
  return Promise.all(
    names.map(async (name) => {
      const target = config.targets[name]
      if (!target) throw new Error('a chosen target is configured')
      const kinds = await mapOf(target, targetGateways(target, configDir, context))
      return { target: name, adapter: target.adapter, kinds }
    }),
  )
}

function targetTable({ target, adapter, kinds }: MappedTarget, { t, table, colors }: Format): string {
  const head = [t.dataMap.field, ...kinds.map(({ kind }) => t.person.kinds[kind])]
  const rows = MAPPED_FIELDS.map((field) => [
    t.dataMap.fields[field],
    ...kinds.map(({ fields }) => (fields ? t.dataMap.disclosures[fields[field]] : t.dataMap.notTaken)),
  ])
  const failures = kinds.flatMap(({ kind, failure }) =>
    failure === undefined ? [] : [`${t.person.kinds[kind]}: ${failure}`],
  )
  return [`${colors.bold(target)} (${adapter})`, table(head, rows), ...failures].join('\n')
}

type Store = keyof Format['t']['dataMap']['stores']

function storesOf({ retentionDays }: SyncConfig, { place }: Cli): { store: Store; days: number | null }[] {
  const { logRetentionDays } = stageNamed(place.is === 'aws' ? place.stage : LOCAL_STAGE)
  const longest = Math.max(...Object.values(retentionDays))
  return [
    { store: 'row', days: null },
    { store: 'state', days: longest },
    { store: 'request', days: Math.min(30, longest) },
    { store: 'step', days: Math.max(retentionDays.ticket, retentionDays.return) },
    { store: 'queue', days: RETENTION_DAYS },
    { store: 'log', days: logRetentionDays },
    { store: 'tombstone', days: null },
  ]
}

function storeTable(stores: readonly { store: Store; days: number | null }[], { t, table }: Format): string {
  return table(
    [t.dataMap.where, t.dataMap.ofPerson, t.dataMap.days],
    stores.map(({ store, days }) => {
      const [where, what] = t.dataMap.stores[store]
      return [where, what, days ?? t.dataMap.forGood]
    }),
  )
}
