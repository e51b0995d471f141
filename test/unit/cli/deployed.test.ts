import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import * as z from 'zod'
import { connectDeployed } from '../../../cli/connect-deployed.ts'
import { CliFailure } from '../../../cli/failure.ts'
import type { Place } from '../../../cli/place.ts'
import { textsOf } from '../../../cli/texts.ts'
import { OUTPUT_NAMES } from '../../../infra/output-names.ts'
import { stackName } from '../../../infra/stack-names.ts'
import { aDelivery } from '../../support/a-delivery.ts'
import { aCli, type CliRun } from '../../support/cli.ts'
import { CloudFormationDouble, type DoubleStack, VALID_KEY } from '../../support/cloudformation-double.ts'
import { CountingIds } from '../../support/counting-ids.ts'
import { type StubAnswer, type StubRequest, type StubServer, startStub } from '../../support/stub-server.ts'

const REGION = 'eu-central-1'
const STATEFUL = stackName('prod', 'stateful')
const SYNC = stackName('prod', 'sync')
const ACCOUNT = '111122223333'

const cloudFormation = new CloudFormationDouble()
/** DynamoDB, SQS and Secrets Manager, all of which speak JSON. */
let services: StubServer
let answer: (operation: string, request: StubRequest) => StubAnswer

beforeAll(async () => {
  await cloudFormation.start()
  services = await startStub((request) => answer(operationOf(request), request))
})
afterAll(() => Promise.all([cloudFormation.stop(), services.stop()]))

beforeEach(() => {
  answer = () => ({ status: 200, body: {} })
  cloudFormation.stacks.clear()
  deployed()
  // Of the person at this machine nothing is read.
  const home = join(import.meta.dirname, 'no-such-home')
  setEnvironment({
    HOME: home,
    AWS_CONFIG_FILE: join(home, 'config'),
    AWS_SHARED_CREDENTIALS_FILE: join(home, 'credentials'),
    AWS_PROFILE: undefined,
    AWS_DEFAULT_REGION: undefined,
    AWS_SESSION_TOKEN: undefined,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: undefined,
    AWS_CONTAINER_CREDENTIALS_FULL_URI: undefined,
    AWS_WEB_IDENTITY_TOKEN_FILE: undefined,
    AWS_ENDPOINT_URL: services.endpoint,
    AWS_ENDPOINT_URL_CLOUDFORMATION: cloudFormation.url,
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: VALID_KEY,
    AWS_SECRET_ACCESS_KEY: 'of-nobody',
  })
})
afterEach(() => {
  vi.unstubAllEnvs()
  services.requests.length = 0
})

const setEnvironment = (values: Readonly<Record<string, string | undefined>>) => {
  for (const [name, value] of Object.entries(values)) vi.stubEnv(name, value)
}
const operationOf = ({ headers }: StubRequest) => String(headers['x-amz-target']).split('.').at(-1) ?? ''

function deployed(change: { stateful?: DoubleStack; sync?: DoubleStack } = {}, region = REGION) {
  cloudFormation.put(region, STATEFUL, {
    outputs: {
      [OUTPUT_NAMES.tableName]: 'the-ledger',
      [OUTPUT_NAMES.queueUrl('erp')]: `${services.endpoint}/${ACCOUNT}/erp.fifo`,
      [OUTPUT_NAMES.deadLetterQueueUrl('erp')]: `${services.endpoint}/${ACCOUNT}/erp-dlq.fifo`,
      [OUTPUT_NAMES.writebackQueueUrl]: `${services.endpoint}/${ACCOUNT}/writebacks.fifo`,
      [OUTPUT_NAMES.writebackDeadLetterQueueUrl]: `${services.endpoint}/${ACCOUNT}/writebacks-dlq.fifo`,
    },
    ...change.stateful,
  })
  cloudFormation.put(region, SYNC, {
    outputs: { [OUTPUT_NAMES.webhookUrl]: `${services.endpoint}/v1/shops/{shop}/events` },
    ...change.sync,
  })
}

/** Types a command into a terminal whose AWS is this file's. */
function sync(command: string, change: { stdin?: string; language?: 'en' | 'zh' } = {}): Promise<CliRun> {
  const cli = aCli()
  cli.file('order.json', { order_id: '1', order_sn: '2026112100001', lines: [] })
  return cli.run(`${command} --config config`, { ...change, connect: connectWith(cli) })
}

const connectWith =
  ({ clock }: Pick<ReturnType<typeof aCli>, 'clock'>) =>
  (place: Place) =>
    place.is === 'aws'
      ? connectDeployed(place, { clock, ids: new CountingIds() })
      : Promise.reject(new Error('not this machine'))

const asked = () =>
  services.requests.map((request) => {
    const [, region] = /Credential=[^/]+\/\d+\/([^/]+)/.exec(String(request.headers.authorization)) ?? []
    return { operation: operationOf(request), region, body: parseBody(request.body) }
  })
const parseBody = (body: string): unknown => JSON.parse(body)

describe('the command line at a stage in AWS', () => {
  it('finds the ledger, the queues and the secrets by the outputs of its stacks', async () => {
    const { exit, err } = await sync('status --stage prod')
    expect({ exit, err }).toEqual({ exit: 0, err: '' })
    const BodySchema = z.looseObject({
      TableName: z.string().optional(),
      QueueUrl: z.string().optional(),
      SecretId: z.string().optional(),
    })
    const found = asked().map(({ operation, region, body }) => {
      const { TableName, QueueUrl, SecretId } = BodySchema.parse(body)
      return `${operation} ${TableName ?? QueueUrl?.slice(services.endpoint.length) ?? SecretId} ${region}`
    })
    expect([...new Set(found)].sort()).toEqual([
      `GetItem the-ledger ${REGION}`,
      `GetQueueAttributes /${ACCOUNT}/erp-dlq.fifo ${REGION}`,
      `GetQueueAttributes /${ACCOUNT}/erp.fifo ${REGION}`,
      `GetQueueAttributes /${ACCOUNT}/writebacks-dlq.fifo ${REGION}`,
      `GetQueueAttributes /${ACCOUNT}/writebacks.fifo ${REGION}`,
      `GetSecretValue /ecshop-erp-sync/prod/shop/A1/webhook ${REGION}`,
      `Query the-ledger ${REGION}`,
    ])
  })

  it('tells the command of the AWS CLI that does a scheduled run', async () => {
    const outputs = { [OUTPUT_NAMES.webhookUrl]: `${services.endpoint}/v1/shops/{shop}/events` }
    const before = await sync('run sweep --stage prod')
    expect(before).toMatchObject({ exit: 1, err: expect.stringContaining('does not know "sweep:A1" yet') })

    deployed({ sync: { outputs: { ...outputs, [OUTPUT_NAMES.runner('sweep')]: 'the-sweep' } } })
    const { exit, err } = await sync('run sweep --stage prod')
    expect(exit).toBe(1)
    const [, command] = err.split('\n')
    expect(command).toBe(
      `aws lambda invoke --function-name the-sweep --region ${REGION} --cli-binary-format raw-in-base64-out --cli-read-timeout 310 --payload '{"shop":"A1","now":true}' /dev/stdout`,
    )
  })

  it('works in the region that is named, whatever the environment says', async () => {
    deployed({}, 'cn-north-1')
    expect(await sync('parked --stage prod --region cn-north-1')).toMatchObject({ exit: 0 })
    expect(new Set(asked().map(({ region }) => region))).toEqual(new Set(['cn-north-1']))
  })

  it('takes keys and region of the profile that is named, and does not wonder at others beside it', async () => {
    deployed({}, 'ap-southeast-1')
    const cli = aCli()
    cli.file('aws-config', '[profile shop]\nregion = ap-southeast-1\n')
    cli.file('aws-credentials', `[shop]\naws_access_key_id = ${VALID_KEY}\naws_secret_access_key = x\n`)
    setEnvironment({
      AWS_CONFIG_FILE: join(cli.dir, 'aws-config'),
      AWS_SHARED_CREDENTIALS_FILE: join(cli.dir, 'aws-credentials'),
      AWS_REGION: undefined,
      AWS_ACCESS_KEY_ID: 'NOT-THIS-ONE',
    })
    expect(await sync('parked --stage prod --profile shop')).toMatchObject({ exit: 0, err: '' })
    expect(new Set(asked().map(({ region }) => region))).toEqual(new Set(['ap-southeast-1']))
  })

  it('puts a secret under the name of its stage', async () => {
    const run = await sync('secret put target/erp/erp --stage prod', {
      stdin: '{"token":"an-invented-token"}',
    })
    expect(run).toMatchObject({ exit: 0, out: 'stored target/erp/erp' })
    expect(asked().at(-1)).toMatchObject({
      operation: 'PutSecretValue',
      body: { SecretId: '/ecshop-erp-sync/prod/target/erp/erp' },
    })
  })

  it('names the stage again in the command that is a remedy', async () => {
    answer = () => ({ status: 400, body: { __type: 'ResourceNotFoundException', message: 'no value' } })
    const { exit, err } = await sync(`send order.json --stage prod --region ${REGION}`)
    expect(exit).toBe(1)
    expect(err.split('\n').at(-1)).toBe(
      `npm run sync -- secret put shop/A1/webhook --new --stage prod --region ${REGION} --config config`,
    )
  })

  const denied = (action: string): StubAnswer => ({
    status: 400,
    body: {
      __type: 'AccessDeniedException',
      message: `User: arn:aws:iam::${ACCOUNT}:user/Li.Si is not authorized to perform: ${action} on resource: arn:aws:x`,
    },
  })

  it.each([
    ['find 1', 'Query', 'dynamodb:Query'],
    ['secret list', 'GetSecretValue', 'secretsmanager:GetSecretValue'],
    ['status', 'GetQueueAttributes', 'sqs:getqueueattributes'],
  ])('names the permission that %s lacks, and nobody', async (command, refused, action) => {
    answer = (operation) => (operation === refused ? denied(action) : { status: 200, body: {} })
    const { exit, out, err } = await sync(`${command} --stage prod`)
    expect({ exit, out }).toEqual({ exit: 1, out: '' })
    expect(err).toContain(`These credentials lack the permission ${action}.`)
    expect(err).not.toMatch(/Li\.Si|111122223333/)
  })

  it.each([
    ['AccessDenied', 'sqs:SendMessage'],
    ['KmsAccessDenied', 'kms:GenerateDataKey'],
  ])('says of a queue that answers %s that %s is lacking', async (code, action) => {
    answer = () => ({ status: 403, body: { __type: `com.amazonaws.sqs#${code}`, message: 'no' } })
    const cli = aCli()
    const { configDir } = cli
    const connection = await connectWith(cli)({ is: 'aws', stage: 'prod', configDir, flags: '' })
    const message = aDelivery({ target: 'erp' })
    const denial: unknown = await connection.queue.enqueue([{ message }]).catch((error: unknown) => error)
    expect(denial instanceof CliFailure && denial.say(textsOf('en')).message).toBe(
      `These credentials lack the permission ${action}.`,
    )

    answer = () => ({ status: 500, body: { __type: 'com.amazonaws.sqs#InternalError', message: 'no' } })
    expect(await connection.queue.enqueue([{ message }])).toEqual(['failed'])
  })

  it.each<[what: string, environment: Record<string, string | undefined>, command: string, RegExp, RegExp]>([
    [
      'there are no credentials',
      { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined },
      'status --stage prod',
      /^There are no AWS credentials here\.$/,
      /aws sso login/,
    ],
    [
      'a profile has none',
      {},
      'status --stage prod --profile gone',
      /^The AWS profile "gone" gives no credentials\.$/,
      /--profile/,
    ],
    [
      'the session has expired',
      { AWS_ACCESS_KEY_ID: 'EXPIRED' },
      'status --stage prod',
      /^The AWS session has expired, or none was begun\.$/,
      /aws sso login`/,
    ],
    [
      'a key is unknown',
      { AWS_ACCESS_KEY_ID: 'NEVER-ISSUED' },
      'status --stage prod',
      /^AWS does not accept these credentials in this region\.$/,
      /China/,
    ],
    [
      'the stacks may not be looked at',
      { AWS_ACCESS_KEY_ID: 'DENIED' },
      'status --stage prod',
      /^These credentials lack the permission cloudformation:DescribeStacks\.$/,
      /docs\/guides\/cli\.md/,
    ],
    [
      'there is no region',
      { AWS_REGION: undefined },
      'status --stage prod',
      /^No AWS region is named\.$/,
      /--region/,
    ],
    [
      'a region cannot be one',
      {},
      'status --stage prod --region Frankfurt!',
      /^"Frankfurt!" is no AWS region\.$/,
      /--region eu-central-1/,
    ],
    [
      'the region is another one',
      {},
      'status --stage prod --region eu-west-1',
      /^There is no stack ecshop-erp-sync-prod-stateful in the region eu-west-1 of this account\.$/,
      /--region.*--profile.*npx cdk deploy --all -c stage=prod -c config=\S+config$/,
    ],
    [
      'the stage was not deployed',
      {},
      'status --stage test',
      /^There is no stack ecshop-erp-sync-test-stateful in the region eu-central-1 of this account\.$/,
      /cdk deploy --all -c stage=test/,
    ],
    [
      'CloudFormation fails',
      { AWS_ACCESS_KEY_ID: 'BUSY', AWS_MAX_ATTEMPTS: '1' },
      'status --stage prod',
      /^AWS answered ServiceUnavailable\.$/,
      /DEBUG=1/,
    ],
    [
      'nothing answers',
      { AWS_ENDPOINT_URL_CLOUDFORMATION: 'http://127.0.0.1:9' },
      'status --stage prod',
      /^AWS does not answer \(ECONNREFUSED\)\.$/,
      /region/,
    ],
  ])(
    'says in one sentence that %s, and what to do',
    async (_what, environment, command, sentence, remedy) => {
      setEnvironment(environment)
      const { exit, out, err } = await sync(command)
      expect({ exit, out }).toEqual({ exit: 1, out: '' })
      const [message, fix, ...more] = err.split('\n')
      expect(message).toMatch(sentence)
      expect(fix).toMatch(remedy)
      expect(more).toEqual([])
      expect((await sync(command, { language: 'zh' })).err).toMatch(/\p{Script=Han}.*\n.*\p{Script=Han}/u)
    },
  )

  it('asks for a new login where the one of a profile has expired, or never was', async () => {
    const cli = aCli()
    const start = 'https://shop.awsapps.com/start'
    const session = `sso_session = work\nsso_account_id = ${ACCOUNT}\nsso_role_name = Operator\nregion = ${REGION}`
    cli.file(
      'aws-config',
      `[profile shop]\n${session}\n[sso-session work]\nsso_region = ${REGION}\nsso_start_url = ${start}\n`,
    )
    setEnvironment({ HOME: cli.dir, AWS_CONFIG_FILE: join(cli.dir, 'aws-config') })
    const asksForLogin = /^The AWS session has expired, or none was begun\.\n.*aws sso login --profile shop/
    expect((await sync('status --stage prod --profile shop')).err).toMatch(asksForLogin)

    const cache = join(cli.dir, '.aws/sso/cache')
    mkdirSync(cache, { recursive: true })
    const token = {
      accessToken: 'invented',
      expiresAt: '2020-01-01T00:00:00Z',
      region: REGION,
      startUrl: start,
    }
    const name = createHash('sha1').update('work').digest('hex')
    writeFileSync(join(cache, `${name}.json`), JSON.stringify(token))
    expect((await sync('status --stage prod --profile shop')).err).toMatch(asksForLogin)
  })

  it.each<[what: string, change: Parameters<typeof deployed>[0], lacking: string]>([
    [
      'one under way',
      { sync: { status: 'CREATE_IN_PROGRESS', outputs: {} } },
      `WebhookUrl (${STATEFUL} CREATE_COMPLETE, ${SYNC} CREATE_IN_PROGRESS)`,
    ],
    [
      'one that failed',
      { stateful: { status: 'ROLLBACK_COMPLETE', outputs: {} } },
      `TableName (${STATEFUL} ROLLBACK_COMPLETE, ${SYNC} CREATE_COMPLETE)`,
    ],
    [
      'a webhook for no shop',
      { sync: { outputs: { [OUTPUT_NAMES.webhookUrl]: 'https://api.example.com/' } } },
      `WebhookUrl (${STATEFUL} CREATE_COMPLETE, ${SYNC} CREATE_COMPLETE)`,
    ],
  ])('names the outputs that a deployment lacks: %s', async (_what, change, lacking) => {
    deployed(change)
    const { exit, err } = await sync('status --stage prod')
    expect(exit).toBe(1)
    expect(err).toContain(`The stacks lack the outputs ${lacking}.`)
    expect(err).toContain('npx cdk deploy --all -c stage=prod')
  })

  it('asks for a deployment where the configuration names what the stacks do not have', async () => {
    deployed({ stateful: { outputs: { [OUTPUT_NAMES.tableName]: 'the-ledger' } } })
    const { exit, err } = await sync('status --stage prod')
    expect(exit).toBe(1)
    expect(err).toMatch(
      /^The stage prod does not know "erp" yet\.\nDeploy this configuration: npx cdk deploy/,
    )

    answer = () => ({ status: 400, body: { __type: 'ResourceNotFoundException', message: 'no such secret' } })
    const put = await sync('secret put target/erp/erp --stage prod', { stdin: '{"token":"t"}' })
    expect(put.err).toContain('The stage prod does not know "target/erp/erp" yet.')
  })

  it('lets a doctor tell how the stacks are, and go on where there are none', async () => {
    deployed({
      sync: { ...cloudFormation.stacks.get(REGION)?.get(SYNC), status: 'UPDATE_ROLLBACK_COMPLETE' },
    })
    const here = await sync('doctor --stage prod')
    expect(here.out).toMatch(new RegExp(`ok +services +${STATEFUL} +CREATE_COMPLETE`))
    expect(here.out).toMatch(new RegExp(`note +services +${SYNC} +UPDATE_ROLLBACK_COMPLETE`))
    expect(here.out).toContain(`services ${SYNC}: Look at its events in CloudFormation`)

    const nowhere = await sync('doctor --stage prod --region eu-west-1')
    expect(nowhere.exit).toBe(1)
    expect(nowhere.out).toMatch(/WRONG +services +There is no stack/)
    expect(nowhere.out).toMatch(/ok +mappings +erp/)
  })

  it('lets a doctor tell of a configuration that cannot be read, before it asks AWS', async () => {
    const cli = aCli({ config: '{' })
    const run = await cli.run('doctor --stage prod --config config --json', { connect: connectWith(cli) })
    expect(run.json()).toMatchObject({ findings: [{ check: 'config', is: 'wrong' }] })
  })

  it('lets a doctor name each permission that is lacking', async () => {
    answer = (operation) => denied(`service:${operation}`)
    const { exit, out } = await sync('doctor --stage prod')
    expect(exit).toBe(1)
    for (const lacking of ['ledger', 'secret'])
      expect(out).toMatch(new RegExp(`WRONG +${lacking} +These credentials lack the permission`))
    expect(out).toMatch(/WRONG +queue +erp +These credentials lack the permission service:/)
  })

  it.each([
    ['status --region eu-central-1', '--region goes with --stage only'],
    ['status --profile shop', '--profile goes with --stage only'],
    ['status --stage prod --data elsewhere', '--data is of what runs on this machine'],
    ['status --stage production', 'There is no stage "production"; there are: local, test, prod.'],
  ])('takes "%s" as asked wrongly', async (command, sentence) => {
    const { exit, out, err } = await sync(command)
    expect({ exit, out }).toEqual({ exit: 2, out: '' })
    expect(err).toContain(sentence)
  })
})
