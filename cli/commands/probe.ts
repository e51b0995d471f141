import * as z from 'zod'
import { describeTarget } from '#adapters/erp/describe-target.ts'
import type { ErpTarget } from '#ports/erp-target.ts'
import { chooseTargets, defineCommand } from '../command.ts'
import type { CliContext } from '../context.ts'
import { type Finding, showFindings } from '../findings-view.ts'
import { attempt } from '../secret-state.ts'
import { missingNames } from '../target-secret.ts'
import { examineTarget } from './doctor.ts'

/** Some dozens of calls, of which each may wait for the others. */
const PATIENCE_MS = 60_000

export const probe = defineCommand({
  name: 'probe <target>',
  describe: (t) => t.probe.describe,
  args: z.tuple([z.string()]),
  schema: z.object({}),
  run: async ([target], _options, cli) => {
    const connection = await cli.connection()
    const configDir = cli.place.configDir ?? connection.configDir
    const config = connection.config()
    chooseTargets(config, target)
    const targetConfig = config.targets[target]
    if (!targetConfig) throw new Error('a chosen target is configured')

    const general = await examineTarget(target, targetConfig, configDir, connection, cli)
    const { probe: ask } = describeTarget(targetConfig)
    const read = await attempt(() => connection.secrets.target(target))
    const secret = read === 'malformed' ? undefined : read
    // Without credentials nothing can be asked; that they are missing is among the general findings.
    if (!ask || missingNames(targetConfig, secret).length > 0) return showFindings(general, cli)
    const asked = await ask({ secrets: async () => secret, ...surroundings(cli.context) })
    // What the ERP was asked in passing is asked more closely here.
    const local = general.filter(({ check }) => check !== 'erp' && check !== 'clock')
    return showFindings([...local, ...asked.map(shown)], cli)
  },
})

const surroundings = ({ fetch, clock }: CliContext) => ({
  fetch,
  clock,
  deadline: clock.now() + PATIENCE_MS,
})

type Asked = Awaited<ReturnType<NonNullable<ErpTarget['probe']>>>[number]

function shown({ check, about, is, en, zh }: Asked): Finding {
  return {
    check,
    label: (t) => t.probe.checks[check] ?? check,
    ...(about === undefined ? {} : { about }),
    is,
    say: (t) => (t.language === 'zh' ? zh : en),
  }
}
