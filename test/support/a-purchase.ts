import type { Purchase } from '#contracts/purchase.ts'

/** A blender bought in March and under warranty for a year. */
export function aPurchase(change: Partial<Purchase> = {}): Purchase {
  return {
    orderReference: 'ECdemo-2026030101001-rt',
    orderSn: '2026030101001',
    recId: '501',
    sku: 'BLD-01',
    model: 'BLD',
    name: '样例搅拌机',
    specification: '颜色:白',
    quantity: 1,
    purchasedAt: '2026-03-01T02:00:00Z',
    channel: '本站',
    shippedAt: '2026-03-02T03:00:00Z',
    serials: ['SN-0001'],
    warranty: { months: 12, startsOn: '2026-03-02', endsOn: '2027-03-01' },
    ...change,
  }
}
