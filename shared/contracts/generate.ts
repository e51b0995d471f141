import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import * as z from 'zod'
import { bridgeOpenApi } from './bridge-openapi.ts'
import { SyncConfigSchema } from './config.ts'
import { DRAFT, type Json, jsonSchema, namedSchemas, plainSchema } from './json-schema.ts'
import { PROBLEMS, problem } from './problems.ts'
import {
  CALLBACK_PROBLEMS,
  callbackProblem,
  type ProgressAnswer,
  ProgressAnswerSchema,
  ProgressRequestSchema,
} from './progress-callback.ts'
import { ShopIdSchema, TargetNameSchema } from './scalars.ts'
import { TargetWebhookSchema } from './target-webhook.ts'
import {
  MAX_EVENTS,
  ProblemSchema,
  type WebhookAnswer,
  WebhookAnswerSchema,
  WebhookEventSchema,
} from './webhook.ts'
import { EVENT_PARTS } from './webhook-parts.ts'

const root = join(import.meta.dirname, '../..')
const examplesDir = join(root, 'test/support/fixtures/webhook/valid')

const TestEventSchema = z
  .looseObject({ type: z.literal('bridge.test') })
  .describe(
    'The bridge’s test of its connection: answered not-subscribed once signature and epoch are right.',
  )
const EventSchema = z.union([WebhookEventSchema, TestEventSchema])

/** What the webhook takes, all at once: the code parses the body first and each event on its own. */
export const WebhookRequestSchema = z
  .union([z.looseObject({ events: z.array(EventSchema).min(1).max(MAX_EVENTS) }), EventSchema])
  .describe('Events of one shop, in their order; or a single event.')

/** Under these names the parts of the contract appear in the generated files. */
const PARTS = {
  WebhookRequest: WebhookRequestSchema,
  WebhookAnswer: WebhookAnswerSchema,
  Problem: ProblemSchema,
  TestEvent: TestEventSchema,
  ...EVENT_PARTS,
}

/** The same of the callback, which shares the form of a problem. */
const CALLBACK_PARTS = {
  ProgressRequest: ProgressRequestSchema,
  ProgressAnswer: ProgressAnswerSchema,
}

/** Every generated file, by its path from the root of the project. */
export function generate(): Record<string, Json> {
  const {
    WebhookAnswer: _answer,
    Problem: _problem,
    WebhookRequest,
    ...defs
  } = namedSchemas(PARTS, '#/$defs/')
  return {
    'docs/contracts/webhook-v1.schema.json': {
      $schema: DRAFT,
      $id: 'webhook-v1.schema.json',
      title: 'Webhook v1: the body of POST /v1/shops/{shop}/events',
      ...WebhookRequest,
      $defs: defs,
    },
    'docs/contracts/progress-v1.schema.json': {
      ...jsonSchema(ProgressRequestSchema),
      $id: 'progress-v1.schema.json',
      title: 'Progress v1: the body of POST /v1/targets/{target}/progress',
    },
    'docs/contracts/target-webhook-v1.schema.json': {
      ...jsonSchema(TargetWebhookSchema),
      $id: 'target-webhook-v1.schema.json',
      title: 'Target webhook v1: the body of a POST to a webhook target',
    },
    'docs/contracts/openapi.json': openApi(),
    'docs/contracts/bridge-v1.openapi.json': bridgeOpenApi(),
    'docs/contracts/sync.config.schema.json': {
      ...jsonSchema(SyncConfigSchema),
      $id: 'sync.config.schema.json',
      title: 'sync.config.json',
    },
  }
}

function openApi(): Json {
  const schema = (id: keyof typeof PARTS | keyof typeof CALLBACK_PARTS) => ({
    $ref: `#/components/schemas/${id}`,
  })
  return {
    openapi: '3.1.0',
    info: {
      title: 'ecshop-erp-sync webhook',
      version: '1',
      description:
        'What the bridge in the shop posts, and what a target tells of tickets and returns. Signing, results and codes: webhook-v1.md and progress-v1.md beside this file.',
    },
    servers: [{ url: '/', description: 'The URL that the deployment prints.' }],
    paths: {
      '/v1/shops/{shop}/events': {
        post: {
          operationId: 'receiveEvents',
          summary: 'Takes the events of one shop',
          parameters: [
            { name: 'shop', in: 'path', required: true, schema: plainSchema(ShopIdSchema) },
            ...SIGNED,
          ],
          requestBody: {
            required: true,
            content: { 'application/json': { schema: schema('WebhookRequest'), examples: examples() } },
          },
          responses: {
            202: {
              description:
                'Every event is accepted: it lies in the queue of every target that takes its kind.',
              content: { 'application/json': { schema: schema('WebhookAnswer'), example: ACCEPTED } },
            },
            207: {
              description: 'At least one event is not accepted; `results` says which, why, and what to do.',
              content: { 'application/json': { schema: schema('WebhookAnswer'), example: MIXED } },
            },
            ...problemResponses(PROBLEMS, problem, schema('Problem')),
          },
        },
      },
      '/v1/targets/{target}/progress': {
        post: {
          operationId: 'receiveProgress',
          summary: 'Takes the progress of tickets and returns at one target',
          parameters: [
            { name: 'target', in: 'path', required: true, schema: plainSchema(TargetNameSchema) },
            ...SIGNED,
          ],
          requestBody: {
            required: true,
            content: {
              'application/json': {
                schema: schema('ProgressRequest'),
                examples: { repair: { value: STEPS } },
              },
            },
          },
          responses: {
            202: {
              description: 'Every step is accepted: it lies in the queue of write-backs.',
              content: { 'application/json': { schema: schema('ProgressAnswer'), example: STEPS_ACCEPTED } },
            },
            207: {
              description: 'At least one step is not accepted; `results` says which, why, and what to do.',
              content: { 'application/json': { schema: schema('ProgressAnswer'), example: STEPS_MIXED } },
            },
            ...problemResponses(CALLBACK_PROBLEMS, callbackProblem, schema('Problem')),
          },
        },
      },
    },
    components: { schemas: namedSchemas({ ...PARTS, ...CALLBACK_PARTS }, '#/components/schemas/') },
  }
}

const header = (name: string, required: boolean, description: string) => ({
  name,
  in: 'header',
  required,
  description,
  schema: { type: 'string' },
})

const SIGNED = [
  header('webhook-id', true, 'Unique per request; repeated when the same request is sent again.'),
  header('webhook-timestamp', true, 'Seconds since 1970, at most 300 away from this service’s clock.'),
  header('webhook-signature', true, 'Standard Webhooks: one or more `v1,` signatures, separated by blanks.'),
  header('x-correlation-id', false, '8 to 64 of A-Z a-z 0-9 _ . : -; it reappears in answers and logs.'),
]

const CORRELATION_ID = 'corr-00000001'

function problemResponses<Code extends string>(
  problems: Readonly<Record<Code, { readonly status: number; readonly title: string }>>,
  problemOf: (code: Code, correlationId: string) => unknown,
  schema: Json,
): Json {
  const byStatus = Object.groupBy(Object.keys(problems) as Code[], (code) => problems[code].status)
  return Object.fromEntries(
    Object.entries(byStatus).map(([status, codes]) => [
      status,
      {
        description: (codes ?? []).map((code) => problems[code].title).join(' · '),
        content: {
          'application/problem+json': {
            schema,
            examples: Object.fromEntries(
              (codes ?? []).map((code) => [code, { value: problemOf(code, CORRELATION_ID) }]),
            ),
          },
        },
      },
    ]),
  )
}

const ACCEPTED: WebhookAnswer = {
  correlationId: CORRELATION_ID,
  results: [{ index: 0, type: 'order.snapshot', id: '10086', result: 'accepted' }],
}

const MIXED: WebhookAnswer = {
  correlationId: CORRELATION_ID,
  results: [
    { index: 0, type: 'order.snapshot', id: '10086', result: 'accepted' },
    { index: 1, type: 'return.snapshot', result: 'not-subscribed' },
    {
      index: 2,
      type: 'order.snapshot',
      result: 'invalid',
      code: 'invalid-id',
      field: 'snapshot.order_id',
      message: 'snapshot.order_id is not a decimal id in a string.',
      remedy: 'Send ids as JSON strings of digits ("10086"); JSON numbers lose digits beyond 2^53.',
    },
  ],
}

const STEPS = {
  steps: [
    {
      of: 'ticket',
      id: 'case-7/3',
      reference: 'ECA1-T61',
      at: '2026-11-21T03:00:00Z',
      step: 'repairing',
      person: '王师傅',
      note: '已更换电机。',
      fee: { amount: '35.00', currency: 'CNY' },
    },
  ],
}

const STEPS_ACCEPTED: ProgressAnswer = {
  correlationId: CORRELATION_ID,
  results: [{ index: 0, id: 'case-7/3', result: 'accepted' }],
}

const STEPS_MIXED: ProgressAnswer = {
  correlationId: CORRELATION_ID,
  results: [
    { index: 0, id: 'case-7/3', result: 'accepted' },
    {
      index: 1,
      id: 'case-7/4',
      result: 'invalid',
      code: 'invalid-instant',
      field: 'at',
      message: 'at is not an ISO-8601 instant in UTC.',
      remedy: 'Send instants as "2026-11-21T08:30:00Z".',
    },
  ],
}

function examples(): Json {
  const files = readdirSync(examplesDir).sort()
  return Object.fromEntries(
    files.map((file) => [
      basename(file, '.json'),
      { value: JSON.parse(readFileSync(join(examplesDir, file), 'utf8')) },
    ]),
  )
}

/** Leaves a file alone that says the same already: formatting it is another tool's business. */
function write(path: string, content: Json): void {
  const file = join(root, path)
  if (existsSync(file) && isDeepStrictEqual(JSON.parse(readFileSync(file, 'utf8')), content)) return
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`)
  console.log(`wrote ${path}`)
}

if (import.meta.main) for (const [path, content] of Object.entries(generate())) write(path, content)
