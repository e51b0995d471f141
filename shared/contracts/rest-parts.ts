import * as z from 'zod'

/** What the calls of a `rest` target are described with, writes and reads alike. */

const SECRET_HEADER =
  /^(authorization|proxy-authorization|cookie|token|(x-)?(api-?key|auth-token|access-token|app-?secret))$/i

const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/
export const HeaderNameSchema = z.string().regex(HEADER_NAME, { error: 'is not the name of an HTTP header' })

export const HeadersSchema = z
  .record(
    z.string(),
    z.string().regex(/^[\x20-\x7e\t]*$/, { error: 'holds a character that no HTTP header may carry' }),
  )
  .superRefine((headers, context) => {
    for (const name of Object.keys(headers)) {
      const message = !HEADER_NAME.test(name)
        ? 'is not the name of an HTTP header'
        : SECRET_HEADER.test(name)
          ? 'would hold a secret: describe it under "auth" and put its value with `npm run sync -- secret put`'
          : undefined
      if (message) context.addIssue({ code: 'custom', path: [name], message })
    }
  })
  .describe('Fixed request headers, without secrets')

export const expression = (what: string) =>
  z
    .string()
    .min(1, { error: 'is empty: write a JSONata expression' })
    .max(10_000)
    .describe(`JSONata: ${what}`)

export const path = (...names: [string, ...string[]]) =>
  z
    .string()
    .regex(new RegExp(`^/([^{}?#\\s\\\\]|\\{(${names.join('|')})\\})*$`), {
      error: `is not a path beginning with "/", whose only placeholders are ${names.map((name) => `{${name}}`).join(', ')}; parameters go under "query"`,
    })
    .refine((text) => !/\/\.{1,2}(\/|$)/.test(text), { error: 'holds "." or ".." as a segment' })
    .describe(
      `Path under baseUrl; ${names.map((name) => `{${name}}`).join(', ')} are filled in percent-encoded`,
    )

export const query = (...names: [string, ...string[]]) =>
  z
    .record(
      z.string().min(1),
      z.string().regex(new RegExp(`^([^{}]|\\{(${names.join('|')})\\})*$`), {
        error: `has a placeholder other than ${names.map((name) => `{${name}}`).join(', ')}`,
      }),
    )
    .describe('Query parameters, in this order')

export const MappingNameSchema = z.string().regex(/^(default|none|(?![/.])(?!.*\.\.)[^\\:]+\.jsonata)$/, {
  error:
    'is not "default", "none" or a file ending in .jsonata beside the configuration, e.g. "mappings/order.jsonata"',
})

/** The classes a rule may give an answer; `Success` is for an ERP that says "already done" as an error. */
export const AnswerClassSchema = z.enum([
  'Success',
  'AuthExpired',
  'AuthDenied',
  'RateLimited',
  'Transient',
  'Contended',
  'UnknownOutcome',
  'DuplicateRef',
  'MissingReference',
  'Invalid',
  'StateConflict',
  'NotFound',
  'Misconfigured',
  'Unsupported',
  'Protocol',
])

const RuleSchema = z.strictObject({
  when: expression('true for the answers meant, over {status, headers, body, json, reference}'),
  class: AnswerClassSchema.describe('What such an answer means to the delivery'),
  subject: expression('the SKU, customer, region … that is missing').optional(),
  field: expression('the field the ERP objects to').optional(),
  message: expression('the ERP’s sentence').optional(),
})
export type AnswerRule = z.infer<typeof RuleSchema>

export const RulesSchema = z
  .array(RuleSchema)
  .describe('Tried in order before anything else; the first that is true decides')

export const SuccessSchema = expression(
  'true when the answer confirms the call, over {status, headers, body, json, reference}; by default any 2xx',
)
