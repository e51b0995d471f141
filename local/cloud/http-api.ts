import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import * as z from 'zod'
import type { LambdaFunction } from './functions.ts'
import { ACCOUNT, API_ID } from './identity.ts'
import type { InvocationResult } from './worker.ts'

export interface Route {
  /** `POST /shops/{shop}`, `ANY /{proxy+}` or `$default`. */
  readonly routeKey: string
  readonly target: Pick<LambdaFunction, 'invoke'>
  readonly timeoutMs: number
}

const PAYLOAD_LIMIT_BYTES = 10 * 1024 * 1024
/** As seen on AWS: the body of any other content type, and of none, arrives as base64. */
const textTypes = /^(text\/.*|application\/(json|xml|javascript))$/

const ResponseSchema = z.object({
  statusCode: z.coerce.number().int().min(200).max(599),
  headers: z.nullish(z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]))),
  cookies: z.nullish(z.array(z.string())),
  body: z.nullish(z.string()),
  isBase64Encoded: z.nullish(z.boolean()),
})

/**
 * API Gateway's HTTP API: payload format 2.0, stage $default. The routes are asked for at each request; as long as
 * there are none yet, the API is unavailable.
 */
export function createHttpApi(routes: () => readonly Route[] | undefined): Server {
  return createServer((request, response) => {
    answer(routes(), request).then(
      ({ status, headers, body }) => {
        response.writeHead(status, { 'apigw-requestid': randomUUID(), ...headers }).end(body)
      },
      // The client went away while it sent.
      () => response.destroy(),
    )
  })
}

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[]>>
  readonly body: string | Buffer
}

async function answer(routes: readonly Route[] | undefined, request: IncomingMessage): Promise<Answer> {
  const body = await readBody(request)
  if (!routes) return message(503, 'Service Unavailable')
  const { pathname, search } = new URL(`http://api${request.url}`)
  const path = decoded(pathname)
  if (path === undefined) return message(400, 'Bad Request')
  const match = matchRoute(routes, request.method ?? 'GET', path)
  if (!match) return message(404, 'Not Found')
  if (!body) return message(413, 'Request Entity Too Large')

  const event = toEvent(request, match, path, search.slice(1), body)
  const patience = new AbortController()
  const result = await Promise.race([
    match.route.target.invoke(event),
    delay(match.route.timeoutMs, undefined, { signal: patience.signal }),
  ])
  patience.abort()
  return result ? fromResult(result) : message(503, 'Service Unavailable')
}

/** The whole body; undefined above the limit, read to its end so that the client hears the answer. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += chunk.length
    if (size <= PAYLOAD_LIMIT_BYTES) chunks.push(chunk)
  }
  return size <= PAYLOAD_LIMIT_BYTES ? Buffer.concat(chunks) : undefined
}

interface Match {
  readonly route: Route
  readonly parameters: Readonly<Record<string, string>>
}

/** The most specific route: literal before variable before greedy segments, a method before ANY, then $default. */
export function matchRoute(routes: readonly Route[], method: string, path: string): Match | undefined {
  const segments = path.split('/')
  const matches = routes.flatMap((route) => {
    const [routeMethod = '', pattern] = route.routeKey.split(' ')
    if (pattern === undefined) return [{ route, parameters: {}, rank: '9' }]
    if (routeMethod !== 'ANY' && routeMethod !== method) return []
    const parameters = matchPath(pattern.split('/'), segments)
    const rank = pattern
      .split('/')
      .map((part) => (part.endsWith('+}') ? 2 : part.startsWith('{') ? 1 : 0))
      .join('')
    return parameters ? [{ route, parameters, rank: `${rank} ${routeMethod === 'ANY' ? 1 : 0}` }] : []
  })
  return matches.toSorted((a, b) => (a.rank < b.rank ? -1 : 1))[0]
}

function matchPath(
  pattern: readonly string[],
  segments: readonly string[],
): Record<string, string> | undefined {
  const parameters: Record<string, string> = {}
  for (const [index, part] of pattern.entries()) {
    const segment = segments[index]
    if (segment === undefined) return undefined
    const [, name, greedy] = /^\{([^}+]+)(\+?)\}$/.exec(part) ?? []
    if (name === undefined) {
      if (part !== segment) return undefined
    } else if (greedy) {
      parameters[name] = segments.slice(index).join('/')
      return parameters[name] === '' ? undefined : parameters
    } else if (segment === '') {
      return undefined
    } else {
      parameters[name] = segment
    }
  }
  return pattern.length === segments.length ? parameters : undefined
}

function toEvent(
  request: IncomingMessage,
  { route, parameters }: Match,
  path: string,
  query: string,
  body: Buffer,
): APIGatewayProxyEventV2 {
  const now = new Date()
  const { cookie, connection: _, ...others } = request.headers
  const headers = Object.fromEntries(Object.entries(others).map(([name, value]) => [name, String(value)]))
  const domainName = headers['host'] ?? ''
  const sourceIp = request.socket.remoteAddress ?? ''
  const contentType = headers['content-type']?.split(';')[0]?.trim().toLowerCase() ?? ''
  const isBase64Encoded = body.length > 0 && !textTypes.test(contentType)
  const queryParameters: Record<string, string> = {}
  for (const [name, value] of new URLSearchParams(query)) {
    queryParameters[name] = name in queryParameters ? `${queryParameters[name]},${value}` : value
  }

  return {
    version: '2.0',
    routeKey: route.routeKey,
    rawPath: path,
    rawQueryString: query,
    ...(cookie ? { cookies: cookie.split(/; */) } : {}),
    headers: { ...headers, 'x-forwarded-for': sourceIp, 'x-forwarded-proto': 'http' },
    ...(query ? { queryStringParameters: queryParameters } : {}),
    requestContext: {
      accountId: ACCOUNT,
      apiId: API_ID,
      domainName,
      domainPrefix: API_ID,
      http: {
        method: request.method ?? 'GET',
        path,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp,
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: randomUUID(),
      routeKey: route.routeKey,
      stage: '$default',
      time: commonLogTime(now),
      timeEpoch: now.getTime(),
    },
    ...(Object.keys(parameters).length > 0 ? { pathParameters: { ...parameters } } : {}),
    ...(body.length > 0 ? { body: body.toString(isBase64Encoded ? 'base64' : 'utf8') } : {}),
    isBase64Encoded,
  }
}

function fromResult(result: InvocationResult): Answer {
  if (!result.ok) {
    return result.errorType === 'RequestTooLargeException'
      ? message(413, 'Request Entity Too Large')
      : message(500, 'Internal Server Error')
  }
  const returned: unknown = JSON.parse(result.payload)
  if (typeof returned !== 'object' || returned === null || !('statusCode' in returned)) {
    return {
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: typeof returned === 'string' ? returned : result.payload,
    }
  }
  const response = ResponseSchema.safeParse(returned)
  if (!response.success) return message(500, 'Internal Server Error')

  const { statusCode, headers, cookies, body, isBase64Encoded } = response.data
  const named = Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)])
  return {
    status: statusCode,
    headers: {
      'content-type': 'text/plain;charset=UTF-8',
      ...Object.fromEntries(named),
      ...(cookies?.length ? { 'set-cookie': cookies } : {}),
    },
    body: isBase64Encoded ? Buffer.from(body ?? '', 'base64') : (body ?? ''),
  }
}

function message(status: number, text: string): Answer {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ message: text }) }
}

function decoded(path: string): string | undefined {
  try {
    return decodeURIComponent(path)
  } catch {
    return undefined
  }
}

/** 12/Mar/2020:19:03:58 +0000 */
function commonLogTime(instant: Date): string {
  const [, day, month, year, time] = instant.toUTCString().split(/, | /)
  return `${day}/${month}/${year}:${time} +0000`
}
