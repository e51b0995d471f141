import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs'

/** Puts a message that can never be read aside, as it came. Throws when the queue does not take it: the message then stays. */
export async function deadLetter(
  client: SQSClient,
  queueUrl: string,
  record: { readonly messageId: string; readonly groupId: string; readonly body: string },
): Promise<void> {
  await client.send(
    new SendMessageCommand({
      QueueUrl: queueUrl,
      MessageBody: record.body,
      MessageGroupId: record.groupId,
      MessageDeduplicationId: record.messageId,
    }),
  )
}
