import { describeTarget } from '#adapters/erp/describe-target.ts'
import type { TargetConfig } from '#contracts/config.ts'
import { targetGateways } from './target-gateways.ts'

/** What of a target’s expressions and mapping files does not compile, as sentences naming the place. Nothing is sent. */
export async function configProblems(target: TargetConfig, configDir: string): Promise<string[]> {
  const files = describeTarget(target)
    .mappingProblems(configDir)
    .map(({ problem }) => problem)
  // Any build tells of the first broken expression before it does anything else.
  const { order: gateway } = targetGateways(target, configDir, {
    fetch: globalThis.fetch,
    clock: { now: () => 0 },
    ids: { next: () => '' },
  })
  if (!gateway) return files
  const document = { id: '0', state: 'live', step: gateway.describe().steps[0] } as const
  const built = await gateway.cancel({ reference: 'EC-0-0', document, reason: '' })
  const broken = !built.ok && built.failure.class === 'Misconfigured' ? [built.failure.message] : []
  return [...new Set([...files, ...broken])]
}
