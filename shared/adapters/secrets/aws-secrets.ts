import { ParameterNotFoundError } from '@aws-lambda-powertools/parameters/errors'
import { SecretsProvider } from '@aws-lambda-powertools/parameters/secrets'
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import type * as z from 'zod'
import {
  type BridgeSecret,
  BridgeSecretSchema,
  type ShopSecret,
  ShopSecretSchema,
  type TargetSecret,
  TargetSecretSchema,
} from '#contracts/secrets.ts'
import type { Secrets } from '#ports/secrets.ts'

const MAX_AGE_SECONDS = 60

/**
 * Secrets Manager, read through a cache of a minute. An unreachable service throws; so does a secret that is not what its
 * name promises, with an error that names it and never quotes it.
 */
export class AwsSecrets implements Secrets {
  readonly #provider: SecretsProvider
  readonly #prefix: string

  /** `prefix` as in `{prefix}/shop/{shop}/webhook`. */
  constructor({ client, prefix }: { client: SecretsManagerClient; prefix: string }) {
    this.#provider = new SecretsProvider({ awsSdkV3Client: client })
    this.#prefix = prefix
  }

  shop(shop: string): Promise<ShopSecret | undefined> {
    return this.#read(`${this.#prefix}/shop/${shop}/webhook`, ShopSecretSchema)
  }

  bridge(shop: string): Promise<BridgeSecret | undefined> {
    return this.#read(`${this.#prefix}/shop/${shop}/bridge`, BridgeSecretSchema)
  }

  target(target: string): Promise<TargetSecret | undefined> {
    return this.#read(`${this.#prefix}/target/${target}/erp`, TargetSecretSchema)
  }

  async personKey(): Promise<string | undefined> {
    return (await this.#fetch(`${this.#prefix}/person-key`))?.toString()
  }

  async #read<T>(name: string, schema: z.ZodType<T>): Promise<T | undefined> {
    const text = await this.#fetch(name)
    if (text === undefined) return undefined
    const parsed = schema.safeParse(parseJson(name, text))
    if (parsed.success) return parsed.data
    const fields = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.code}`).join(', ')
    throw new Error(`the secret ${name} does not have the expected form (${fields}); put it again`)
  }

  async #fetch(name: string): Promise<string | Uint8Array | undefined> {
    try {
      return await this.#provider.get(name, { maxAge: MAX_AGE_SECONDS, throwOnMissing: true })
    } catch (error) {
      if (error instanceof ParameterNotFoundError) return undefined
      throw new Error(`the secret ${name} could not be read`, { cause: error })
    }
  }
}

/** The SyntaxError of JSON.parse quotes the text, so it is not passed on. */
function parseJson(name: string, text: string | Uint8Array): unknown {
  try {
    return JSON.parse(text.toString())
  } catch {
    throw new Error(`the secret ${name} is not JSON; put it again`)
  }
}
