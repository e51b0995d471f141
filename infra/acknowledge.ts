import { Validations } from 'aws-cdk-lib'
import type { IConstruct } from 'constructs'

/**
 * Accepts a finding about `scope` and all within it, with the argument for doing so. `rule` as the report of the validation names it.
 * Not `Validations.of(…).acknowledge`: that records a stack trace, which holds the paths of this machine.
 */
export function acknowledge(scope: IConstruct, rule: string, reason: string): void {
  scope.node.addMetadata(Validations.ACKNOWLEDGED_RULES_METADATA_KEY, { [rule]: reason })
}
