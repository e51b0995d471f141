import { afterEach, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { AwsSecrets } from '#adapters/secrets/aws-secrets.ts'
import { createSecretsClient } from '#adapters/secrets/secrets-client.ts'
import { type StubAnswer, type StubServer, startStub } from '../support/stub-server.ts'
import { secretsConformance } from './secrets.ts'

const RequestSchema = z.object({ SecretId: z.string() })
const MISSING = { __type: 'ResourceNotFoundException', Message: 'no such secret, or no value of it' }

const stubs: StubServer[] = []
afterEach(async () => {
  for (const stub of stubs.splice(0)) await stub.stop()
})

/** GetSecretValue over these values, by name. */
async function open(answer: (name: string) => StubAnswer | undefined) {
  const stub = await startStub(({ body }) => answer(RequestSchema.parse(JSON.parse(body)).SecretId))
  stubs.push(stub)
  const client = createSecretsClient({
    endpoint: stub.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    connectTimeoutMs: 500,
    requestTimeoutMs: 200,
    maxAttempts: 1,
  })
  return { stub, secrets: new AwsSecrets({ client, prefix: 'sync/test' }) }
}

const found = (value: string): StubAnswer => ({ status: 200, body: { SecretString: value } })

secretsConformance('Secrets Manager', async ({ shops, bridges = {}, targets }) => {
  const values = new Map<string, unknown>()
  for (const [shop, secret] of Object.entries(shops)) values.set(`sync/test/shop/${shop}/webhook`, secret)
  for (const [shop, secret] of Object.entries(bridges)) values.set(`sync/test/shop/${shop}/bridge`, secret)
  for (const [target, secret] of Object.entries(targets)) {
    values.set(`sync/test/target/${target}/erp`, secret)
  }
  const { secrets } = await open((name) => {
    const value = values.get(name)
    return value ? found(JSON.stringify(value)) : { status: 400, body: MISSING }
  })
  return secrets
})

describe('secrets in Secrets Manager', () => {
  it('are asked for once a minute', async () => {
    const { stub, secrets } = await open(() => found('{"key":"k"}'))
    await secrets.target('erp-one')
    await secrets.target('erp-one')
    expect(stub.requests).toHaveLength(1)
  })

  it('are found as soon as somebody put what was missing', async () => {
    let put = false
    const { secrets } = await open(() => (put ? found('{"key":"k"}') : { status: 400, body: MISSING }))
    expect(await secrets.target('erp-one')).toBeUndefined()
    put = true
    expect(await secrets.target('erp-one')).toEqual({ key: 'k' })
  })

  it.each([
    ['not JSON', 'my-secret-value'],
    ['JSON of another form', '{"secrets":["my-secret-value"],"epochs":["e1"]}'],
  ])('are named and not quoted when they are %s', async (_what, value) => {
    const { secrets } = await open(() => found(value))
    const error = await secrets.shop('A1').catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(Error)
    expect(String(error)).toContain('sync/test/shop/A1/webhook')
    expect(error).not.toHaveProperty('cause')
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('my-secret')
  })

  it.each<[string, StubAnswer | undefined]>([
    ['refuses', { status: 400, body: { __type: 'AccessDeniedException', Message: 'no' } }],
    ['fails', { status: 500, body: {} }],
    ['does not answer in time', undefined],
  ])('are not taken for missing when the service %s', async (_what, answer) => {
    const { secrets } = await open(() => answer)
    await expect(secrets.shop('A1')).rejects.toThrow('sync/test/shop/A1/webhook could not be read')
  })
})
