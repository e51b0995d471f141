import type { ShopConfig } from '#contracts/config.ts'
import type { Customer } from '#contracts/customer.ts'
import type { Order } from '#contracts/order.ts'
import type { CustomerSnapshot } from '#contracts/webhook-things.ts'
import { normalisedPhone } from './phone.ts'
import { customerReference } from './reference.ts'
import { regionsOf } from './regions.ts'
import { type Known, unknownFields } from './unknown-fields.ts'

/** A keyed hash of a phone: `ports/person-key.ts`. */
export type GuestKey = (phone: string) => string

/** The canonical customer of a member's snapshot. */
export function toCustomer(
  snapshot: CustomerSnapshot,
  shop: { readonly id: string; readonly config: Pick<ShopConfig, 'timeZone'> },
  guestKey: GuestKey,
): Customer {
  const addresses = snapshot.addresses.map((address) => toAddress(address, snapshot.address_id))
  const usual = addresses.find(({ isDefault }) => isDefault) ?? addresses[0]
  const phones = [snapshot.mobile_phone, usual?.phone ?? '', snapshot.home_phone, snapshot.office_phone]
    .map(normalisedPhone)
    .filter((phone) => phone !== '')
  const [phone = '', ...others] = new Set(phones)
  return {
    shop: shop.id,
    userId: snapshot.user_id,
    guestKey: null,
    regTime: snapshot.reg_time,
    registeredAt: snapshot.registered_at,
    timeZone: shop.config.timeZone,
    userName: snapshot.user_name,
    name: snapshot.alias || usual?.name || snapshot.user_name,
    email: snapshot.email,
    phone,
    otherPhones: others,
    sex: (['unknown', 'male', 'female'] as const)[snapshot.sex] ?? 'unknown',
    birthday: snapshot.birthday,
    rank:
      snapshot.user_rank === '0' && snapshot.rank_name === ''
        ? null
        : { id: snapshot.user_rank, name: snapshot.rank_name },
    addresses,
    sameAs: phone === '' ? null : customerReference(shop.id, { userId: null, guestKey: guestKey(phone) }),
    extra: unknownFields(snapshot, CUSTOMER_FIELDS),
  }
}

/** Whoever ordered without an account, known by the phone; undefined for a member, or where there is no phone to know by. */
export function toGuest(order: Order, guestKey: GuestKey): Customer | undefined {
  const { buyer, consignee } = order
  const phone = normalisedPhone(consignee.phone)
  if (buyer.userId !== null || phone === '') return undefined
  const other = normalisedPhone(consignee.tel)
  return {
    shop: order.shop,
    userId: null,
    guestKey: guestKey(phone),
    regTime: 0,
    registeredAt: null,
    timeZone: order.timeZone,
    userName: '',
    name: consignee.name,
    email: consignee.email,
    phone,
    otherPhones: other === '' || other === phone ? [] : [other],
    sex: 'unknown',
    birthday: '',
    rank: null,
    addresses: [
      {
        addressId: '0',
        isDefault: true,
        name: consignee.name,
        country: consignee.country,
        province: consignee.province,
        city: consignee.city,
        district: consignee.district,
        regionIds: consignee.regionIds,
        address: consignee.address,
        zipcode: consignee.zipcode,
        phone: consignee.phone,
        email: consignee.email,
        landmark: consignee.landmark,
      },
    ],
    sameAs: null,
    extra: {},
  }
}

function toAddress(
  address: CustomerSnapshot['addresses'][number],
  usual: string,
): Customer['addresses'][number] {
  return {
    addressId: address.address_id,
    isDefault: address.address_id === usual,
    name: address.consignee,
    ...regionsOf(address),
    address: address.address,
    zipcode: address.zipcode,
    phone: address.mobile || address.tel,
    email: address.email,
    landmark: address.sign_building,
  }
}

const CUSTOMER_FIELDS: Readonly<Partial<Record<Known<CustomerSnapshot>, true>>> = {
  user_id: true,
  user_name: true,
  email: true,
  alias: true,
  sex: true,
  birthday: true,
  mobile_phone: true,
  office_phone: true,
  home_phone: true,
  user_rank: true,
  rank_name: true,
  reg_time: true,
  registered_at: true,
  address_id: true,
  addresses: true,
}
