/** The one DynamoDB table (docs/adr/0002-one-table.md): what is created, and what the adapters ask for, by the same names. */
export const TABLE = {
  partitionKey: { name: 'pk', type: 'S' },
  sortKey: { name: 'sk', type: 'S' },
  ttlAttribute: 'ttl',
  /** All project every attribute. Only rows of the ledger and of the write-backs carry these keys, so the indexes hold nothing else. */
  indexes: {
    byNo: { partitionKey: { name: 'no', type: 'S' }, sortKey: { name: 'pk', type: 'S' } },
    byRef: { partitionKey: { name: 'ref', type: 'S' }, sortKey: undefined },
    byState: { partitionKey: { name: 'stateKey', type: 'S' }, sortKey: { name: 'stateAt', type: 'N' } },
  },
} as const
