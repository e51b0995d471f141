import * as z from 'zod'

/** A change to the copy of the templates that is deployed; the stacks themselves stay as they are. */
export interface Edit {
  /** What the emulator cannot take, or what a test wants to see. */
  readonly reason: string
  /** Of the resources it is about. */
  readonly type: string
  /** Changes the properties of one of them, and tells whether it did. */
  readonly apply: (properties: Record<string, unknown>, logicalId: string) => boolean
}

/** What the emulator cannot take. Whatever an entry touches, `npm run test:deploy` does not show. */
export const EDITS: readonly Edit[] = [
  {
    reason:
      'IAM grants the batch form of these actions with the action; MiniStack 1.5.33 asks for one of its own',
    type: 'AWS::IAM::Policy',
    apply: (properties) =>
      editStatements(properties, (statement) => {
        const batches = statement.Action.filter((action) => BATCHED.has(action)).map(
          (action) => `${action}Batch`,
        )
        return { ...statement, Action: [...statement.Action, ...batches] }
      }),
  },
]

const BATCHED = new Set(['sqs:SendMessage', 'sqs:DeleteMessage', 'sqs:ChangeMessageVisibility'])

const PolicySchema = z.looseObject({
  Statement: z.array(
    z.looseObject({
      Action: z.union([z.string(), z.array(z.string())]).transform((actions) => [actions].flat()),
    }),
  ),
})
type Statement = z.output<typeof PolicySchema>['Statement'][number]

/** Edits the statements of a policy resource; `undefined` takes one away. */
export function editStatements(
  properties: Record<string, unknown>,
  edit: (statement: Statement) => Statement | undefined,
): boolean {
  const before = PolicySchema.parse(properties['PolicyDocument'])
  const after = { ...before, Statement: before.Statement.flatMap((statement) => edit(statement) ?? []) }
  properties['PolicyDocument'] = after
  return JSON.stringify(after) !== JSON.stringify(before)
}
