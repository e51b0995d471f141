import { createServer, type IncomingMessage, type Server } from 'node:http'
import { text } from 'node:stream/consumers'
import type { LambdaFunction } from './functions.ts'

const INVOKE = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/

/** Of Lambda's own API the synchronous Invoke, of a function by its name or ARN; `aws lambda invoke --endpoint-url` works too. */
export function createLambdaApi(find: (name: string) => LambdaFunction | undefined): Server {
  return createServer((request, response) => {
    answer(request, find).then(
      ({ status, headers, body }) => {
        response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body)
      },
      // The client went away while it sent.
      () => response.destroy(),
    )
  })
}

interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: string
}

async function answer(
  request: IncomingMessage,
  find: (name: string) => LambdaFunction | undefined,
): Promise<Answer> {
  const body = await text(request)
  const [, named = ''] = INVOKE.exec(request.url ?? '') ?? []
  const lambda = find(decodeURIComponent(named))
  if (request.method !== 'POST' || !lambda)
    return refused(404, 'ResourceNotFoundException', `Function not found: ${named}`)
  if ((request.headers['x-amz-invocation-type'] ?? 'RequestResponse') !== 'RequestResponse')
    return refused(400, 'InvalidParameterValueException', 'It answers RequestResponse only.')
  const event = parseJson(body === '' ? '{}' : body)
  if (event === undefined)
    return refused(400, 'InvalidRequestContentException', 'Could not parse request body into json.')
  const result = await lambda.invoke(event)
  if (result.ok) return { status: 200, body: result.payload }
  const { errorType, errorMessage } = result
  return {
    status: 200,
    headers: { 'x-amz-function-error': 'Unhandled' },
    body: JSON.stringify({ errorType, errorMessage }),
  }
}

const refused = (status: number, type: string, Message: string): Answer => ({
  status,
  headers: { 'x-amzn-errortype': type },
  body: JSON.stringify({ Type: 'User', Message }),
})

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
