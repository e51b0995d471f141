import { createGateways } from '#adapters/erp/create-gateways.ts'
import type { TargetConfig } from '#contracts/config.ts'
import type { TargetSecret } from '#contracts/secrets.ts'
import type { ErpGateways } from '#ports/erp-gateway.ts'
import type { CliContext } from './context.ts'

/** What a target takes, as the functions build it. Building a request needs no secret; calling the ERP does. */
export function targetGateways(
  target: TargetConfig,
  configDir: string,
  { fetch, clock, ids }: Pick<CliContext, 'fetch' | 'clock' | 'ids'>,
  secrets: () => Promise<TargetSecret | undefined> = async () => undefined,
): ErpGateways {
  return createGateways(target, { configDir, secrets, fetch, clock, ids })
}
