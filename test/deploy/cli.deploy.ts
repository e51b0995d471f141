import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStacksCommand,
} from '@aws-sdk/client-cloudformation'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import * as z from 'zod'
import { RestTargetSchema } from '#contracts/rest-target.ts'
import { secretNames } from '../../infra/secret-names.ts'
import { stageNamed } from '../../infra/stages.ts'
import { anOrder } from '../support/an-order.ts'
import { demoRestTarget } from '../support/demo-rest-target.ts'
import { ErpDouble } from '../support/erp-double.ts'
import { Deployment } from './deployment.ts'

const TOKEN = 'the-token-of-this-test'
const MAIN = join(import.meta.dirname, '../../cli/main.ts')
const NAMES = join(import.meta.dirname, 'loopback-names.mjs')
const POLICY = join(import.meta.dirname, '../../docs/guides/operator-policy.json')
const work = z.string().parse(process.env['DEPLOY_WORK'])
const configDir = join(work, 'cli', 'config')

/** A stage of its own, beside the one that stacks.deploy.ts deploys and tears down. */
class ProductionDeployment extends Deployment {
  override readonly stage = stageNamed('prod')
  override readonly secrets = secretNames('prod')
}

const erp = new ErpDouble({
  unknownSkus: ['NEW-SKU'],
  door: { kind: 'headers', expected: { authorization: `Bearer ${TOKEN}` } },
})
const cloud = new ProductionDeployment()

interface Run {
  readonly exit: number | null
  readonly out: string
  readonly err: string
}

/** The command line as an operator starts it, who has a role with the policy of the guide and nothing else. */
async function sync(
  command: string,
  { stdin = '', profile = 'operator', env = {} }: { stdin?: string; profile?: string; env?: object } = {},
): Promise<Run> {
  const args = [...command.split(' '), '--stage', 'prod', '--profile', profile, '--config', configDir]
  const child = spawn(process.execPath, ['--import', NAMES, MAIN, ...args], {
    cwd: work,
    env: { ...process.env, AWS_CONFIG_FILE: join(work, 'aws-config'), LANG: 'C.UTF-8', ...env },
  })
  child.stdin.end(stdin)
  const [out, err, exit] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve) => child.once('close', resolve)),
  ])
  if (/\n\s+at .*:\d+:\d+/.test(out + err)) throw new Error(`a stack trace: ${out}${err}`)
  if ((out + err).includes(TOKEN)) throw new Error('a secret was printed')
  return { exit, out, err }
}

const PolicySchema = z.looseObject({
  Statement: z.array(
    z.looseObject({
      Action: z.union([z.string(), z.array(z.string())]).transform((actions) => [actions].flat()),
    }),
  ),
})

/** The guide's policy but for an action. MiniStack asks for the batch form of one by a name IAM does not have. */
function operatorPolicy(without?: string): object {
  const policy = PolicySchema.parse(JSON.parse(readFileSync(POLICY, 'utf8')))
  const Statement = policy.Statement.flatMap((statement) => {
    const actions = statement.Action.filter((action) => action !== without)
    const Action = actions.flatMap((action) =>
      action === 'sqs:SendMessage' ? [action, `${action}Batch`] : action,
    )
    return Action.length === 0 ? [] : { ...statement, Action }
  })
  return { ...policy, Statement }
}

/** A role that anyone in the account may take, by a stack: there is no client for IAM here. */
async function makeRole(name: string, policy: object): Promise<string> {
  const client = new CloudFormationClient()
  const trust = {
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::000000000000:root' }, Action: 'sts:AssumeRole' },
    ],
  }
  const Properties = {
    AssumeRolePolicyDocument: trust,
    Policies: [{ PolicyName: 'operate', PolicyDocument: policy }],
  }
  const template = {
    Resources: { Role: { Type: 'AWS::IAM::Role', Properties } },
    Outputs: { Arn: { Value: { 'Fn::GetAtt': ['Role', 'Arn'] } } },
  }
  const create = { StackName: name, TemplateBody: JSON.stringify(template) }
  await client.send(new CreateStackCommand({ ...create, Capabilities: ['CAPABILITY_IAM'] }))
  return vi.waitFor(async () => {
    const { Stacks } = await client.send(new DescribeStacksCommand({ StackName: name }))
    const [output] = Stacks?.[0]?.Outputs ?? []
    return z.string().parse(output?.OutputValue)
  })
}

function orderFile(id: string, change: Parameters<ReturnType<typeof anOrder>['withLine']>[0] = {}): string {
  const order = anOrder()
    .paid()
    .withLine(change)
    .with({ order_id: id, order_sn: number(id) })
  writeFileSync(join(work, `${id}.json`), JSON.stringify(order.snapshot()))
  return `${id}.json`
}
const number = (id: string) => `2026112${id}`

const untilStatus = (id: string, status: string) =>
  vi.waitFor(
    async () => {
      const [row] = await cloud.ledger.findByNo(number(id))
      expect(row?.status).toBe(status)
      return z.string().parse(row?.ref)
    },
    { timeout: 20_000, interval: 200 },
  )

beforeAll(async () => {
  await erp.start()
  const rest = z.encode(RestTargetSchema, demoRestTarget(erp.url, { auth: { type: 'bearer' } }))
  await Promise.all([
    cloud.bootstrap(),
    cloud.synthesize('cli', {
      version: 1,
      shops: { A1: { targets: ['erp'] } },
      targets: { erp: { adapter: 'rest', rate: { perMinute: 6_000, slots: 2 }, rest } },
    }),
  ])
  await cloud.deploy('cli')
  const profiles = await Promise.all(
    Object.entries({
      operator: undefined,
      watcher: 'sqs:SendMessage',
      nobody: 'cloudformation:DescribeStacks',
    }).map(
      async ([name, without]) =>
        `[profile ${name}]\nrole_arn = ${await makeRole(name, operatorPolicy(without))}\ncredential_source = Environment\n`,
    ),
  )
  writeFileSync(join(work, 'aws-config'), profiles.join('\n'))
})
afterAll(() => erp.close())

describe('the command line at a stage that cdk has deployed', () => {
  it('says by its doctor what is missing after a first deploy, and puts it', async () => {
    const fresh = await sync('doctor')
    expect(fresh).toMatchObject({ exit: 1, err: '' })
    expect(fresh.out).toMatch(/ok +services +ecshop-erp-sync-prod-stateful +CREATE_COMPLETE/)
    expect(fresh.out).toMatch(/ok +ledger +the table answers/)
    expect(fresh.out).toMatch(/WRONG +secret +target\/erp\/erp +missing — lacks: token/)
    const remedy = `npm run sync -- connect A1 --stage prod --profile operator --config ${configDir}`
    expect(fresh.out).toContain(remedy)

    expect(await sync('secret put shop/A1/webhook --new')).toMatchObject({ exit: 0 })
    const put = await sync('secret put target/erp/erp', { stdin: JSON.stringify({ token: TOKEN }) })
    expect(put).toMatchObject({ exit: 0, out: 'stored target/erp/erp\n' })
    const healthy = await sync('doctor')
    expect(healthy.out).toContain('Everything is in order.')
    expect(healthy.exit).toBe(0)
    expect((await sync('secret list')).out).toMatch(/shop\/A1\/webhook +put +1 valid, epoch e-\d{8}-/)
  })

  it('sends an order through the deployed API with exactly the request the dry run showed', async () => {
    const file = orderFile('20001')
    const PlansSchema = z.object({
      plans: z.array(z.object({ requests: z.array(z.object({ url: z.string(), body: z.unknown() })) })),
    })
    const { plans } = PlansSchema.parse(JSON.parse((await sync(`send ${file} --dry-run --json`)).out))
    expect(await sync(`send ${file}`)).toMatchObject({ exit: 0, out: expect.stringContaining('accepted') })
    const reference = await untilStatus('20001', 'done')
    const placed = erp.calls.filter((call) => call.op === 'place' && call.reference === reference)
    expect(plans[0]?.requests).toEqual(placed.map(({ path, body }) => ({ url: `${erp.url}${path}`, body })))
    expect(erp.server.documents(reference)).toHaveLength(1)

    const [found, shown] = await Promise.all([sync(`find ${number('20001')}`), sync(`show ${reference}`)])
    expect(found.out).toMatch(new RegExp(`erp +${reference} +done`))
    expect(shown.out).toMatch(/place\.create\.acknowledged/)
    expect(shown.out).not.toContain('样例收货人')
  })

  it('lists what is parked, and replays it once the ERP has the SKU, if it may', async () => {
    await sync(`send ${orderFile('20003', { product_sn: 'NEW-SKU' })}`)
    const reference = await untilStatus('20003', 'parked')
    const [parked, status] = await Promise.all([sync('parked'), sync('status')])
    expect(parked.out).toMatch(/missing-reference \(1\)[^]*NEW-SKU/)
    expect(status.out).toContain(reference)

    erp.server.unknownSkus.delete('NEW-SKU')
    expect(await sync(`replay ${reference}`, { profile: 'watcher' })).toMatchObject({
      exit: 1,
      err: expect.stringMatching(/^These credentials lack the permission sqs:SendMessage\.\n/),
    })
    expect(erp.server.documents(reference)).toEqual([])

    expect(await sync(`replay ${reference}`)).toMatchObject({
      exit: 0,
      out: expect.stringContaining('queued'),
    })
    await untilStatus('20003', 'done')
    expect(erp.server.documents(reference)).toHaveLength(1)
    expect((await sync('parked')).out).toBe('Nothing is parked.\n')
  })

  it('explains in one sentence what AWS will not do', async () => {
    const wrongKeys = { AWS_ACCESS_KEY_ID: 'AKIAINVENTED', AWS_SECRET_ACCESS_KEY: 'invented' }
    const [elsewhere, refused, denied] = await Promise.all([
      sync('status --region eu-west-1'),
      sync('status', { env: wrongKeys }),
      sync('status', { profile: 'nobody' }),
    ])
    expect(elsewhere).toMatchObject({
      exit: 1,
      out: '',
      err: expect.stringMatching(/^There is no stack ecshop-erp-sync-prod-stateful in the region eu-west-1 /),
    })
    expect(refused).toMatchObject({
      exit: 1,
      out: '',
      err: expect.stringMatching(/^AWS does not accept these credentials in this region\.\n/),
    })
    expect(denied).toMatchObject({
      exit: 1,
      out: '',
      err: expect.stringMatching(/^These credentials lack the permission cloudformation:DescribeStacks\.\n/),
    })
  })
})
