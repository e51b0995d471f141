import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { OrderSchema } from '#contracts/order.ts'
import { OrderSnapshotSchema } from '#contracts/webhook.ts'
import { toOrder } from '#domain/to-order.ts'
import { arbitraryShopConfig, arbitrarySnapshot } from '../support/arbitrary-order.ts'

const sum = (amounts: readonly number[]): bigint =>
  amounts.reduce((total, amount) => total + BigInt(amount), 0n)

const order = fc
  .record({ snapshot: arbitrarySnapshot, config: arbitraryShopConfig })
  .map(({ snapshot, config }) => ({ snapshot, order: toOrder(snapshot, { id: 'A1', config }) }))

describe('toOrder', () => {
  it('is fed snapshots that fit the contract', () => {
    fc.assert(
      fc.property(arbitrarySnapshot, (snapshot) => {
        expect(OrderSnapshotSchema.parse(snapshot)).toEqual(snapshot)
      }),
    )
  })

  it('accounts for the total to the cent', () => {
    fc.assert(
      fc.property(order, ({ order: { lines, money } }) => {
        const net = sum(lines.map((line) => line.net))
        expect(net + BigInt(money.charges - money.unallocated + money.residual)).toBe(BigInt(money.total))
      }),
      { numRuns: 500 },
    )
  })

  it('shares the net of a package over its parts to the cent', () => {
    fc.assert(
      fc.property(order, ({ order: { lines } }) => {
        for (const { parts, net } of lines) {
          if (parts.length > 0) expect(sum(parts.map((part) => part.net))).toBe(BigInt(net))
          for (const part of parts) expect(part.net).toBeGreaterThanOrEqual(0)
        }
      }),
    )
  })

  it('never gives a line more discount than its amount, and a promotion neither amount nor discount of its own', () => {
    fc.assert(
      fc.property(order, ({ order: { lines } }) => {
        for (const { kind, amount, discount, net } of lines) {
          expect(discount).toBeGreaterThanOrEqual(0)
          expect(discount).toBeLessThanOrEqual(Math.max(0, amount))
          expect(net).toBe(kind === 'promotion' ? 0 : amount - discount)
        }
      }),
    )
  })

  it('leaves discount over only when every line is down to nothing', () => {
    fc.assert(
      fc.property(order, ({ order: { lines, money } }) => {
        fc.pre(money.unallocated > 0)
        expect(lines.map(({ net }) => net)).toEqual(lines.map(() => 0))
      }),
    )
  })

  it('keeps every line, in order, under its rec_id', () => {
    fc.assert(
      fc.property(order, ({ snapshot, order: { lines } }) => {
        expect(lines.map(({ recId }) => recId)).toEqual(snapshot.lines.map(({ rec_id }) => rec_id))
      }),
    )
  })

  it('makes an order that survives the queue unchanged', () => {
    fc.assert(
      fc.property(order, ({ order }) => {
        const body = JSON.stringify(z.encode(OrderSchema, order))
        expect(OrderSchema.parse(JSON.parse(body))).toEqual(order)
      }),
    )
  })

  it('has no negative zero, which would not equal itself after the queue', () => {
    fc.assert(
      fc.property(order, ({ order: { lines, money } }) => {
        const amounts = [
          ...Object.values(money),
          ...lines.flatMap(({ amount, discount, net, unitPrice, parts }) => [
            amount,
            discount,
            net,
            unitPrice,
            ...parts.map((part) => part.net),
          ]),
        ]
        expect(amounts.filter((amount) => Object.is(amount, -0))).toEqual([])
      }),
    )
  })

  it('gives the same order for the same snapshot', () => {
    fc.assert(
      fc.property(arbitrarySnapshot, arbitraryShopConfig, (snapshot, config) => {
        const shop = { id: 'A1', config }
        expect(toOrder(structuredClone(snapshot), shop)).toEqual(toOrder(snapshot, shop))
      }),
    )
  })
})
