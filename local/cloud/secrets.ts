import { randomInt, randomUUID } from 'node:crypto'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import * as z from 'zod'
import { CloudError } from './cloud-error.ts'
import { close, listen } from './listen.ts'

const StoredSchema = z.record(
  z.string(),
  z.object({ value: z.string(), versionId: z.string(), createdAt: z.number() }),
)

export interface SecretStore {
  readonly endpoint: string
  /** @throws {CloudError} name-unknown, for a secret the template does not have. */
  put(name: string, value: string): void
  readonly stop: () => Promise<void>
}

/** A declared secret: its template fixes name and ARN, only its value is stored. */
export interface DeclaredSecret {
  readonly name: string
  /** The ARN. */
  readonly ref: string
  /** Characters of the value it is made with; undefined: it is empty until somebody puts one. */
  readonly generated: number | undefined
}

/** Secrets Manager, as far as the SDK calls here need it, over one file only its owner can read. */
export async function startSecretStore(
  file: string,
  declared: readonly DeclaredSecret[],
): Promise<SecretStore> {
  const stored = existsSync(file) ? StoredSchema.parse(JSON.parse(readFileSync(file, 'utf8'))) : {}

  const store = (name: string, value: string) => {
    const secret = { value, versionId: randomUUID(), createdAt: Date.now() / 1000 }
    stored[name] = secret
    const next = `${file}.next`
    writeFileSync(next, JSON.stringify(stored), { mode: 0o600 })
    renameSync(next, file)
    return secret
  }
  for (const { name, generated } of declared) {
    if (generated !== undefined && !stored[name]) store(name, randomPassword(generated))
  }
  const find = (secretId: string) => {
    // An ARN without its random suffix is accepted too, as in AWS.
    const secret = declared.find(
      ({ name, ref }) =>
        secretId === name || secretId === ref || secretId === ref.slice(0, -'-xxxxxx'.length),
    )
    if (!secret)
      throw new ServiceError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.")
    return secret
  }

  const actions: Readonly<Record<string, (body: unknown) => object>> = {
    GetSecretValue: (body) => {
      const { name, ref } = find(SecretIdSchema.parse(body).SecretId)
      const secret = stored[name]
      if (!secret) {
        throw new ServiceError(
          'ResourceNotFoundException',
          "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT",
        )
      }
      return {
        ARN: ref,
        Name: name,
        VersionId: secret.versionId,
        SecretString: secret.value,
        VersionStages: ['AWSCURRENT'],
        CreatedDate: secret.createdAt,
      }
    },
    PutSecretValue: (body) => {
      const { SecretId, SecretString } = PutSchema.parse(body)
      const { name, ref } = find(SecretId)
      return {
        ARN: ref,
        Name: name,
        VersionId: store(name, SecretString).versionId,
        VersionStages: ['AWSCURRENT'],
      }
    },
    DescribeSecret: (body) => {
      const { name, ref } = find(SecretIdSchema.parse(body).SecretId)
      const versionId = stored[name]?.versionId
      return {
        ARN: ref,
        Name: name,
        VersionIdsToStages: versionId ? { [versionId]: ['AWSCURRENT'] } : {},
      }
    },
  }

  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const send = (status: number, body: object) => {
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' })
      response.end(JSON.stringify(body))
    }
    try {
      const body = await text(request)
      const target = String(request.headers['x-amz-target']).replace('secretsmanager.', '')
      const action = actions[target]
      if (!action) throw new ServiceError('InvalidAction', `The local cloud has no ${target}.`)
      send(200, action(JSON.parse(body)))
    } catch (error) {
      if (error instanceof ServiceError) send(400, { __type: error.type, message: error.message })
      else if (error instanceof z.ZodError || error instanceof SyntaxError) {
        send(400, { __type: 'InvalidParameterException', message: 'The request cannot be read.' })
      } else {
        send(500, { __type: 'InternalServiceError', message: 'The secrets cannot be stored.' })
      }
    }
  }
  const server = createServer((request, response) => void serve(request, response))
  const endpoint = await listen(server)

  return {
    endpoint,
    put: (name, value) => {
      if (!declared.some((secret) => secret.name === name)) {
        throw new CloudError('name-unknown', `The template has no secret named ${name}.`, {
          kind: 'secret',
          name,
        })
      }
      store(name, value)
    },
    stop: () => close(server),
  }
}

/** Letters and digits, as with ExcludePunctuation. */
function randomPassword(length: number): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
  return Array.from({ length }, () => letters[randomInt(letters.length)]).join('')
}

const SecretIdSchema = z.object({ SecretId: z.string() })
const PutSchema = SecretIdSchema.extend({ SecretString: z.string() })

class ServiceError extends Error {
  readonly type: string

  constructor(type: string, message: string) {
    super(message)
    this.type = type
  }
}
