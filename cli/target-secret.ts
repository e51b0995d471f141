import { describeTarget } from '#adapters/erp/describe-target.ts'
import type { TargetConfig } from '#contracts/config.ts'
import type { TargetSecret } from '#contracts/secrets.ts'

/** The names that the target's auth needs. */
export const neededNames = (target: TargetConfig): readonly string[] => describeTarget(target).secretNames

/** Names whose value has not the form the target needs. */
export const malformedNames = (target: TargetConfig, secret: TargetSecret): readonly string[] =>
  describeTarget(target).malformedSecrets?.(secret) ?? []

/** What we make and the other side is given: any target may be told a secret to sign its callbacks with. */
export const mintedNames = (target: TargetConfig): readonly string[] => [
  ...neededNames(target).filter((name) => name === 'signing' && target.adapter === 'webhook'),
  'callback',
]

export function missingNames(target: TargetConfig, secret: TargetSecret | undefined): string[] {
  return neededNames(target).filter((name) => !secret?.[name])
}
