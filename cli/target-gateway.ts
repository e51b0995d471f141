import { createGateway } from '#adapters/erp/create-gateway.ts'
import type { TargetConfig } from '#contracts/config.ts'
import type { TargetSecret } from '#contracts/secrets.ts'
import type { ErpGateway } from '#ports/erp-gateway.ts'
import type { CliContext } from './context.ts'

/** The gateway of a target as the functions build it. Building a request needs no secret; calling the ERP does. */
export function targetGateway(
  target: TargetConfig,
  configDir: string,
  { fetch, clock, ids }: Pick<CliContext, 'fetch' | 'clock' | 'ids'>,
  secrets: () => Promise<TargetSecret | undefined> = async () => undefined,
): ErpGateway {
  return createGateway(target, { configDir, secrets, fetch, clock, ids })
}
