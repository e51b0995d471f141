import { SecretsManagerClient, type SecretsManagerClientConfig } from '@aws-sdk/client-secrets-manager'

export interface SecretsClientOptions
  extends Pick<SecretsManagerClientConfig, 'endpoint' | 'region' | 'credentials'> {
  readonly connectTimeoutMs: number
  readonly requestTimeoutMs: number
  /** With the first one. */
  readonly maxAttempts: number
}

export function createSecretsClient(options: SecretsClientOptions): SecretsManagerClient {
  const { connectTimeoutMs, requestTimeoutMs, ...config } = options
  return new SecretsManagerClient({
    ...config,
    // Without the last of these the SDK only warns and goes on waiting.
    requestHandler: {
      connectionTimeout: connectTimeoutMs,
      requestTimeout: requestTimeoutMs,
      throwOnRequestTimeout: true,
    },
  })
}
