import type { SQSRecord } from 'aws-lambda'
import { expect, test } from 'vitest'
import { succeededOf, withinPayloadLimit } from '../../../../local/cloud/event-source.ts'

const aRecord = (messageId: string, body = ''): SQSRecord => ({
  messageId,
  body,
  receiptHandle: `handle-${messageId}`,
  attributes: {
    ApproximateReceiveCount: '1',
    SentTimestamp: '0',
    SenderId: 'x',
    ApproximateFirstReceiveTimestamp: '0',
  },
  messageAttributes: {},
  md5OfBody: '',
  eventSource: 'aws:sqs',
  eventSourceARN: 'arn',
  awsRegion: 'us-east-1',
})

test.each<[string, string[]]>([
  ['null', ['a', 'b']],
  ['{}', ['a', 'b']],
  ['{"batchItemFailures":null}', ['a', 'b']],
  ['{"batchItemFailures":[]}', ['a', 'b']],
  ['{"batchItemFailures":[{"itemIdentifier":"a"}]}', ['b']],
  ['{"batchItemFailures":[{"itemIdentifier":"a"},{"itemIdentifier":"b"}]}', []],
  ['{"batchItemFailures":[{"itemIdentifier":"stranger"}]}', []],
  ['{"batchItemFailures":[{"itemIdentifier":""}]}', []],
  ['{"batchItemFailures":[{"itemIdentifier":null}]}', []],
  ['{"batchItemFailures":[{"messageId":"a"}]}', []],
  ['{"batchItemFailures":"a"}', []],
])('of the messages a and b, the answer %s deletes %j', (payload, deleted) => {
  expect(succeededOf([aRecord('a'), aRecord('b')], payload).map(({ messageId }) => messageId)).toEqual(
    deleted,
  )
})

test('a batch is split where its event would not fit into one invocation', () => {
  const megabyte = 'x'.repeat(1024 * 1024)
  const parts = withinPayloadLimit(['1', '2', '3', '4', '5', '6', '7'].map((id) => aRecord(id, megabyte)))

  expect(parts.map((part) => part.length)).toEqual([5, 2])
  for (const part of parts) expect(JSON.stringify({ Records: part }).length).toBeLessThan(6 * 1024 * 1024)
})
