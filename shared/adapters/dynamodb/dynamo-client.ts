import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb'

export interface DynamoClientOptions
  extends Pick<DynamoDBClientConfig, 'endpoint' | 'region' | 'credentials'> {
  readonly connectTimeoutMs: number
  readonly requestTimeoutMs: number
  /** With the first one. The adapters recognise a write of theirs that the SDK repeated. */
  readonly maxAttempts: number
}

export function createDynamoClient(options: DynamoClientOptions): DynamoDBClient {
  const { connectTimeoutMs, requestTimeoutMs, ...config } = options
  return new DynamoDBClient({
    ...config,
    // Without the last of these the SDK only warns and goes on waiting.
    requestHandler: {
      connectionTimeout: connectTimeoutMs,
      requestTimeout: requestTimeoutMs,
      throwOnRequestTimeout: true,
    },
  })
}
