import { STEP_PROBLEMS, type StepProblemCode, type StepResult } from '#contracts/progress-callback.ts'
import { fieldPath, type Issue, valueAt } from './event-fault.ts'

type StepFault = Required<Pick<StepResult, 'code' | 'message' | 'remedy'>> & Pick<StepResult, 'field'>

export function stepFault(code: StepProblemCode, field?: string): StepFault {
  const { message, remedy } = STEP_PROBLEMS[code]
  return { code, ...(field && { field }), message: `${field || 'The step'} ${message}.`, remedy }
}

/** What the sender is told of the first thing that does not fit the contract. */
export function stepFaultOfIssue(issue: Issue, step: unknown): StepFault {
  return stepFault(codeOf(issue, step), fieldPath(issue.path))
}

const SCALAR_CODES = ['invalid-money', 'invalid-instant', 'invalid-text'] as const

function codeOf({ code, path, message }: Issue, step: unknown): StepProblemCode {
  if (path.length > 0 && valueAt(step, path) === undefined) return 'missing-field'
  const scalar = SCALAR_CODES.find((candidate) => STEP_PROBLEMS[candidate].message === message)
  return scalar ?? (code === 'invalid_type' ? 'wrong-type' : 'invalid-value')
}
