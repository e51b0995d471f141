import type { RunKind } from './scheduled-runs.ts'

const pascal = (name: string) => name.replace(/(?:^|-+)(.)/g, (_, letter: string) => letter.toUpperCase())

/** The stack outputs by which the operator's tools find a deployment. */
export const OUTPUT_NAMES = {
  /** Of the sync stack; `{shop}` stands for the shop's id. */
  webhookUrl: 'WebhookUrl',
  /** Of the sync stack; `{target}` stands for the target's name. Where a target may tell of returns or tickets. */
  callbackUrl: 'CallbackUrl',
  /** Of the sync stack, with a domain: the same under that name, and what its DNS record must point at. */
  domainWebhookUrl: 'DomainWebhookUrl',
  domainTarget: 'DomainTarget',
  /** Of the sync stack: the function of a kind of scheduled run, where there is such a run. */
  runner: (kind: RunKind) => `${pascal(kind)}Function`,
  /** Of the ops stack. */
  alarmTopicArn: 'AlarmTopicArn',
  /** Of the stateful stack, as all below. */
  tableName: 'TableName',
  queueUrl: (target: string) => `QueueUrl${pascal(target)}`,
  deadLetterQueueUrl: (target: string) => `DeadLetterQueueUrl${pascal(target)}`,
  writebackQueueUrl: 'WritebackQueueUrl',
  writebackDeadLetterQueueUrl: 'WritebackDeadLetterQueueUrl',
} as const
