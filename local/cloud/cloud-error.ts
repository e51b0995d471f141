/**
 * Why the embedded cloud cannot start or cannot do what was asked. The message is one English sentence for a log;
 * whoever shows it to a person words it from `code` and `fields`.
 */
export class CloudError extends Error {
  readonly code: CloudErrorCode
  readonly fields: Readonly<Record<string, string | number>>

  constructor(code: CloudErrorCode, message: string, fields: Readonly<Record<string, string | number>>) {
    super(message)
    this.name = 'CloudError'
    this.code = code
    this.fields = fields
  }
}

export type CloudErrorCode =
  /** fields: port */
  | 'port-in-use'
  /** Another running cloud holds the data directory. fields: dataDir */
  | 'data-in-use'
  /** The data was written for another shape of this table. fields: dataDir, table */
  | 'data-outdated'
  /** fields: file, reason */
  | 'assembly-invalid'
  /** fields: type, logicalId */
  | 'resource-unsupported'
  /** fields: type, logicalId, property, reason */
  | 'property-unsupported'
  /** fields: where, expression */
  | 'value-unresolved'
  /** No such function, schedule or secret. fields: kind, name */
  | 'name-unknown'
