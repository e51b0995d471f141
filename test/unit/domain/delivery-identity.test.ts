import { describe, expect, it } from 'vitest'
import { dedupKeyOf, groupKeyOf } from '#domain/delivery-identity.ts'
import { aDelivery, anOrderSnapshot, aTombstone, snapshotOf, tombstoneOf } from '../../support/a-delivery.ts'

describe('the group of a message', () => {
  it('is shop, kind and raw identity', () => {
    expect(groupKeyOf(aDelivery())).toBe('A1|order|10086.1763712000')
  })

  it('is the same for an order and its tombstone', () => {
    const gone = aDelivery({ subject: tombstoneOf(aTombstone()) })
    expect(groupKeyOf(gone)).toBe(groupKeyOf(aDelivery()))
  })
})

describe('the deduplication key of a message', () => {
  it('is fixed by thing, version and content', () => {
    expect(dedupKeyOf(aDelivery())).toBe('A1|order|10086.1763712000|epoch-one|7|c0ffee')
  })

  it('does not know when or why a message was sent', () => {
    const again = aDelivery({ cause: 'sweep', firstSeenAt: '2026-11-22T08:30:00Z', correlationId: 'other' })
    expect(dedupKeyOf(again)).toBe(dedupKeyOf(aDelivery()))
  })

  it('differs for another order id', () => {
    const other = aDelivery({ subject: snapshotOf(anOrderSnapshot({ orderId: '10087' })) })
    expect(dedupKeyOf(other)).not.toBe(dedupKeyOf(aDelivery()))
  })
})
