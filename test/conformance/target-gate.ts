import { beforeEach, describe, expect, it } from 'vitest'
import type { GateLimits } from '#domain/gate.ts'
import type { Clock } from '#ports/runtime.ts'
import type { Entry, Permit, TargetGate } from '#ports/target-gate.ts'
import { ManualClock } from '../support/manual-clock.ts'

export const GATE_LIMITS: GateLimits = {
  slots: 4,
  perMinute: 600,
  leaseMs: 120_000,
  retryFloorMs: 30_000,
}

/** What every TargetGate does. `open` gives a maker of handles to one store, as several workers hold them. */
export function targetGateConformance(
  engine: string,
  open: (deps: { clock: Clock; limits: (target: string) => GateLimits }) => Promise<() => TargetGate>,
): void {
  describe(`the gate of a target on ${engine}`, () => {
    let clock: ManualClock
    let worker: () => TargetGate
    let gate: TargetGate

    beforeEach(async () => {
      clock = new ManualClock()
      worker = await open({
        clock,
        limits: (target) => (target === 'slow' ? { ...GATE_LIMITS, perMinute: 6 } : GATE_LIMITS),
      })
      gate = worker()
    })

    const enter = async (want = 1): Promise<Permit> => admitted(await gate.enter('erp-one', want))
    const fail = async (permit: Permit, failure: 'Transient' | 'AuthDenied', times = 1) => {
      for (let count = 0; count < times; count += 1) permit.report(failure)
      await permit.leave()
    }

    it('is closed by nothing at first', async () => {
      expect(await gate.state('erp-one')).toEqual({ breaker: 'closed' })
    })

    it('gives at most its slots, and gives them again after a leave', async () => {
      const first = await enter(3)
      const second = await enter(10)
      expect([first.slots, second.slots]).toEqual([3, 1])
      expect(await gate.enter('erp-one', 1)).toMatchObject({ open: false, why: 'slots' })
      await first.leave()
      expect((await enter(10)).slots).toBe(3)
    })

    it('is shared by all workers', async () => {
      await enter(4)
      expect(await worker().enter('erp-one', 1)).toMatchObject({ open: false, why: 'slots' })
    })

    it('never exceeds its slots when thirty workers race', async () => {
      const entries = await Promise.all(Array.from({ length: 30 }, () => worker().enter('erp-one', 1)))
      expect(entries.filter((entry) => entry.open)).toHaveLength(4)
      for (const entry of entries) if (!entry.open) expect(entry.why).toBe('slots')
    })

    it('frees the slots of a worker that died when its lease ends', async () => {
      await enter(4)
      clock.advance(GATE_LIMITS.leaseMs)
      expect((await enter(4)).slots).toBe(4)
    })

    it('gives the tokens of three calls for each record, once', async () => {
      const permit = await enter(2)
      expect(Array.from({ length: 7 }, () => permit.take())).toEqual([
        true,
        true,
        true,
        true,
        true,
        true,
        false,
      ])
    })

    it('closes for the rate, says when it opens, and opens then', async () => {
      const permit = admitted(await gate.enter('slow', 10))
      while (permit.take());
      await permit.leave()
      expect(await gate.enter('slow', 1)).toEqual({ open: false, why: 'rate', retryAfterMs: 10_000 })
      clock.advance(9_999)
      expect(await gate.enter('slow', 1)).toEqual({ open: false, why: 'rate', retryAfterMs: 1 })
      clock.advance(1)
      expect(await gate.enter('slow', 1)).toMatchObject({ open: true })
    })

    it('gets back the tokens that a batch did not use', async () => {
      const permit = admitted(await gate.enter('slow', 10))
      permit.take()
      await permit.leave()
      const next = admitted(await gate.enter('slow', 10))
      let tokens = 0
      while (next.take()) tokens += 1
      expect(tokens).toBe(5)
    })

    it('keeps one target’s calls from another’s', async () => {
      await fail(await enter(4), 'AuthDenied')
      expect(await gate.enter('erp-two', 4)).toMatchObject({ open: true })
    })

    describe('the breaker', () => {
      it('opens after five outages in a row, over several batches', async () => {
        await fail(await enter(), 'Transient', 3)
        await fail(await enter(), 'Transient', 1)
        expect(await gate.state('erp-one')).toEqual({ breaker: 'closed' })
        await fail(await enter(), 'Transient', 1)
        expect(await worker().state('erp-one')).toEqual({
          breaker: 'open',
          since: clock.now(),
          why: 'Transient',
          retryAt: clock.now() + 30_000,
        })
        expect(await gate.enter('erp-one', 1)).toEqual({ open: false, why: 'breaker', retryAfterMs: 30_000 })
      })

      it('opens at the first refusal of the credentials', async () => {
        await fail(await enter(), 'AuthDenied')
        expect(await gate.state('erp-one')).toMatchObject({ breaker: 'open', why: 'AuthDenied' })
      })

      it('admits one probe among twenty workers, and closes when it succeeds', async () => {
        await fail(await enter(), 'AuthDenied')
        clock.advance(30_000)
        const entries = await Promise.all(Array.from({ length: 20 }, () => worker().enter('erp-one', 10)))
        const probes = entries.filter((entry) => entry.open)
        expect(probes).toHaveLength(1)
        const [probe] = probes
        expect(probe?.permit.slots).toBe(1)
        expect(await gate.state('erp-one')).toMatchObject({ breaker: 'probing' })
        probe?.permit.report(undefined)
        await probe?.permit.leave()
        expect(await gate.state('erp-one')).toEqual({ breaker: 'closed' })
        expect((await enter(10)).slots).toBe(4)
      })

      it('pauses twice as long when the probe fails', async () => {
        await fail(await enter(), 'AuthDenied')
        clock.advance(30_000)
        await fail(await enter(), 'Transient')
        expect(await gate.enter('erp-one', 1)).toMatchObject({ retryAfterMs: 60_000 })
      })

      it('sends another probe when the first one died', async () => {
        await fail(await enter(), 'AuthDenied')
        clock.advance(30_000)
        await enter()
        clock.advance(GATE_LIMITS.leaseMs - 1)
        expect(await gate.enter('erp-one', 1)).toMatchObject({ open: false, why: 'breaker' })
        clock.advance(1)
        expect((await enter()).slots).toBe(1)
      })
    })

    it('counts a leave once', async () => {
      const permit = await enter(4)
      for (let count = 0; count < 4; count += 1) permit.report('Transient')
      await permit.leave()
      await permit.leave()
      expect(await gate.state('erp-one')).toEqual({ breaker: 'closed' })
    })

    it('lets everybody leave who entered at once', async () => {
      const permits = await Promise.all(Array.from({ length: 4 }, () => enter()))
      await Promise.all(permits.map((permit) => permit.leave()))
      expect((await enter(4)).slots).toBe(4)
    })

    describe('the brake on tombstones', () => {
      it('allows an hour’s allowance per shop', async () => {
        const allowed = await Promise.all(Array.from({ length: 30 }, () => worker().allowTombstone('A1', 20)))
        expect(allowed.filter(Boolean)).toHaveLength(20)
        expect(await gate.allowTombstone('B2', 20)).toBe(true)
        expect(await gate.allowTombstone('A1', 20)).toBe(false)
      })

      it('is released by the next hour', async () => {
        await gate.allowTombstone('A1', 1)
        expect(await gate.allowTombstone('A1', 1)).toBe(false)
        clock.advance(3_600_000)
        expect(await gate.allowTombstone('A1', 1)).toBe(true)
      })
    })
  })
}

function admitted(entry: Entry): Permit {
  if (!entry.open) throw new Error(`the gate is closed: ${entry.why}`)
  return entry.permit
}
