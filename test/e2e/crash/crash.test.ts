import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { anOrder } from '../../support/an-order.ts'
import type { FaultName } from '../../support/erp-double.ts'
import { Spine, type SpineOptions } from '../../support/spine.ts'
import type { Moment, Put } from '../../support/table-proxy.ts'

const order = (quantity = 1) => anOrder().paid().withLine({ goods_number: quantity }).snapshot()
const LONG = 240_000

async function inSpine(options: SpineOptions, play: (spine: Spine) => Promise<void>): Promise<void> {
  const spine = await Spine.start(options)
  try {
    await play(spine)
  } finally {
    await spine.stop()
  }
}

/** Runs `act` once, at the given write of a ledger row, when the spine is there. */
function once(at: Moment, act: (spine: Spine) => Promise<void> | void) {
  const holder: { spine?: Spine; done: boolean } = { done: false }
  const table = {
    at: async ({ write, when }: Moment) => {
      if (holder.done || !holder.spine || write !== at.write || when !== at.when) return
      holder.done = true
      await act(holder.spine)
    },
  }
  return { holder, table }
}

/** The writes of one placing: the claim with its intent, and the record. */
const moments: Moment[] = [1, 2].flatMap((write) =>
  (['before', 'after'] as const).map((when) => ({ write, when })),
)

describe.concurrent('a worker that dies', () => {
  for (const at of moments) {
    it(`${at.when} write ${at.write} of the row leaves one document`, { timeout: LONG }, async () => {
      const { holder, table } = once(at, (spine) => void spine.signal('SIGKILL'))
      await inSpine({ table }, async (spine) => {
        holder.spine = spine
        await spine.send(order())
        await spine.drained()
        expect(holder.done).toBe(true)
        expect(spine.erp.server.documents()).toHaveLength(1)
        expect(spine.live()).toMatchObject([{ quantity: 1 }])
      })
    })
  }

  for (const fault of ['hang-before-commit', 'hang-after-commit'] as const) {
    it(`in mid-call, the ERP in ${fault}, leaves one document`, { timeout: LONG }, async () => {
      await inSpine({ erp: { mode: 'none' }, rest: { idempotency: 'none' } }, async (spine) => {
        spine.erp.fail(fault, { op: 'place' })
        await spine.send(order())
        const called = () => spine.erp.calls.some(({ op }) => op === 'place')
        await spine.until(called, 'the ERP has the call')
        spine.signal('SIGKILL')
        await spine.drained()
        expect(spine.erp.server.documents()).toHaveLength(1)
      })
    })
  }
})

describe.concurrent('a worker that stands still past its lease and goes on', () => {
  for (const at of [
    ...moments,
    { write: 3, when: 'before' as const },
    { write: 3, when: 'after' as const },
  ]) {
    it(`at ${at.when} write ${at.write} of the row leaves one document with the newest content`, {
      timeout: LONG,
    }, async () => {
      const sleeping: number[] = []
      let forward = () => {}
      const { holder, table } = once(at, (spine) => {
        sleeping.push(...spine.signal('SIGSTOP'))
        return new Promise<void>((resolve) => {
          forward = resolve
        })
      })
      await inSpine({ table, erp: { mode: 'none' }, rest: { idempotency: 'none' } }, async (spine) => {
        holder.spine = spine
        await spine.send(order())
        await spine.until(() => sleeping.length > 0, 'the worker stands still')
        // What it had sent to the table arrives late; what it has not sent waits for it to wake up.
        if (at.when === 'after') forward()
        await spine.until(() => spine.live().length === 1, 'another worker takes over')
        await spine.send(order(2))
        await spine.until(() => spine.live()[0]?.quantity === 2, 'the edit arrives')
        forward()
        for (const pid of sleeping) process.kill(pid, 'SIGCONT')
        await spine.drained()
        await spine.send(order(1))
        await spine.until(() => spine.live()[0]?.quantity === 1, 'the edit back arrives')
        expect(spine.erp.server.documents()).toHaveLength(1)
      })
    })
  }
})

describe.concurrent('an ERP', () => {
  const cases: [FaultName, string][] = [
    ['hang-after-commit', 'commits and hangs'],
    ['hang-before-commit', 'hangs and does nothing'],
    ['reset-after-commit', 'commits and drops the connection'],
    ['truncated', 'commits and breaks off its answer'],
    ['html', 'commits and answers with a page'],
  ]
  for (const [fault, what] of cases) {
    it(`that ${what} ends up with one document`, { timeout: LONG }, async () => {
      await inSpine({ erp: { mode: 'none' }, rest: { idempotency: 'none' } }, async (spine) => {
        spine.erp.fail(fault, { op: 'place' })
        await spine.send(order())
        await spine.drained()
        expect(spine.erp.server.documents()).toHaveLength(1)
        spine.erp.fail(fault, { op: 'amend' })
        await spine.send(order(2))
        await spine.drained()
        expect(spine.live()).toMatchObject([{ quantity: 2 }])
        spine.erp.fail(fault, { op: 'cancel' })
        await spine.send(anOrder().cancelled().snapshot())
        await spine.drained()
        expect(spine.live()).toEqual([])
        expect(spine.erp.server.documents()).toHaveLength(1)
      })
    })
  }

  it('that commits after the look-up ends up with one document', { timeout: LONG }, async () => {
    await inSpine({ erp: { mode: 'none' }, rest: { idempotency: 'none' } }, async (spine) => {
      await spine.commitAfterLookUp('place', () => spine.send(order()))
      await spine.drained()
      expect(spine.erp.server.documents()).toHaveLength(1)
      await spine.commitAfterLookUp('amend', () => spine.send(order(2)))
      await spine.drained()
      expect(spine.live()).toMatchObject([{ quantity: 2 }])
      await spine.commitAfterLookUp('cancel', () => spine.send(anOrder().cancelled().snapshot()))
      await spine.drained()
      expect(spine.live()).toEqual([])
      expect(spine.erp.server.documents()).toHaveLength(1)
    })
  })
})

/** The same story with one rule taken out on the wire. Each must end wrong, or the rule would be untested. */
describe.concurrent('the tests above would fail', () => {
  const doubling = { erp: { mode: 'none' }, rest: { idempotency: 'none' } } as const

  it('without the intent', { timeout: LONG }, async () => {
    const forget = (row: string) => {
      const { intent: _intent, unsettledUntil: _until, ...rest } = z.looseObject({}).parse(JSON.parse(row))
      return JSON.stringify(rest)
    }
    const table = {
      rewrite: ({ Item, ...put }: Put): Put => ({
        ...put,
        Item: { ...Item, ...(Item.row ? { row: { S: forget(Item.row.S) } } : {}) },
      }),
    }
    await inSpine({ ...doubling, table }, async (spine) => {
      spine.erp.fail('held-commit', { op: 'place' })
      await spine.send(order())
      await spine.until(() => spine.erp.server.documents().length === 1, 'it is placed again')
      spine.erp.server.commitHeld()
      expect(spine.erp.server.documents()).toHaveLength(2)
    })
  })

  it('without the settle time', { timeout: LONG }, async () => {
    await inSpine({ ...doubling, settleSeconds: 0 }, async (spine) => {
      spine.erp.fail('held-commit', { op: 'place' })
      await spine.send(order())
      await spine.until(() => spine.erp.server.documents().length === 1, 'it is placed again')
      spine.erp.server.commitHeld()
      expect(spine.erp.server.documents()).toHaveLength(2)
    })
  })

  it('without the look-up', { timeout: LONG }, async () => {
    await inSpine(doubling, async (spine) => {
      spine.erp.fail(
        { commit: 'no', answer: { status: 200, body: { documents: [] } } },
        { op: 'find', times: 1_000 },
      )
      spine.erp.fail('hang-after-commit', { op: 'place' })
      await spine.send(order())
      await spine.drained()
      expect(spine.erp.server.documents()).toHaveLength(2)
    })
  })

  it('without the fence', { timeout: LONG }, async () => {
    const sleeping: number[] = []
    let forward = () => {}
    const { holder, table } = once({ write: 2, when: 'before' }, (spine) => {
      sleeping.push(...spine.signal('SIGSTOP'))
      return new Promise<void>((resolve) => {
        forward = resolve
      })
    })
    const unfenced = {
      ...table,
      rewrite: ({ ConditionExpression: _condition, ExpressionAttributeValues: _values, ...put }: Put): Put =>
        put,
    }
    await inSpine({ table: unfenced }, async (spine) => {
      holder.spine = spine
      await spine.send(order())
      await spine.until(() => sleeping.length > 0, 'the worker stands still')
      await spine.until(async () => spine.cloud.idle(), 'another worker takes over')
      await spine.send(order(2))
      await spine.until(() => spine.live()[0]?.quantity === 2, 'the edit arrives')
      await spine.drained()
      forward()
      for (const pid of sleeping) process.kill(pid, 'SIGCONT')
      await new Promise((resolve) => setTimeout(resolve, 4_000))
      await spine.send(order(1))
      await spine.drained()
      expect(spine.live()).toMatchObject([{ quantity: 2 }])
    })
  })
})
