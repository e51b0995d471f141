/** What CloudFormation calls a stack of a stage; the operator's tools find a deployment by it. */
export const stackName = (stage: string, part: 'stateful' | 'sync' | 'ops') =>
  `ecshop-erp-sync-${stage}-${part}`
