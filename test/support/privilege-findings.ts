import { evaluate, type IamRequest, resourceMatches } from './iam.ts'
import type { AwsCall, FunctionPermissions, Permissions } from './permissions.ts'

/**
 * What is wrong between what functions call and what their roles allow, a sentence each: a call that is denied, a grant
 * no call needs, a call that a function may make although only others do, and whatever a resource allows past the roles.
 * `made` are the recorded calls.
 */
export function privilegeFindings(permissions: Permissions, made: readonly AwsCall[]): string[] {
  const calls = distinct([...permissions.implied, ...made])
  const ofFunctions = permissions.functions.flatMap((lambda) => {
    const own = calls.filter(({ functionName }) => functionName === lambda.name)
    const foreign = calls.filter((call) => !own.some((mine) => isSame(mine, call)))
    const may = ({ action, resource }: AwsCall) => verdict(permissions, lambda, { action, resource })
    return [
      ...own
        .filter((call) => may(call) !== 'allowed')
        .map((call) => `${lambda.name} is ${may(call)} ${call.action} on ${call.resource}`),
      ...grants(lambda)
        .filter((grant) => !own.some((call) => isNeeded(grant, call)))
        .map(({ action, resource }) => `${lambda.name} never needs ${action} on ${resource}`),
      ...foreign
        .filter((call) => may(call) === 'allowed')
        .map((call) => `${lambda.name} may ${call.action} on ${call.resource}: only others do`),
    ]
  })
  const ofResources = permissions.resourceStatements
    .filter(({ effect, principals }) => effect === 'Allow' && principals?.length)
    .map(({ actions, resources }) => `The policy of ${resources.join()} allows ${actions.join()} by itself`)
  return [...ofFunctions, ...ofResources]
}

export function verdict(
  { resourceStatements }: Permissions,
  { role, statements }: FunctionPermissions,
  request: Omit<IamRequest, 'principal'>,
) {
  return evaluate({ principal: role, ...request }, { identity: statements, resource: resourceStatements })
}

interface Grant {
  readonly action: string
  readonly resource: string
}

/** What a role allows, each action on each resource by itself. */
const grants = ({ statements }: FunctionPermissions): Grant[] =>
  statements
    .filter(({ effect }) => effect === 'Allow')
    .flatMap(({ actions, resources }) =>
      resources.flatMap((resource) => actions.map((action) => ({ action, resource }))),
    )

/** An action by wildcard is never needed: it allows more than the one that is called. */
const isNeeded = (grant: Grant, call: AwsCall) =>
  grant.action.toLowerCase() === call.action.toLowerCase() && resourceMatches(grant.resource, call.resource)

const isSame = (one: Omit<AwsCall, 'functionName'>, other: Omit<AwsCall, 'functionName'>) =>
  one.action === other.action && one.resource === other.resource

const distinct = (calls: readonly AwsCall[]): AwsCall[] => [
  ...new Map(
    calls.map((call) => [`${call.functionName} ${call.action} ${call.resource}`, call] as const),
  ).values(),
]
