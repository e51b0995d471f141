import middy from '@middy/core'
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import { problem } from '#contracts/problems.ts'
import type { Log } from '#ports/runtime.ts'
import { inLogContext } from './logger.ts'

export interface HttpRequest {
  readonly pathParameters: Readonly<Record<string, string | undefined>>
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>
  /** The bytes as they were sent: what a signature is over. */
  readonly rawBody: Uint8Array
  readonly correlationId: string
}

export interface HttpAnswer {
  readonly status: number
  readonly contentType: string
  /** Written as JSON. */
  readonly body: unknown
}

/** A Lambda handler behind an HTTP API (payload 2.0). What `respond` throws is a bug: it is logged and answered with 500. */
export function httpHandler(respond: (request: HttpRequest) => Promise<HttpAnswer>, log: Log) {
  return middy<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>()
    .onError(({ event, error }) => {
      const correlationId = correlationIdOf(event)
      inLogContext({ correlationId }, () =>
        log.error('REQUEST_FAILED', 'A request failed because of a bug.', { error }),
      )
      return toResult(
        {
          status: 500,
          contentType: 'application/problem+json',
          body: problem('internal-error', correlationId),
        },
        correlationId,
      )
    })
    .handler(async (event: APIGatewayProxyEventV2) => {
      const request = toRequest(event)
      const { correlationId } = request
      return inLogContext({ correlationId }, async () => toResult(await respond(request), correlationId))
    })
}

/** A sender's correlation id is believed if it can do no harm in a log or a header. */
const WELL_FORMED = /^[A-Za-z0-9_.:-]{8,64}$/

function correlationIdOf(event: APIGatewayProxyEventV2): string {
  const sent = event.headers['x-correlation-id']
  return sent !== undefined && WELL_FORMED.test(sent) ? sent : event.requestContext.requestId
}

function toRequest(event: APIGatewayProxyEventV2): HttpRequest {
  return {
    pathParameters: event.pathParameters ?? {},
    headers: event.headers,
    rawBody: Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8'),
    correlationId: correlationIdOf(event),
  }
}

function toResult(
  { status, contentType, body }: HttpAnswer,
  correlationId: string,
): APIGatewayProxyStructuredResultV2 {
  return {
    statusCode: status,
    headers: { 'content-type': contentType, 'x-correlation-id': correlationId, 'cache-control': 'no-store' },
    body: JSON.stringify(body),
  }
}
