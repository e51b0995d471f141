import { SQSClient, type SQSClientConfig } from '@aws-sdk/client-sqs'

export interface SqsClientOptions extends Pick<SQSClientConfig, 'endpoint' | 'region' | 'credentials'> {
  readonly connectTimeoutMs: number
  readonly requestTimeoutMs: number
  /** With the first one. */
  readonly maxAttempts: number
}

/** Give `endpoint` where AWS_ENDPOINT_URL_SQS is set: an emulator's queue URLs name a host that does not resolve. */
export function createSqsClient(options: SqsClientOptions): SQSClient {
  const { connectTimeoutMs, requestTimeoutMs, ...config } = options
  return new SQSClient({
    ...config,
    useQueueUrlAsEndpoint: config.endpoint === undefined,
    // Without the last of these the SDK only warns and goes on waiting.
    requestHandler: {
      connectionTimeout: connectTimeoutMs,
      requestTimeout: requestTimeoutMs,
      throwOnRequestTimeout: true,
    },
  })
}
