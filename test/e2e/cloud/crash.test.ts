import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { DynamoDBClient, GetItemCommand, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import * as z from 'zod'
import type { Cloud } from '../../../local/cloud/cloud.ts'
import {
  clientConfig,
  createFixture,
  eventually,
  type Fixture,
  sendTask,
} from '../../support/cloud-fixture.ts'

const HostSchema = z.object({
  apiUrl: z.string(),
  endpoints: z.object({
    dynamodb: z.string(),
    sqs: z.string(),
    secretsmanager: z.string(),
    lambda: z.string(),
  }),
  outputs: z.record(z.string(), z.string()),
})

let fixture: Fixture

beforeEach(() => {
  fixture = createFixture()
})
afterEach(() => fixture.remove())

/** A cloud that is stopped when the test ends, if it has not been before. */
async function startHere(options: Parameters<Fixture['start']>[0] = {}, from = fixture): Promise<Cloud> {
  const cloud = await from.start(options)
  onTestFinished(() => cloud.stop())
  return cloud
}

/** A cloud in a process of its own. */
async function startElsewhere(): Promise<z.infer<typeof HostSchema> & { process: ChildProcess }> {
  const script = fileURLToPath(new URL('../../support/cloud-host.ts', import.meta.url))
  const host = spawn(process.execPath, [script, fixture.assembly, fixture.dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void host.kill('SIGKILL'))
  for await (const line of createInterface({ input: host.stdout })) {
    return { ...HostSchema.parse(JSON.parse(line)), process: host }
  }
  throw new Error('The host said nothing.')
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

async function putRow(endpoint: string, pk: string): Promise<void> {
  const client = new DynamoDBClient(clientConfig(endpoint))
  const Item = { pk: { S: pk }, sk: { S: 'row' }, ref: { S: `ref-${pk}` } }
  await client.send(new PutItemCommand({ TableName: 'fixture-ledger', Item }))
  client.destroy()
}

async function readRow(endpoint: string, pk: string) {
  const client = new DynamoDBClient(clientConfig(endpoint))
  const Key = { pk: { S: pk }, sk: { S: 'row' } }
  const { Item } = await client.send(
    new GetItemCommand({ TableName: 'fixture-ledger', Key, ConsistentRead: true }),
  )
  const { Items } = await client.send(
    new QueryCommand({
      TableName: 'fixture-ledger',
      IndexName: 'byRef',
      KeyConditionExpression: '#ref = :ref',
      ExpressionAttributeNames: { '#ref': 'ref' },
      ExpressionAttributeValues: { ':ref': { S: `ref-${pk}` } },
    }),
  )
  client.destroy()
  return { item: Item?.['pk']?.S, byRef: Items?.map((row) => row['pk']?.S) }
}

const steps = (name: string, what: 'began' | 'ended') =>
  fixture.journal().filter((entry) => entry.name === name && entry.what === what)

describe('a cloud that is stopped', () => {
  test('goes on with its rows and messages at the next start', async () => {
    const first = await startHere()
    await putRow(first.endpoints.dynamodb, 'kept')
    await sendTask(first, 'a', { name: 'again', act: 'fail', until: 1, retryAfter: 1 })
    await sendTask(first, 'a', { name: 'waits' })
    await eventually(() => steps('again', 'began').length === 1)
    await first.stop()

    const second = await startHere()
    expect(await readRow(second.endpoints.dynamodb, 'kept')).toEqual({ item: 'kept', byRef: ['kept'] })
    await eventually(() => second.idle())
    expect(steps('again', 'began').map(({ tries }) => tries)).toEqual([1, 2])
    expect(steps('waits', 'ended')).toHaveLength(1)
  })

  test('starts empty when asked to', async () => {
    const first = await startHere()
    await putRow(first.endpoints.dynamodb, 'gone')
    await first.stop()

    const second = await startHere({ fresh: true })
    expect(await readRow(second.endpoints.dynamodb, 'gone')).toEqual({ item: undefined, byRef: [] })
  })

  test('leaves no worker behind', async () => {
    const cloud = await startHere()
    await fetch(`${cloud.apiUrl}/do/echo`, { method: 'POST' })
    const [pid = 0] = cloud.functions.flatMap((lambda) => lambda.pids())
    expect(alive(pid)).toBe(true)

    await cloud.stop()
    expect(alive(pid)).toBe(false)
  })
})

describe('a cloud that is killed', () => {
  test('takes its workers along, one in an endless loop too, and loses no row and no message', async () => {
    const host = await startElsewhere()
    await putRow(host.endpoints.dynamodb, 'kept')
    await sendTask(host, 'a', { name: 'heavy', act: 'wait', ms: 60_000, until: 1 })
    await sendTask(host, 'a', { name: 'next' })
    const [began] = await eventually(() => steps('heavy', 'began').length === 1 && steps('heavy', 'began'))
    const context = await fetch(`${host.apiUrl}/do/context`, { method: 'POST' })
    const { pid: spinning } = z.object({ pid: z.number() }).parse(await context.json())
    fetch(`${host.apiUrl}/do/spin`, { method: 'POST' }).catch(() => {})
    await eventually(() => busy(spinning))

    const gone = once(host.process, 'exit')
    host.process.kill('SIGKILL')
    await gone
    await eventually(() => !alive(began?.pid ?? 0) && !alive(spinning))

    const cloud = await startHere()
    expect(await readRow(cloud.endpoints.dynamodb, 'kept')).toEqual({ item: 'kept', byRef: ['kept'] })
    await eventually(() => cloud.idle())
    expect(steps('heavy', 'began').map(({ tries }) => tries)).toEqual([1, 2])
    expect(fixture.journal().flatMap(({ name, what }) => (what === 'ended' ? [name] : []))).toEqual([
      'heavy',
      'next',
    ])
  })
})

describe('a worker that is stopped', () => {
  const impatient = () =>
    createFixture(({ app }) => {
      const consumer = app.Resources['Consumer']
      if (consumer) consumer.Properties['Timeout'] = 1
    })

  const freeze = async (cloud: Cloud) => {
    await sendTask(cloud, 'a', { name: 'frozen', act: 'wait', ms: 300, until: 1 })
    const [began] = await eventually(() => steps('frozen', 'began').length === 1 && steps('frozen', 'began'))
    cloud.functions.find(({ logicalId }) => logicalId === 'Consumer')?.kill('SIGSTOP')
    return began?.pid ?? 0
  }

  test('is killed at its time limit', async () => {
    fixture.remove()
    fixture = impatient()
    const cloud = await startHere()
    const pid = await freeze(cloud)

    await eventually(() => steps('frozen', 'ended').length === 1)
    expect(alive(pid)).toBe(false)
    expect(steps('frozen', 'ended')[0]?.pid).not.toBe(pid)
  })

  test('goes on with its invocation when it thaws after its time limit, and then ends', async () => {
    fixture.remove()
    fixture = impatient()
    const cloud = await startHere({ freezeOnTimeout: true })
    const pid = await freeze(cloud)

    await eventually(() => steps('frozen', 'ended').length === 1)
    expect(alive(pid)).toBe(true)
    expect(cloud.functions.flatMap((lambda) => lambda.pids())).not.toContain(pid)
    process.kill(pid, 'SIGCONT')
    await eventually(() => steps('frozen', 'ended').length === 2)
    expect(steps('frozen', 'ended')[1]?.pid).toBe(pid)
    await eventually(() => !alive(pid))
  })
})

/** The process has used its CPU for a good part of the last moment. */
async function busy(pid: number): Promise<boolean> {
  const { readFile } = await import('node:fs/promises')
  const ticks = async () => {
    const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? []
    return Number(fields[11])
  }
  const before = await ticks()
  await new Promise((resolve) => setTimeout(resolve, 100))
  return (await ticks()) - before >= 3
}
