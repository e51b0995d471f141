import { once } from 'node:events'
import dynalite from 'dynalite'
import { type DynamoEngine, dynamoEngine } from './dynamo-engine.ts'

/** An embedded DynamoDB of this process, in memory. */
export async function startDynalite(): Promise<DynamoEngine> {
  const server = dynalite({ path: '', createTableMs: 0 })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('dynalite has no port')
  return dynamoEngine(
    `http://127.0.0.1:${address.port}`,
    () => new Promise((resolve, reject) => server.close((error) => (error ? reject(error) : resolve()))),
  )
}
