import * as z from 'zod'
import {
  expression,
  HeaderNameSchema,
  HeadersSchema,
  MappingNameSchema,
  path,
  query,
  RulesSchema,
  SuccessSchema,
} from './rest-parts.ts'
import {
  RestAftersalesSchema,
  RestCommitmentsSchema,
  RestShipmentsSchema,
  RestStockSchema,
} from './rest-reads.ts'

/**
 * Settings of the `rest` adapter: any ERP with an HTTP/JSON API, described instead of programmed. Nothing here is secret,
 * and nothing is transformed, so that the JSON Schema for editors says the same.
 */

const DocumentSchema = z
  .strictObject({
    id: expression('the ERP’s own id of the document; by default body.id').optional(),
    no: expression('the number people know it by; by default body.no').optional(),
    state: expression('"live" or "cancelled"; by default what the call was for').optional(),
    step: expression('the last step it has reached; by default the step of the call').optional(),
  })
  .describe('How to read a document from an answer, over {status, headers, body, json, reference}')

const answerFields = {
  rules: RulesSchema.default([]),
  success: SuccessSchema.optional(),
  document: DocumentSchema.optional(),
}

const WriteMethodSchema = z.enum(['POST', 'PUT', 'PATCH', 'DELETE']).describe('HTTP method')

const PlaceSchema = z
  .strictObject({
    method: WriteMethodSchema.default('POST'),
    path: path('reference'),
    query: query('reference').default({}),
    headers: HeadersSchema.default({}),
    mapping: MappingNameSchema.default('default').describe(
      'What is sent: a .jsonata file beside the configuration, or "default", the built-in document',
    ),
    ...answerFields,
  })
  .refine(({ mapping }) => mapping !== 'none', {
    path: ['mapping'],
    error: 'must say what the document looks like: not "none"',
  })

const changeFields = {
  method: WriteMethodSchema,
  path: path('reference', 'id', 'no'),
  query: query('reference', 'id', 'no').default({}),
  headers: HeadersSchema.default({}),
  ...answerFields,
}

const StepSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,30}$/, { error: 'is not a short name such as "confirm"' })
    .refine((name) => name !== 'create', { error: 'is the name of the first step, which is "place"' })
    .describe('Name of the step in the ledger, e.g. "confirm"'),
  mapping: MappingNameSchema.default('none').describe('What is sent with it; by default no body'),
  ...changeFields,
})

const AmendSchema = z
  .strictObject({
    mapping: MappingNameSchema.optional().describe('What is sent; by default the same as for "place"'),
    ...changeFields,
  })
  .refine(({ mapping }) => mapping !== 'none', {
    path: ['mapping'],
    error: 'must say what the document looks like now: not "none"',
  })

const CancelSchema = z
  .strictObject({
    mapping: MappingNameSchema.default('none').describe(
      'What is sent, over {reference, document, reason}; by default no body',
    ),
    ...changeFields,
  })
  .refine(({ mapping }) => mapping !== 'default', {
    path: ['mapping'],
    error: 'has no built-in form: name a file or "none"',
  })

const FindSchema = z
  .strictObject({
    method: z
      .enum(['GET', 'POST'])
      .default('GET')
      .describe('HTTP method; POST where the ERP is queried with a body'),
    path: path('reference'),
    query: query('reference').default({}),
    headers: HeadersSchema.default({}),
    mapping: MappingNameSchema.default('none').describe(
      'The query as a body, over {reference}; only with POST',
    ),
    rules: RulesSchema.default([]),
    success: SuccessSchema.optional(),
    absent: expression(
      'true only when the answer proves that there is no such document; by default a 404, or an empty array. E.g. "status = 404 or body.items = []"',
    ).optional(),
    documents: expression(
      'the documents in the answer: {id, no?, reference?, state: "live" | "cancelled", step?, identity?, content?} or an array of them',
    ),
  })
  .refine(({ mapping }) => mapping !== 'default', {
    path: ['mapping'],
    error: 'has no built-in form: name a file or "none"',
  })
  .refine(({ method, mapping }) => method !== 'GET' || mapping === 'none', {
    path: ['mapping'],
    error: 'cannot be sent with GET: use "query", or the method POST',
  })
export type FindOperation = z.infer<typeof FindSchema>

const stepsField = z
  .array(StepSchema)
  .default([])
  .describe('Further steps of a creation, in order, e.g. confirm')

const changesOfIt = {
  amend: AmendSchema.optional().describe(
    'Changes it. Without it: by "place" where that is an upsert, else not at all',
  ),
  cancel: CancelSchema.optional().describe('Cancels it. Without it, cancellations are parked'),
  find: FindSchema.optional().describe(
    'Looks it up by reference. Without it, an unanswered create may need a person',
  ),
}

const IdempotencySchema = z.enum(['upsert', 'unique-reference', 'request-key', 'none'])
const idempotencyHeaderField = HeaderNameSchema.optional().describe(
  'Header of a create that carries the key of the request',
)

const RestKindSchema = z
  .strictObject({
    idempotency: IdempotencySchema.optional().describe('By default that of the target'),
    idempotencyHeader: idempotencyHeaderField,
    operations: z
      .strictObject({
        place: PlaceSchema.describe('Creates the document: the step "create"'),
        steps: stepsField,
        ...changesOfIt,
      })
      .describe('The calls for documents of this kind'),
    answers: z
      .strictObject(answerFields)
      .prefault({})
      .describe(
        'How their answers are read; an operation’s own settings come first, those of the target last',
      ),
  })
  // Written once in the JSON Schema, not once a kind.
  .meta({ id: 'RestKind' })
export type RestKind = z.infer<typeof RestKindSchema>

/** A write as configured, whichever it is. */
export type WriteOperation =
  | z.infer<typeof PlaceSchema>
  | z.infer<typeof StepSchema>
  | z.infer<typeof AmendSchema>
  | z.infer<typeof CancelSchema>

const HttpUrlSchema = z
  .url({ protocol: /^https?$/, error: 'is not an http(s) address, e.g. "https://erp.example.com/api"' })
  .refine((url) => !/^[a-z]+:\/\/[^/]*@/i.test(url), {
    error: 'holds a user name: use "auth" and `npm run sync -- secret put`',
  })
  .refine((url) => !/[?#]/.test(url), { error: 'holds "?" or "#": parameters go under "query"' })

const AuthSchema = z
  .discriminatedUnion('type', [
    z.strictObject({ type: z.literal('none').describe('No credentials') }),
    z.strictObject({ type: z.literal('basic').describe('Basic; secrets: username, password') }),
    z.strictObject({ type: z.literal('bearer').describe('A fixed bearer token; secret: token') }),
    z.strictObject({
      type: z.literal('apiKey').describe('A key in a header; secret: apiKey'),
      header: HeaderNameSchema.describe('The header that carries the key'),
      prefix: z.string().default('').describe('Text before the key, e.g. "token "'),
    }),
    z.strictObject({
      type: z.literal('oauth2').describe('OAuth 2 client credentials; secrets: clientId, clientSecret'),
      tokenUrl: HttpUrlSchema.describe('Where a token is fetched'),
      scope: z.string().optional().describe('Scopes, separated by spaces'),
      audience: z.string().optional().describe('Audience, where the ERP wants one'),
      credentials: z
        .enum(['body', 'basic'])
        .default('body')
        .describe('How the client names itself to tokenUrl'),
    }),
    z.strictObject({
      type: z
        .literal('hmac')
        .describe('A signature over each request; secrets: secret, and keyId where it is sent'),
      algorithm: z.enum(['sha256', 'sha1', 'md5']).default('sha256').describe('Hash function'),
      keyed: z
        .boolean()
        .default(true)
        .describe('true = HMAC with the secret; false = a plain hash of a string that names `secret` itself'),
      encoding: z.enum(['hex', 'HEX', 'base64']).default('hex').describe('How the signature is written'),
      sign: expression(
        'the string to sign, over {method, path, query, body, timestamp, nonce, keyId}',
      ).default('$join([method, path, timestamp, nonce, body], "\\n")'),
      timestamp: z.enum(['epoch', 'epochMs', 'iso']).default('epoch').describe('How the time is written'),
      headers: z
        .strictObject({
          signature: HeaderNameSchema.describe('Carries the signature'),
          timestamp: HeaderNameSchema.optional().describe('Carries the time'),
          nonce: HeaderNameSchema.optional().describe('Carries a value used once'),
          keyId: HeaderNameSchema.optional().describe('Carries the secret keyId, which names the key'),
        })
        .describe('Names of the headers'),
      prefix: z.string().default('').describe('Text before the signature'),
    }),
  ])
  .describe('How the ERP knows us. Values are put with `npm run sync -- secret put`, never written here')
export type RestAuth = z.infer<typeof AuthSchema>

const isLocal = (url: string) => /^http:\/\/(127\.0\.0\.1|localhost|\[::1\])([:/]|$)/.test(url)
const isPlain = (url: string) => url.startsWith('http:') && !isLocal(url)

export const RestTargetSchema = z
  .strictObject({
    baseUrl: HttpUrlSchema.describe(
      'Address all paths are appended to, e.g. "https://erp.example.com/api/v1"',
    ),
    allowPlainHttp: z
      .boolean()
      .default(false)
      .describe('Permits http:// beyond this machine, e.g. inside a VPN'),
    headers: HeadersSchema.default({}).describe('Sent with every call'),
    auth: AuthSchema.default({ type: 'none' }),
    idempotency: IdempotencySchema.describe(
      'What makes a repeated create harmless in this ERP. upsert: the same reference overwrites; unique-reference: a second create is refused; request-key: the same request answers with its first result; none: it doubles',
    ),
    idempotencyHeader: idempotencyHeaderField,
    operations: z
      .strictObject({
        place: PlaceSchema.optional().describe(
          'Creates the order: the step "create". Without it, the target takes no orders',
        ),
        steps: stepsField,
        ...changesOfIt,
        stock: RestStockSchema.optional().describe('Reads stock, for the pools that draw on it'),
        commitments: RestCommitmentsSchema.optional().describe(
          'Reads what the ERP holds for orders of ours: reserved, shipped, cancelled',
        ),
        shipments: RestShipmentsSchema.optional().describe('Reads what has left the warehouse'),
        aftersales: RestAftersalesSchema.optional().describe('Reads how far returns and tickets have got'),
      })
      .prefault({})
      .describe('The calls of this ERP for orders, and what it is read for'),
    kinds: z
      .strictObject({
        customer: RestKindSchema.optional().describe('Members, and guests by their phone'),
        return: RestKindSchema.optional().describe('Goods that came back, and money given back'),
        ticket: RestKindSchema.optional().describe('What customers wrote to the shop'),
        parts: RestKindSchema.optional().describe('Spare parts that a service desk asks for'),
      })
      .prefault({})
      .describe(
        'The calls of this ERP for whatever else it takes; name each under "kinds" of the target too',
      ),
    answers: z
      .strictObject({
        ...answerFields,
        message: expression(
          'the ERP’s sentence in an error; by default body.message and its usual relatives',
        ).optional(),
      })
      .prefault({})
      .describe('How answers are read; an operation’s own settings come first'),
    maxAnswerBytes: z
      .int()
      .min(1024)
      .max(20_971_520)
      .default(1_048_576)
      .describe('A longer answer is not read'),
  })
  .superRefine((target, context) => {
    const objection = (message: string, ...path: (string | number)[]) =>
      context.addIssue({ code: 'custom', path, message })
    const plain = 'would send orders and credentials unencrypted: use https, or set allowPlainHttp'
    if (isPlain(target.baseUrl) && !target.allowPlainHttp) objection(plain, 'baseUrl')
    if (target.auth.type === 'oauth2' && isPlain(target.auth.tokenUrl) && !target.allowPlainHttp) {
      objection(plain, 'auth', 'tokenUrl')
    }
    const { kinds, operations } = target
    for (const [kind, of] of Object.entries({ order: undefined, ...kinds })) {
      const where = of ? ['kinds', kind] : []
      const { idempotency = target.idempotency, idempotencyHeader = target.idempotencyHeader } = of ?? {}
      if (idempotency === 'request-key' && idempotencyHeader === undefined) {
        const message = 'is needed with idempotency "request-key": the header that carries the key'
        objection(message, ...where, 'idempotencyHeader')
      }
      const names = (of?.operations ?? operations).steps.map(({ name }) => name)
      names.forEach((name, index) => {
        if (names.indexOf(name) !== index)
          objection(`names the step "${name}" a second time`, ...where, 'operations', 'steps', index, 'name')
      })
    }
    const { place, steps, amend, cancel, find } = operations
    if (!place && (amend || cancel || find || steps.length > 0))
      objection('is missing: nothing creates what the other operations change', 'operations', 'place')
    else if (!place && Object.values(kinds).every((kind) => kind === undefined))
      objection('is missing, and so is all under "kinds": this target takes nothing', 'operations', 'place')
    const names = steps.map(({ name }) => name)
    const reservesAt = operations.commitments?.reservesAt
    if (reservesAt !== undefined && !['create', ...names].includes(reservesAt)) {
      const message = `is none of the steps ${['create', ...names].join(', ')}`
      objection(message, 'operations', 'commitments', 'reservesAt')
    }
  })
export type RestTarget = z.infer<typeof RestTargetSchema>
export type RestKindName = keyof RestTarget['kinds']
