import { statSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import { expect, onTestFinished, test } from 'vitest'
import type { CloudOptions } from '../../../local/cloud/cloud.ts'
import { close, listen } from '../../../local/cloud/listen.ts'
import {
  clientConfig,
  createFixture,
  type Fixture,
  type FixtureTemplates,
} from '../../support/cloud-fixture.ts'

function aFixture(change?: (templates: FixtureTemplates) => void): Fixture {
  const fixture = createFixture(change)
  onTestFinished(() => fixture.remove())
  return fixture
}

async function start(fixture: Fixture, options: Partial<CloudOptions> = {}) {
  const cloud = await fixture.start(options)
  onTestFinished(() => cloud.stop())
  return cloud
}

test('starts within two seconds', async () => {
  const began = performance.now()
  await start(aFixture())

  expect(performance.now() - began).toBeLessThan(2000)
})

test('says which port is in use, and has let go of its data', async () => {
  const other = createServer()
  const port = Number(new URL(await listen(other)).port)
  onTestFinished(() => close(other))
  const fixture = aFixture()

  await expect(fixture.start({ apiPort: port })).rejects.toMatchObject({
    code: 'port-in-use',
    fields: { port },
    message: `Port ${port} on 127.0.0.1 is in use by another program.`,
  })
  await start(fixture)
})

test('listens where it was told to, again and again', async () => {
  const fixture = aFixture()
  const first = await start(fixture)
  const port = Number(new URL(first.apiUrl).port)
  await first.stop()

  const second = await start(fixture, { apiPort: port })
  expect(second.apiUrl).toBe(first.apiUrl)
})

test('does not share its data with a running cloud', async () => {
  const fixture = aFixture()
  await start(fixture)

  await expect(fixture.start()).rejects.toMatchObject({
    code: 'data-in-use',
    fields: { dataDir: fixture.dataDir },
  })
})

test('does not read a table of another shape', async () => {
  const fixture = aFixture()
  await (await start(fixture)).stop()
  const changed = aFixture(({ data }) => {
    const table = data.Resources['Table']
    if (table) table.Properties['GlobalSecondaryIndexes'] = undefined
  })

  await expect(changed.start({ dataDir: fixture.dataDir })).rejects.toMatchObject({
    code: 'data-outdated',
    fields: { table: 'fixture-ledger' },
  })
})

test('takes over changed attributes of a queue that exists', async () => {
  const fixture = aFixture()
  await (await start(fixture)).stop()
  const changed = aFixture(({ data }) => {
    const queue = data.Resources['Queue']
    if (queue) queue.Properties['VisibilityTimeout'] = 77
  })

  const cloud = await start(changed, { dataDir: fixture.dataDir })
  const inspected = await fetch(`${cloud.endpoints.sqs}/_fauxqs/queues/fixture-data-Queue.fifo`)
  expect(await inspected.json()).toMatchObject({ attributes: { VisibilityTimeout: '77', FifoQueue: 'true' } })
})

test('refuses a resource it does not have', async () => {
  const fixture = aFixture(({ app }) => {
    app.Resources['Bus'] = { Type: 'AWS::Events::EventBus', Properties: {} }
  })

  await expect(fixture.start()).rejects.toMatchObject({
    code: 'resource-unsupported',
    message: 'The local cloud has no AWS::Events::EventBus, which Bus is.',
    fields: { type: 'AWS::Events::EventBus', logicalId: 'Bus' },
  })
})

test.each<[string, string, unknown, string]>([
  ['Http', 'Layers', ['a-layer'], 'Layers'],
  ['Http', 'Runtime', 'python3.13', 'Runtime'],
  ['Http', 'Code', { S3Bucket: 'b', S3Key: 'missing.zip' }, 'Code'],
  ['Api', 'CorsConfiguration', {}, 'CorsConfiguration'],
  ['Route', 'AuthorizationType', 'AWS_IAM', 'AuthorizationType'],
  ['Stage', 'StageName', 'v1', 'StageName'],
  ['Source', 'BatchSize', 100, 'BatchSize'],
  ['Source', 'FilterCriteria', {}, 'FilterCriteria'],
  ['Nightly', 'ScheduleExpression', 'cron(0 3 * * ? *)', 'ScheduleExpression'],
])('refuses a %s whose %s is %j', async (logicalId, property, value, named) => {
  const fixture = aFixture(({ app }) => {
    const resource = app.Resources[logicalId]
    if (resource) resource.Properties[property] = value
  })

  await expect(fixture.start()).rejects.toMatchObject({
    code: 'property-unsupported',
    fields: { logicalId, property: named },
  })
})

test('names the variable of an environment that has no value here', async () => {
  const fixture = aFixture(({ app }) => {
    const lambda = app.Resources['Http']
    if (lambda) lambda.Properties['Environment'] = { Variables: { ROLE: { 'Fn::GetAtt': ['Role', 'Arn'] } } }
  })

  await expect(fixture.start()).rejects.toMatchObject({
    code: 'value-unresolved',
    fields: { where: 'Http.Environment.Variables.ROLE', expression: 'Ref Role' },
  })
})

test('says which file of the assembly is missing', async () => {
  const fixture = aFixture()

  await expect(fixture.start({ assembly: join(fixture.assembly, 'elsewhere') })).rejects.toMatchObject({
    code: 'assembly-invalid',
    fields: { file: join(fixture.assembly, 'elsewhere', 'manifest.json') },
  })
})

test('keeps secrets as Secrets Manager does, readable by their owner alone', async () => {
  const fixture = aFixture()
  const name = '/fixture/shop/webhook'
  const cloud = await start(fixture)
  const client = new SecretsManagerClient(clientConfig(cloud.endpoints.secretsmanager))
  onTestFinished(() => client.destroy())
  const get = (SecretId: string) => client.send(new GetSecretValueCommand({ SecretId }))

  await expect(get(name)).rejects.toMatchObject({ name: 'ResourceNotFoundException' })
  await expect(get('/fixture/unknown')).rejects.toMatchObject({ name: 'ResourceNotFoundException' })
  await expect(cloud.putSecret('/fixture/unknown', 'x')).rejects.toMatchObject({ code: 'name-unknown' })

  await cloud.putSecret(name, 'whsec_first')
  expect((await get(name)).SecretString).toBe('whsec_first')
  const { VersionId } = await client.send(
    new PutSecretValueCommand({ SecretId: name, SecretString: 'whsec_second' }),
  )
  const { ARN = '' } = await client.send(new DescribeSecretCommand({ SecretId: name }))
  expect(ARN).toMatch(/^arn:aws:secretsmanager:us-east-1:\d{12}:secret:\/fixture\/shop\/webhook-\w{6}$/)
  expect(await get(ARN)).toMatchObject({ Name: name, SecretString: 'whsec_second', VersionId })

  expect(statSync(join(fixture.dataDir, 'secrets.json')).mode & 0o777).toBe(0o600)
  await cloud.stop()
  const again = await start(fixture)
  const reader = new SecretsManagerClient(clientConfig(again.endpoints.secretsmanager))
  onTestFinished(() => reader.destroy())
  expect((await reader.send(new GetSecretValueCommand({ SecretId: name }))).SecretString).toBe('whsec_second')
})
