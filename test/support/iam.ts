import * as z from 'zod'

/** A statement as far as it is understood here. */
export interface Statement {
  readonly effect: 'Allow' | 'Deny'
  readonly actions: readonly string[]
  readonly resources: readonly string[]
  /** Of a resource policy only: whom it speaks about. */
  readonly principals?: readonly string[]
  /** It speaks about requests with, or without, TLS only. */
  readonly secureTransport?: boolean
}

export interface IamRequest {
  /** ARN of the role or user. */
  readonly principal: string
  readonly action: string
  readonly resource: string
  /** Default: over TLS, as every SDK calls AWS. */
  readonly secureTransport?: boolean
}

export interface Policies {
  /** Attached to the role. */
  readonly identity: readonly Statement[]
  /** Attached to the resource of the request, in the role's account. */
  readonly resource: readonly Statement[]
}

export type Verdict = 'allowed' | 'implicitly denied' | 'explicitly denied'

/** A policy says something that is not implemented here: no answer is better than a guessed one. */
export class PolicyNotUnderstood extends Error {
  override readonly name = 'PolicyNotUnderstood'
}

const listOf = <T extends z.ZodType<string>>(text: T) =>
  z.union([text.transform((one) => [one]), z.array(text).min(1)])

const ActionSchema = z.string().regex(/^(\*|[a-z0-9-]+:[a-z0-9*?]+)$/i, 'is no action')
const ResourceSchema = z
  .string()
  .regex(/^(\*$|arn:)/, 'is no ARN')
  .refine((arn) => !/\$\{/.test(arn), 'policy variables are not implemented')
const ConditionSchema = z.strictObject({
  Bool: z.strictObject({ 'aws:SecureTransport': z.enum(['true', 'false']) }),
})
const PrincipalSchema = z.union([
  z.literal('*').transform(() => ['*']),
  z
    .strictObject({ AWS: listOf(z.string().regex(/^(\*|arn:[^:]+:iam::\d{12}:(role|user)\/.+)$/)) })
    .transform(({ AWS }) => AWS),
  // Neither a role nor a user is a service.
  z.strictObject({ Service: listOf(z.string()) }).transform((): string[] => []),
])

const elements = {
  Sid: z.string().optional(),
  Effect: z.enum(['Allow', 'Deny']),
  Action: listOf(ActionSchema),
  Resource: listOf(ResourceSchema),
  Condition: ConditionSchema.optional(),
}
const documentOf = <T extends z.ZodType>(statement: T) =>
  z.strictObject({
    // Older versions read variables in another way.
    Version: z.literal('2012-10-17'),
    Id: z.string().optional(),
    Statement: z.union([z.array(statement), statement.transform((one) => [one])]),
  })
const IdentityPolicySchema = documentOf(z.strictObject(elements))
const ResourcePolicySchema = documentOf(z.strictObject({ ...elements, Principal: PrincipalSchema }))

/** @throws {PolicyNotUnderstood} for any element, condition or principal that is not implemented. */
export const identityPolicy = (document: unknown): Statement[] =>
  understood(IdentityPolicySchema, document).Statement.map(statementOf)

/** @throws {PolicyNotUnderstood} as `identityPolicy` does. */
export const resourcePolicy = (document: unknown): Statement[] =>
  understood(ResourcePolicySchema, document).Statement.map((statement) => ({
    ...statementOf(statement),
    principals: statement.Principal,
  }))

function understood<T>(schema: z.ZodType<T>, document: unknown): T {
  const parsed = schema.safeParse(document)
  if (parsed.success) return parsed.data
  throw new PolicyNotUnderstood(`${z.prettifyError(parsed.error)}\n${JSON.stringify(document)}`)
}

function statementOf({
  Effect,
  Action,
  Resource,
  Condition,
}: z.output<typeof IdentityPolicySchema>['Statement'][number]): Statement {
  return {
    effect: Effect,
    actions: Action,
    resources: Resource,
    ...(Condition && { secureTransport: Condition.Bool['aws:SecureTransport'] === 'true' }),
  }
}

/** IAM's answer within one account, without boundaries, session policies and those of an organization. */
export function evaluate(request: IamRequest, { identity, resource }: Policies): Verdict {
  const applying = [...identity, ...resource].filter((statement) => applies(statement, request))
  if (applying.some(({ effect }) => effect === 'Deny')) return 'explicitly denied'
  return applying.length > 0 ? 'allowed' : 'implicitly denied'
}

function applies(statement: Statement, { principal, action, resource, secureTransport = true }: IamRequest) {
  const { actions, resources, principals } = statement
  return (
    actions.some((pattern) => actionMatches(pattern, action)) &&
    resources.some((pattern) => resourceMatches(pattern, resource)) &&
    (principals?.some((known) => known === '*' || known === principal) ?? true) &&
    (statement.secureTransport ?? secureTransport) === secureTransport
  )
}

function actionMatches(pattern: string, action: string): boolean {
  return new RegExp(`^${wild(pattern, '.')}$`, 'i').test(action)
}

/** A wildcard stays within its part of the ARN, except an asterisk at the end of a part. */
export function resourceMatches(pattern: string, arn: string): boolean {
  const parts = pattern
    .split(':')
    .map((part) => (part.endsWith('*') ? `${wild(part.slice(0, -1), '[^:]')}.*` : wild(part, '[^:]')))
  return new RegExp(`^${parts.join(':')}$`).test(arn)
}

/** As a regular expression; `any` is what one character may be. */
const wild = (pattern: string, any: string): string =>
  pattern
    .replace(/[^\w*?]/g, '\\$&')
    .replaceAll('?', any)
    .replaceAll('*', `${any}*`)
