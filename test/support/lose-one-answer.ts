import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'

/** From now on: the next answer of the command is lost after the server acted, so that the SDK repeats the call. */
export function loseOneAnswer(client: DynamoDBClient, command: string): { lost: boolean } {
  const state = { lost: false }
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const answer = await next(args)
      if (state.lost || context.commandName !== command) return answer
      state.lost = true
      throw Object.assign(new Error('socket hang up'), { name: 'TimeoutError' })
    },
    // Low is nearest to the wire: the SDK's retry wraps it.
    { step: 'finalizeRequest', priority: 'low' },
  )
  return state
}
