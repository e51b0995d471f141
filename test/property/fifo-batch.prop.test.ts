import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Outcome } from '#domain/outcome.ts'
import { type BatchRecord, runFifoBatch } from '#runtime/fifo-batch.ts'

type Fate = 'done' | 'park' | 'retry' | 'throw' | 'unreadable'

const records = fc.array(
  fc.record({
    group: fc.constantFrom('a', 'b', 'c'),
    fate: fc.constantFrom<Fate>('done', 'done', 'park', 'retry', 'throw', 'unreadable'),
    waits: fc.nat(3),
  }),
  { maxLength: 10 },
)

const outcomes: Record<'done' | 'park' | 'retry', Outcome> = {
  done: { is: 'done', flavour: 'applied' },
  park: { is: 'park', code: 'refused' },
  retry: { is: 'retry', afterMs: 4_200, why: 'test' },
}

interface Run {
  readonly handled: { group: string; id: string }[]
  readonly staying: string[]
  readonly visibility: Map<string, number>
  readonly deadLetters: string[]
}

async function run(plan: readonly { group: string; fate: Fate; waits: number }[], room = 1e9): Promise<Run> {
  const result: Run = { handled: [], staying: [], visibility: new Map(), deadLetters: [] }
  const batch: BatchRecord[] = plan.map(({ group, fate }, index) => ({
    messageId: `m${index}`,
    receiptHandle: `m${index}`,
    groupId: group,
    body: `${index}:${fate}`,
  }))
  let now = 0
  const staying = await runFifoBatch<{ index: number; fate: Fate }>(batch, {
    parse: (body) => {
      const [index, fate] = body.split(':')
      return fate === 'unreadable' ? undefined : { index: Number(index), fate: fate as Fate }
    },
    handle: async ({ index, fate }) => {
      result.handled.push({ group: plan[index]?.group ?? '', id: `m${index}` })
      for (let turn = 0; turn < (plan[index]?.waits ?? 0); turn += 1) await new Promise(setImmediate)
      now += 1
      if (fate === 'throw') throw new Error('a bug')
      return fate === 'unreadable' ? outcomes.done : outcomes[fate]
    },
    correlationId: ({ index }) => `c${index}`,
    within: (_correlationId, work) => work(),
    deadLetter: async ({ messageId }) => void result.deadLetters.push(messageId),
    setVisibility: async (changes) => {
      for (const { receiptHandle, seconds } of changes) result.visibility.set(receiptHandle, seconds)
    },
    endsAt: room,
    longestRecordMs: 1,
    clock: { now: () => now },
    log: { info: () => {}, warn: () => {}, error: () => {} },
  })
  result.staying.push(...staying)
  return result
}

const stays = (fate: Fate) => fate === 'retry' || fate === 'throw'

describe('a batch of a FIFO queue', () => {
  it('keeps the order of every group under any failures, and stops a group at its first record to be tried again', async () => {
    await fc.assert(
      fc.asyncProperty(records, async (plan) => {
        const { handled, staying, visibility, deadLetters } = await run(plan)
        for (const group of ['a', 'b', 'c']) {
          const own = plan
            .map((item, index) => ({ ...item, id: `m${index}` }))
            .filter((item) => item.group === group)
          const stop = own.findIndex(({ fate }) => stays(fate))
          const reached = stop === -1 ? own : own.slice(0, stop + 1)
          expect(handled.filter((item) => item.group === group).map(({ id }) => id)).toEqual(
            reached.filter(({ fate }) => fate !== 'unreadable').map(({ id }) => id),
          )
          const rest = stop === -1 ? [] : own.slice(stop)
          expect(staying.filter((id) => own.some((item) => item.id === id))).toEqual(rest.map(({ id }) => id))
          expect(new Set(rest.map(({ id }) => visibility.get(id))).size).toBeLessThanOrEqual(1)
          expect(deadLetters.filter((id) => own.some((item) => item.id === id))).toEqual(
            reached.filter(({ fate }) => fate === 'unreadable').map(({ id }) => id),
          )
        }
        expect([...visibility.keys()].toSorted()).toEqual(staying.toSorted())
      }),
    )
  })

  it('waits in whole seconds, never shorter than asked', async () => {
    const { visibility } = await run([{ group: 'a', fate: 'retry', waits: 0 }])
    expect(visibility.get('m0')).toBe(5)
  })

  it('retries a bug so slowly that the dead-letter queue has it before retention ends, yet within it', async () => {
    const { visibility } = await run([{ group: 'a', fate: 'throw', waits: 0 }])
    const seconds = visibility.get('m0') ?? 0
    expect(seconds * 1_000).toBeLessThan(14 * 86_400)
    expect(seconds).toBeGreaterThanOrEqual(600)
  })

  it('does not start what it has no time to end, and gives it back at once', async () => {
    const plan = ['a', 'a', 'b'].map((group) => ({ group, fate: 'done' as const, waits: 0 }))
    const { handled, staying, visibility } = await run(plan, 0)
    expect(handled).toEqual([])
    expect(staying).toHaveLength(3)
    expect([...visibility.values()]).toEqual([0, 0, 0])
  })

  it('keeps a record whose dead-lettering failed', async () => {
    const staying = await runFifoBatch([{ messageId: 'm', receiptHandle: 'm', groupId: 'g', body: 'x' }], {
      parse: () => undefined,
      handle: async () => outcomes.done,
      correlationId: () => '',
      within: (_id, work) => work(),
      deadLetter: async () => {
        throw new Error('unreachable')
      },
      setVisibility: async () => {},
      endsAt: 10,
      longestRecordMs: 1,
      clock: { now: () => 0 },
      log: { info: () => {}, warn: () => {}, error: () => {} },
    })
    expect(staying).toEqual(['m'])
  })
})
