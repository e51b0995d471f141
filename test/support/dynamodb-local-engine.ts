import { type DynamoEngine, dynamoEngine } from './dynamo-engine.ts'

/** The engine that `npm run test:dynamodb` has started. */
export function dynamodbLocalEngine(): DynamoEngine {
  const endpoint = process.env['DYNAMODB_LOCAL_ENDPOINT']
  if (!endpoint) throw new Error('DynamoDB Local is started by `npm run test:dynamodb`')
  return dynamoEngine(endpoint, async () => {})
}
