import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as z from 'zod'
import type { Cloud } from '../../../local/cloud/cloud.ts'
import type { FunctionLogLine } from '../../../local/cloud/functions.ts'
import { createFixture, eventually, type Fixture, HTTP_TIMEOUT_SECONDS } from '../../support/cloud-fixture.ts'

const EventSchema = z.looseObject({
  body: z.string().optional(),
  isBase64Encoded: z.boolean(),
  headers: z.record(z.string(), z.string()),
  requestContext: z.looseObject({ requestId: z.string(), timeEpoch: z.number() }),
})
const ContextSchema = z.object({
  remainingMs: z.number(),
  functionName: z.string(),
  environment: z.record(z.string(), z.string()),
  directory: z.string(),
  nodeOptions: z.array(z.string()),
})

describe('a function behind the HTTP API', () => {
  let fixture: Fixture
  let cloud: Cloud
  const lines: FunctionLogLine[] = []

  beforeAll(async () => {
    fixture = createFixture()
    cloud = await fixture.start({ onLog: (line) => lines.push(line), env: { EXTRA: 'given' } })
  })
  afterAll(async () => {
    await cloud.stop()
    fixture.remove()
  })

  const post = (
    path: string,
    body: string | Uint8Array<ArrayBuffer> = '{}',
    headers: Record<string, string> = {},
  ) =>
    fetch(`${cloud.apiUrl}${path}`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', ...headers },
    })
  const http = () => {
    const lambda = cloud.functions.find(({ logicalId }) => logicalId === 'Http')
    if (!lambda) throw new Error('The fixture has no Http function.')
    return lambda
  }

  test('receives an event of payload format 2.0', async () => {
    const response = await post('/do/echo?tag=a&tag=b&empty=', '{"müsli":1}', {
      'X-Shop': 'demo',
      cookie: 'one=1; two=2',
      'user-agent': 'a bridge',
    })

    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('application/json')
    const event = EventSchema.parse(await response.json())
    expect(event).toMatchObject({
      version: '2.0',
      routeKey: 'POST /do/{what}',
      rawPath: '/do/echo',
      rawQueryString: 'tag=a&tag=b&empty=',
      queryStringParameters: { tag: 'a,b', empty: '' },
      pathParameters: { what: 'echo' },
      cookies: ['one=1', 'two=2'],
      body: '{"müsli":1}',
      isBase64Encoded: false,
      requestContext: {
        stage: '$default',
        http: {
          method: 'POST',
          path: '/do/echo',
          protocol: 'HTTP/1.1',
          sourceIp: '127.0.0.1',
          userAgent: 'a bridge',
        },
      },
    })
    expect(event.headers['x-shop']).toBe('demo')
    expect(Object.keys(event.headers)).toEqual(Object.keys(event.headers).map((name) => name.toLowerCase()))
    expect(Math.abs(event.requestContext.timeEpoch - Date.now())).toBeLessThan(5000)
  })

  test.each(['application/octet-stream', 'application/x-www-form-urlencoded', 'application/vnd.api+json'])(
    'receives the body of %s as base64',
    async (contentType) => {
      const response = await post('/do/echo', new Uint8Array([0, 255]), { 'content-type': contentType })

      const event = EventSchema.parse(await response.json())
      expect(event).toMatchObject({ isBase64Encoded: true, body: 'AP8=' })
    },
  )

  test('answers bytes and cookies', async () => {
    const response = await post('/do/binary')

    expect(response.status).toBe(201)
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(new Uint8Array([0, 255]))
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
  })

  test('runs where Lambda would run it, with its time limit and nothing of this environment', async () => {
    const context = ContextSchema.parse(await (await post('/do/context')).json())

    expect(context.remainingMs).toBeGreaterThan(0)
    expect(context.remainingMs).toBeLessThanOrEqual(HTTP_TIMEOUT_SECONDS * 1000)
    expect(context.functionName).toBe('fixture-app-Http')
    expect(context.directory).toMatch(/cloud-functions.http$/)
    expect(context.environment).toMatchObject({
      EXTRA: 'given',
      GREETING: `{"queue":"${cloud.outputs['QueueUrl']}"}`,
      AWS_REGION: 'us-east-1',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '256',
      TZ: 'UTC',
    })
    expect(context.environment['HOME']).toBeUndefined()
    expect(context.nodeOptions).toEqual(['--max-old-space-size=231', '--max-semi-space-size=12'])
  })

  test.each([
    ['POST', '/elsewhere', 404, 'Not Found'],
    ['GET', '/do/echo', 404, 'Not Found'],
    ['POST', '/do/%zz', 400, 'Bad Request'],
    ['POST', '/do/throw', 500, 'Internal Server Error'],
    ['POST', '/do/exit', 500, 'Internal Server Error'],
    ['POST', '/do/malformed', 500, 'Internal Server Error'],
  ])('%s %s is answered %i %s', async (method, path, status, message) => {
    const response = await fetch(`${cloud.apiUrl}${path}`, { method })

    expect(response.status).toBe(status)
    expect(await response.json()).toEqual({ message })
  })

  test('refuses a body over 10 MB as API Gateway does, and one over 6 MB as Lambda does', async () => {
    for (const megabytes of [11, 7]) {
      const response = await post('/do/echo', 'x'.repeat(megabytes * 1024 * 1024))

      expect(response.status).toBe(413)
    }
  })

  test.each(['hang', 'spin'])('is killed at its time limit when it would %s for ever', async (what) => {
    const response = await post(`/do/${what}`)

    expect(response.status).toBe(500)
    await eventually(() => http().pids().length === 0)
    expect(lines.at(-1)).toMatchObject({
      stream: 'platform',
      text: expect.stringContaining('timed out after 1.00 seconds'),
    })
    expect((await post('/do/echo')).status).toBe(200)
  })

  test('fails the invocation whose worker is killed, and serves the next', async () => {
    await post('/do/echo')
    const hanging = post('/do/hang')
    await eventually(async () => !(await cloud.idle()))
    http().kill('SIGKILL')

    expect((await hanging).status).toBe(500)
    expect((await post('/do/echo')).status).toBe(200)
  })

  test('is started once and used again', async () => {
    await post('/do/echo')
    const pids = http().pids()
    for (let count = 0; count < 5; count += 1) await post('/do/echo')

    expect(http().pids()).toEqual(pids)
  })

  test('starts up to four workers for simultaneous requests', async () => {
    const responses = await Promise.all(Array.from({ length: 8 }, () => post('/do/echo')))

    expect(responses.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 200))
    expect(http().pids().length).toBeLessThanOrEqual(4)
    expect(http().pids().length).toBeGreaterThan(1)
  })

  test('answers a direct invocation, and passes a failure on by its name', async () => {
    expect(await http().invoke({ what: 'log' })).toBe('logged')
    await expect(http().invoke({ what: 'throw' })).rejects.toMatchObject({
      name: 'FunctionError',
      errorType: 'TypeError',
      message: expect.stringContaining('told to throw'),
    })
  })

  test('is run by its schedule on request', async () => {
    lines.length = 0
    await cloud.fire('fixture-nightly')

    await eventually(() => lines.some(({ text }) => text === 'a line of the function'))
    await expect(cloud.fire('fixture-weekly')).rejects.toMatchObject({ code: 'name-unknown' })
  })

  test('is run by its schedule with more input than the schedule itself has', async () => {
    const more = { what: 'context' }
    expect(await cloud.fire('fixture-nightly', more)).toMatchObject({ functionName: http().name })
  })

  test('answers the Invoke of Lambda’s API, by its name or its ARN', async () => {
    const invoke = (name: string, body: string, headers: Record<string, string> = {}) =>
      fetch(`${cloud.endpoints.lambda}/2015-03-31/functions/${encodeURIComponent(name)}/invocations`, {
        method: 'POST',
        body,
        headers,
      })
    for (const name of [http().name, `arn:aws:lambda:us-east-1:000000000000:function:${http().name}`]) {
      const answer = await invoke(name, '{"what":"log"}')
      expect(answer.headers.get('x-amz-function-error')).toBe(null)
      expect(await answer.json()).toBe('logged')
    }

    const thrown = await invoke(http().name, '{"what":"throw"}')
    expect(thrown.status).toBe(200)
    expect(thrown.headers.get('x-amz-function-error')).toBe('Unhandled')
    expect(await thrown.json()).toMatchObject({ errorType: 'TypeError', errorMessage: 'told to throw' })

    const refused: [string, Response][] = [
      ['ResourceNotFoundException', await invoke('nobody', '{}')],
      ['InvalidRequestContentException', await invoke(http().name, '{')],
      [
        'InvalidParameterValueException',
        await invoke(http().name, '{}', { 'x-amz-invocation-type': 'Event' }),
      ],
    ]
    for (const [type, answer] of refused) {
      expect(answer.ok).toBe(false)
      expect(answer.headers.get('x-amzn-errortype')).toBe(type)
    }
  })

  test('the output that names the API leads to this machine, one about a role has no value', () => {
    expect(cloud.outputs['ApiUrl']).toBe(`${cloud.apiUrl}/do`)
    expect(cloud.outputs).not.toHaveProperty('RoleArn')
  })
})
