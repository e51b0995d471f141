import type { APIGatewayProxyEventV2, Context } from 'aws-lambda'
import { describe, expect, it } from 'vitest'
import { type HttpAnswer, type HttpRequest, httpHandler } from '#runtime/http.ts'
import { RecordingLog } from '../../support/recording-log.ts'

const anEvent = (change: Partial<APIGatewayProxyEventV2> = {}): APIGatewayProxyEventV2 => ({
  version: '2.0',
  routeKey: 'POST /v1/shops/{shop}/events',
  rawPath: '/v1/shops/A1/events',
  rawQueryString: '',
  headers: { 'content-type': 'application/json' },
  pathParameters: { shop: 'A1' },
  requestContext: {
    accountId: '000000000000',
    apiId: 'api',
    domainName: 'api.invalid',
    domainPrefix: 'api',
    http: {
      method: 'POST',
      path: '/v1/shops/A1/events',
      protocol: 'HTTP/1.1',
      sourceIp: '192.0.2.1',
      userAgent: '',
    },
    requestId: 'gateway-request=',
    routeKey: 'POST /v1/shops/{shop}/events',
    stage: '$default',
    time: '21/Nov/2026:08:30:00 +0000',
    timeEpoch: 1_795_249_800_000,
  },
  body: '{}',
  isBase64Encoded: false,
  ...change,
})

const context: Context = {
  callbackWaitsForEmptyEventLoop: false,
  functionName: 'f',
  functionVersion: '1',
  invokedFunctionArn: 'arn',
  memoryLimitInMB: '128',
  awsRequestId: 'r',
  logGroupName: 'g',
  logStreamName: 's',
  getRemainingTimeInMillis: () => 10_000,
  done: () => {},
  fail: () => {},
  succeed: () => {},
}

const OK: HttpAnswer = { status: 202, contentType: 'application/json', body: { text: '好' } }

/** Runs one event and keeps what the use case saw of it. */
async function run(event: APIGatewayProxyEventV2) {
  const seen: HttpRequest[] = []
  const handler = httpHandler(async (request) => {
    seen.push(request)
    return OK
  }, new RecordingLog())
  return { result: await handler(event, context), request: seen[0] }
}

describe('a handler behind an HTTP API', () => {
  it('answers with status, type, correlation id and JSON', async () => {
    const { result } = await run(anEvent())
    expect(result).toEqual({
      statusCode: 202,
      headers: {
        'content-type': 'application/json',
        'x-correlation-id': 'gateway-request=',
        'cache-control': 'no-store',
      },
      body: '{"text":"好"}',
    })
  })

  it('hands on path parameters, headers and the bytes of a text', async () => {
    const { request } = await run(anEvent({ body: '{"a":"好"}' }))
    expect(request).toMatchObject({
      pathParameters: { shop: 'A1' },
      headers: { 'content-type': 'application/json' },
    })
    expect(request?.rawBody).toEqual(Buffer.from('{"a":"好"}'))
  })

  it('hands on the very bytes that the gateway encoded in base64, valid UTF-8 or not', async () => {
    const bytes = Buffer.from([0xd1, 0xf9, 0x00, 0xff])
    const { request } = await run(anEvent({ body: bytes.toString('base64'), isBase64Encoded: true }))
    expect(request?.rawBody).toEqual(bytes)
  })

  it('takes a missing body for an empty one', async () => {
    const { body: _body, ...event } = anEvent()
    expect((await run(event)).request?.rawBody).toEqual(Buffer.alloc(0))
  })

  it.each(['corr-0001', '0b1f6c9e-7c0e-4d2a-9a57-1f1b2c3d4e5f', 'a.b:c_d-e'])(
    'believes the correlation id %s',
    async (id) => {
      const { request } = await run(anEvent({ headers: { 'x-correlation-id': id } }))
      expect(request?.correlationId).toBe(id)
    },
  )

  it.each(['short', 'x'.repeat(65), 'has blanks in it', 'line\nbreak-1', '样例样例样例样例'])(
    'takes its own in place of the correlation id %j',
    async (id) => {
      const { request } = await run(anEvent({ headers: { 'x-correlation-id': id } }))
      expect(request?.correlationId).toBe('gateway-request=')
    },
  )

  it('answers a bug with a problem that says nothing of it, and logs it', async () => {
    const log = new RecordingLog()
    const bug = new Error('the inside of the house')
    const handler = httpHandler(() => Promise.reject(bug), log)
    const result = await handler(anEvent({ headers: { 'x-correlation-id': 'corr-0001' } }), context)
    expect(result).toMatchObject({
      statusCode: 500,
      headers: { 'content-type': 'application/problem+json', 'x-correlation-id': 'corr-0001' },
    })
    expect(JSON.parse(result.body ?? '')).toMatchObject({
      code: 'internal-error',
      status: 500,
      correlationId: 'corr-0001',
      remedy: 'Send the same events again later.',
    })
    expect(result.body).not.toContain('inside')
    expect(log.lines).toMatchObject([{ level: 'error', code: 'REQUEST_FAILED', fields: { error: bug } }])
  })

  it('answers before the function is killed when the use case hangs', async () => {
    const handler = httpHandler(() => new Promise<HttpAnswer>(() => {}), new RecordingLog())
    const result = await handler(anEvent(), { ...context, getRemainingTimeInMillis: () => 30 })
    expect(result.statusCode).toBe(500)
  })
})
