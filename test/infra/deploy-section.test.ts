import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DeployConfigSchema } from '#contracts/config.ts'
import { stageNamed } from '../../infra/stages.ts'
import { readAssembly } from '../../local/cloud/assembly.ts'
import { readResources } from '../../local/cloud/resources.ts'
import { TemplateResolver } from '../../local/cloud/template.ts'
import { deploySection, resourcesOf, synthesized, synthesizeInto, topology } from '../support/synthesized.ts'

const { alarmEmail, customerKeyArn, domain } = deploySection
const prod = stageNamed('prod')

const propertiesOf = (templates: ReturnType<typeof synthesized>, type: string) =>
  Object.values(templates).flatMap((template) =>
    resourcesOf(template, type).map(([, { Properties }]) => Properties),
  )

describe('a deployment with a deploy section', () => {
  const templates = synthesized(prod, { ...topology, deploy: deploySection })
  const all = (type: string) => propertiesOf(templates, type)

  it('mails its alarms', () => {
    expect(all('AWS::SNS::Subscription')).toMatchObject([{ Protocol: 'email', Endpoint: alarmEmail }])
  })

  it.each([
    ['AWS::SQS::Queue', { KmsMasterKeyId: customerKeyArn }],
    ['AWS::SNS::Topic', { KmsMasterKeyId: customerKeyArn }],
    ['AWS::SecretsManager::Secret', { KmsKeyId: customerKeyArn }],
    ['AWS::Logs::LogGroup', { KmsKeyId: customerKeyArn }],
    [
      'AWS::DynamoDB::Table',
      { SSESpecification: { SSEEnabled: true, SSEType: 'KMS', KMSMasterKeyId: customerKeyArn } },
    ],
  ])('encrypts every %s with the customer’s key', (type, encrypted) => {
    expect(all(type).length).toBeGreaterThan(0)
    for (const properties of all(type)) expect(properties).toMatchObject(encrypted)
  })

  it('lets each function use that key as far as it reads, sends and stores', () => {
    const granted = resourcesOf(templates.sync, 'AWS::IAM::Policy').map(([id, { Properties }]) => [
      id.replace(/RoleDefaultPolicy[0-9A-F]{8}$/, ''),
      [...JSON.stringify(Properties).matchAll(/"kms:(\w+)"/g)].map(([, action]) => action),
    ])
    const table = 'Decrypt DescribeKey Encrypt GenerateDataKey GenerateDataKeyWithoutPlaintext'
    const delivery = `${table} ReEncryptFrom ReEncryptTo`.split(' ')
    expect(Object.fromEntries(granted)).toEqual({
      ShopWebhook: ['Decrypt', 'GenerateDataKey'],
      ErpDeliveralpha: delivery,
      ErpDeliverbetaerp: delivery,
      ShopWriteback: delivery,
      TargetCallback: ['Decrypt', 'GenerateDataKey'],
      StockReconcile: delivery,
      StockReconcileSchedules: [],
      ShipmentPull: delivery,
      ShipmentPullSchedules: [],
      AftersalePull: delivery,
      AftersalePullSchedules: [],
      OrderSweep: delivery,
      OrderSweepSchedules: [],
    })
  })

  it('answers under its own name too, beside the address that works before any DNS record', () => {
    expect(all('AWS::ApiGatewayV2::DomainName')).toMatchObject([
      { DomainName: domain?.name, DomainNameConfigurations: [{ CertificateArn: domain?.certificateArn }] },
    ])
    expect(all('AWS::ApiGatewayV2::ApiMapping')).toMatchObject([{ Stage: '$default' }])
    expect(templates.sync.Outputs).toMatchObject({
      WebhookUrl: { Value: { 'Fn::Join': expect.anything() } },
      DomainWebhookUrl: { Value: 'https://orders.shop.example/v1/shops/{shop}/events' },
      DomainTarget: { Value: { 'Fn::GetAtt': [expect.anything(), 'RegionalDomainName'] } },
    })
  })
})

describe('a deployment without one', () => {
  const templates = synthesized(prod, topology)

  it('mails nobody, has no name of its own, and leaves the keys to AWS', () => {
    for (const type of ['AWS::SNS::Subscription', 'AWS::ApiGatewayV2::DomainName'])
      expect(propertiesOf(templates, type)).toEqual([])
    expect(JSON.stringify(templates)).not.toMatch(/kms/i)
  })
})

describe('the local cloud', () => {
  let dir = ''
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'deploy-section-'))
  })
  afterAll(() => rmSync(dir, { recursive: true }))

  it('runs what was configured for a deployment at its own address', () => {
    const { out } = synthesizeInto(dir, stageNamed('local'), { ...topology, deploy: deploySection })
    const assembly = readAssembly(out)
    const addresses = { api: 'http://127.0.0.1:4010', sqs: 'http://127.0.0.1:4011' }
    const { outputs } = readResources(assembly, new TemplateResolver(assembly.stacks, addresses))
    expect(outputs['WebhookUrl']).toBe('http://127.0.0.1:4010/v1/shops/{shop}/events')
    expect(outputs).not.toHaveProperty('AlarmTopicArn')
  })
})

describe('a deploy section', () => {
  it('may be empty, and may hold all there is', () => {
    expect(DeployConfigSchema.parse({})).toEqual({})
    expect(DeployConfigSchema.parse(deploySection)).toEqual(deploySection)
  })

  it.each([
    [{ alarmEmail: 'operations' }, 'alarmEmail'],
    [{ customerKeyArn: 'alias/orders' }, 'customerKeyArn'],
    [{ customerKeyArn: 'arn:aws:kms:eu-west-1:111122223333:alias/orders' }, 'customerKeyArn'],
    [{ domain: { ...domain, name: 'https://orders.shop.example' } }, 'domain.name'],
    [{ domain: { ...domain, certificateArn: 'orders.shop.example' } }, 'domain.certificateArn'],
    [{ domain: { name: 'orders.shop.example' } }, 'domain.certificateArn'],
    [{ alarmMail: 'operations@shop.example' }, ''],
  ])('refuses %j', (section, field) => {
    const { error } = DeployConfigSchema.safeParse(section)
    expect(error?.issues.map(({ path }) => path.join('.'))).toEqual([field])
  })
})
