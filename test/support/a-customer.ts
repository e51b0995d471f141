import type { Customer } from '#contracts/customer.ts'

/** A member with one address. */
export function aCustomer(change: Partial<Customer> = {}): Customer {
  return {
    shop: 'demo',
    userId: '12',
    guestKey: null,
    regTime: 1_763_500_000,
    registeredAt: '2025-11-18T21:06:40Z',
    timeZone: 'Asia/Shanghai',
    userName: 'demo-buyer',
    name: '样例买家',
    email: 'buyer@example.com',
    phone: '10000000000',
    otherPhones: [],
    sex: 'unknown',
    birthday: '',
    rank: null,
    addresses: [
      {
        addressId: '31',
        isDefault: true,
        name: '样例收货人',
        country: '中国',
        province: '江苏',
        city: '苏州',
        district: '样例区',
        regionIds: ['1', '16', '221', '1836'],
        address: '样例路 1 号 2 室',
        zipcode: '215000',
        phone: '10000000000',
        email: '',
        landmark: '',
      },
    ],
    sameAs: null,
    extra: {},
    ...change,
  }
}

/** Known only by the phone of an order. */
export function aGuest(change: Partial<Customer> = {}): Customer {
  return aCustomer({
    userId: null,
    guestKey: '0123456789abcdef',
    regTime: 0,
    registeredAt: null,
    userName: '',
    ...change,
  })
}
