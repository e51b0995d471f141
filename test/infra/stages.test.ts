import { describe, expect, it } from 'vitest'
import { checkStage, type Stage, stageNamed } from '../../infra/stages.ts'
import { UsageError } from '../../infra/usage-error.ts'
import { synthesized } from '../support/synthesized.ts'

const prod = stageNamed('prod')

describe('the times of a stage', () => {
  it.each(['demo', 'local', 'test', 'prod'])('fit together in %s', (name) => {
    expect(() => checkStage(stageNamed(name))).not.toThrow()
  })

  const unsafe: [what: string, change: Partial<Stage>, sentence: string][] = [
    [
      'a call that may outlive its function',
      { callDeadlineSeconds: 60 },
      'Stage prod is unsafe: the call deadline (60 s) must be shorter than the function timeout (60 s).',
    ],
    [
      'a function that may outlive its claim',
      { leaseSeconds: 60 },
      'Stage prod is unsafe: the function timeout (60 s) must be shorter than the lease (60 s).',
    ],
    [
      'a claim that outlives its message’s invisibility',
      { leaseSeconds: 361 },
      'Stage prod is unsafe: the lease (361 s) must not be longer than the visibility timeout (360 s).',
    ],
    [
      'a message that shows itself before six function timeouts',
      { visibilitySeconds: 359 },
      'Stage prod is unsafe: the visibility timeout (359 s) must be at least six function timeouts (360 s).',
    ],
    [
      'a call that may outlive its run',
      { runTimeoutSeconds: 20 },
      'Stage prod is unsafe: the call deadline (20 s) must be shorter than the timeout of a run (20 s).',
    ],
    [
      'a run that may outlive its lock',
      { runLeaseSeconds: 300 },
      'Stage prod is unsafe: the timeout of a run (300 s) must be shorter than its lease (300 s).',
    ],
  ]

  it.each(unsafe)('refuse %s', (_, change, sentence) => {
    expect(() => checkStage({ ...prod, ...change })).toThrow(new UsageError(sentence))
  })

  it('are checked before anything is synthesized', () => {
    expect(() => synthesized({ ...prod, leaseSeconds: 60 })).toThrow(/must be shorter than the lease/)
  })

  it('belong to a stage there is', () => {
    expect(() => stageNamed('staging')).toThrow(
      new UsageError('There is no stage "staging"; use --stage with one of local, test, prod.'),
    )
  })
})
