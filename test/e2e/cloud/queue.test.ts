import { GetQueueAttributesCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Cloud } from '../../../local/cloud/cloud.ts'
import {
  clientConfig,
  createFixture,
  eventually,
  type Fixture,
  RECEIVE_LIMIT,
  sendTask,
  VISIBILITY_SECONDS,
} from '../../support/cloud-fixture.ts'

/** A first worker takes a moment to start after its message was received, and the visibility runs from there. */
const TOLERANCE_MS = 1000

describe('a function that takes a queue', () => {
  let fixture: Fixture
  let cloud: Cloud

  beforeEach(async () => {
    fixture = createFixture()
    cloud = await fixture.start()
  })
  afterEach(async () => {
    await cloud.stop()
    fixture.remove()
  })

  const ended = () => fixture.journal().flatMap(({ name, what }) => (what === 'ended' ? [name] : []))
  const began = (wanted: string) =>
    fixture.journal().filter(({ name, what }) => name === wanted && what === 'began')
  const triesOf = (name: string) => began(name).length
  /** Milliseconds from the first try to the second. */
  const pauseAfterFirst = (name: string) => {
    const [first, second] = began(name)
    return (second?.at ?? 0) - (first?.at ?? 0)
  }

  test('sees records shaped as Lambda shapes them', async () => {
    await sendTask(cloud, 'a', { name: 'only' })

    const [entry] = await eventually(() => ended().length > 0 && fixture.journal())
    expect(entry?.record).toEqual({
      messageId: expect.any(String),
      receiptHandle: expect.any(String),
      body: '{"name":"only"}',
      attributes: {
        ApproximateReceiveCount: '1',
        ApproximateFirstReceiveTimestamp: expect.stringMatching(/^\d{13}$/),
        MessageDeduplicationId: 'a-only',
        MessageGroupId: 'a',
        SenderId: expect.any(String),
        SentTimestamp: expect.stringMatching(/^\d{13}$/),
        SequenceNumber: expect.stringMatching(/^\d{20}$/),
      },
      messageAttributes: {},
      md5OfBody: expect.stringMatching(/^[0-9a-f]{32}$/),
      eventSource: 'aws:sqs',
      eventSourceARN: expect.stringMatching(/^arn:aws:sqs:us-east-1:\d{12}:fixture-data-Queue\.fifo$/),
      awsRegion: 'us-east-1',
    })
  })

  test('keeps only the poison message of a batch, until it belongs to the dead letters', async () => {
    // While both workers are busy the messages gather, so that one batch takes them all.
    for (const name of ['left', 'right']) await sendTask(cloud, name, { name, act: 'wait', ms: 500 })
    await eventually(() => triesOf('left') + triesOf('right') === 2)
    await sendTask(cloud, 'poison', { name: 'poison', act: 'fail', retryAfter: 0 })
    for (const name of ['one', 'two', 'three']) await sendTask(cloud, name, { name })

    await eventually(() => cloud.idle())
    expect(new Set(['poison', 'one', 'two', 'three'].map((name) => began(name)[0]?.batch)).size).toBe(1)
    expect(ended().toSorted()).toEqual(['left', 'one', 'right', 'three', 'two'])
    expect(triesOf('poison')).toBe(RECEIVE_LIMIT)
    expect(triesOf('one')).toBe(1)
    expect(await deadLetters(cloud)).toEqual(['{"name":"poison","act":"fail","retryAfter":0}'])
  })

  test('sees a group in order although messages of it fail, and other groups meanwhile', async () => {
    await sendTask(cloud, 'slow', { name: 'first', act: 'fail', until: 2, retryAfter: 1 })
    await sendTask(cloud, 'slow', { name: 'second', act: 'fail', until: 1, retryAfter: 0 })
    await sendTask(cloud, 'slow', { name: 'third' })
    await sendTask(cloud, 'other', { name: 'other' })

    await eventually(() => cloud.idle())
    expect(ended()).toEqual(['other', 'first', 'second', 'third'])
    expect(
      fixture
        .journal()
        .flatMap(({ name, what, group }) => (group === 'slow' && what === 'began' ? [name] : [])),
    ).toEqual(['first', 'first', 'first', 'second', 'second', 'third'])
  })

  test('works on several groups at a time, on one group never', async () => {
    for (const group of ['a', 'b']) {
      for (const name of ['one', 'two']) {
        await sendTask(cloud, group, { name: `${group}-${name}`, act: 'wait', ms: 1000 })
      }
    }

    await eventually(() => cloud.idle())
    const stepsOf = (group: string) =>
      fixture.journal().flatMap((entry) => (entry.group === group ? [`${entry.name} ${entry.what}`] : []))
    for (const group of ['a', 'b']) {
      const names = [`${group}-one`, `${group}-two`]
      expect(stepsOf(group)).toEqual(names.flatMap((name) => [`${name} began`, `${name} ended`]))
    }
    const firstEnd = fixture.journal().findIndex(({ what }) => what === 'ended')
    expect(
      fixture
        .journal()
        .slice(0, firstEnd)
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(['a-one', 'b-one'])
  })

  test.each(['throw', 'name-a-stranger'] as const)(
    'gets its batch again after the visibility when it does %s',
    async (act) => {
      await sendTask(cloud, 'a', { name: 'bad', act, until: 1 })

      await eventually(() => triesOf('bad') === 2)
      expect(pauseAfterFirst('bad')).toBeGreaterThan(VISIBILITY_SECONDS * 1000 - TOLERANCE_MS)
      await eventually(() => cloud.idle())
      expect(triesOf('bad')).toBe(2)
    },
  )

  test('gets a message back after its visibility when its worker is killed', async () => {
    await sendTask(cloud, 'a', { name: 'heavy', act: 'wait', ms: 60_000, until: 1 })
    await sendTask(cloud, 'a', { name: 'next' })
    await eventually(() => triesOf('heavy') === 1)
    cloud.functions.find(({ logicalId }) => logicalId === 'Consumer')?.kill('SIGKILL')

    await eventually(() => cloud.idle())
    expect(pauseAfterFirst('heavy')).toBeGreaterThan(VISIBILITY_SECONDS * 1000 - TOLERANCE_MS)
    expect(ended()).toEqual(['heavy', 'next'])
    expect(began('heavy')[1]?.pid).not.toBe(began('heavy')[0]?.pid)
  })

  test('is not idle while a message waits for its next try', async () => {
    await sendTask(cloud, 'a', { name: 'later', act: 'fail', until: 1, retryAfter: 1 })
    await eventually(() => triesOf('later') === 1)

    expect(await cloud.idle()).toBe(false)
    await eventually(() => cloud.idle())
    expect(ended()).toEqual(['later'])
  })
})

async function deadLetters(cloud: Cloud): Promise<(string | undefined)[]> {
  const queue = cloud.resources.queues.find(({ deadLetter }) => deadLetter)
  const client = new SQSClient(clientConfig(cloud.endpoints.sqs))
  const { Messages = [] } = await client.send(new ReceiveMessageCommand({ QueueUrl: queue?.ref }))
  const { Attributes } = await client.send(
    new GetQueueAttributesCommand({ QueueUrl: queue?.ref, AttributeNames: ['ApproximateNumberOfMessages'] }),
  )
  client.destroy()
  expect(Attributes?.['ApproximateNumberOfMessages']).toBe('0')
  return Messages.map(({ Body }) => Body)
}
