import { describeTarget } from '#adapters/erp/describe-target.ts'
import type { TargetConfig } from '#contracts/config.ts'
import type { TargetSecret } from '#contracts/secrets.ts'

/** The names that the target's auth needs. */
export const neededNames = (target: TargetConfig): readonly string[] => describeTarget(target).secretNames

export function missingNames(target: TargetConfig, secret: TargetSecret | undefined): string[] {
  return neededNames(target).filter((name) => !secret?.[name])
}
