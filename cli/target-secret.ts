import { secretNames } from '#adapters/erp/rest/auth.ts'
import type { TargetConfig } from '#contracts/config.ts'
import type { TargetSecret } from '#contracts/secrets.ts'

/** The names that the target's auth needs. */
export const neededNames = ({ rest }: TargetConfig): readonly string[] => secretNames(rest.auth)

export function missingNames(target: TargetConfig, secret: TargetSecret | undefined): string[] {
  return neededNames(target).filter((name) => !secret?.[name])
}
