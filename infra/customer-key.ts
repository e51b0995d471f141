import { type IKey, Key } from 'aws-cdk-lib/aws-kms'
import type { Construct } from 'constructs'
import type { Topology } from './topology.ts'

/** The merchant's own key as `scope` sees it; undefined = the keys AWS owns. Its policy is the merchant's: docs/deploy.md. */
export function customerKey(scope: Construct, { deploy }: Topology): IKey | undefined {
  const arn = deploy?.customerKeyArn
  return arn === undefined ? undefined : Key.fromKeyArn(scope, 'CustomerKey', arn)
}

/** What whoever reads and writes the ledger's table must be allowed to do with its key. */
export const TABLE_KEY_ACTIONS = [
  'kms:Decrypt',
  'kms:DescribeKey',
  'kms:Encrypt',
  'kms:GenerateDataKey',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
]
/** The same to read a secret and to send to a queue. */
export const SENDER_KEY_ACTIONS = ['kms:Decrypt', 'kms:GenerateDataKey']
