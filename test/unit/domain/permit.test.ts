import { expect, it } from 'vitest'
import type { GateReport } from '#domain/gate.ts'
import { createPermit } from '#domain/permit.ts'

it('hands back what was not used and what was reported, once', async () => {
  const left: [readonly GateReport[], number][] = []
  const permit = createPermit(2, 3, async (reports, unused) => {
    left.push([[...reports], unused])
  })
  permit.take()
  permit.report(undefined)
  permit.report('Transient')
  await Promise.all([permit.leave(), permit.leave()])
  expect(left).toEqual([[[undefined, 'Transient'], 2]])
})

it('gives as many tokens as it holds', () => {
  const permit = createPermit(1, 2, async () => {})
  expect([permit.take(), permit.take(), permit.take(), permit.take()]).toEqual([true, true, false, false])
})
