/** What the demo shop sells, and to whom. Goods, people, places and numbers are invented. */
export interface Product {
  readonly goodsId: string
  /** `0` where the goods has no SKU rows: then its own code is the SKU. */
  readonly productId: string
  readonly goodsSn: string
  readonly sku: string
  readonly name: string
  readonly attributes: string
  /** Fen. */
  readonly price: number
}

export const PRODUCTS: readonly [Product, ...Product[]] = [
  {
    goodsId: '101',
    productId: '1011',
    goodsSn: 'TEA',
    sku: 'TEA-250',
    name: '高山绿茶礼盒',
    attributes: '规格:250 克',
    price: 12_800,
  },
  {
    goodsId: '102',
    productId: '1021',
    goodsSn: 'CUP',
    sku: 'CUP-WHITE',
    name: '手工白瓷杯',
    attributes: '颜色:白',
    price: 4_590,
  },
  {
    goodsId: '103',
    productId: '1031',
    goodsSn: 'TEE',
    sku: 'TEE-L',
    name: '纯棉 T 恤',
    attributes: '尺码:L',
    price: 9_900,
  },
  {
    goodsId: '104',
    productId: '0',
    goodsSn: 'LAMP-01',
    sku: 'LAMP-01',
    name: '护眼台灯',
    attributes: '',
    price: 19_905,
  },
]

/** What the lamp is mended with. No shop sells it; of the first the ERP has some, of the second none. */
export const SPARE_PARTS = [
  { sku: 'PART-SOCKET', onHand: 20 },
  { sku: 'PART-SHADE', onHand: 0 },
] as const

/** Goods somebody added to the shop and nobody told the ERP of. `no` makes its code unique. */
export function unknownProduct(no: number): Product {
  const sku = `NEW-${no}`
  return {
    goodsId: String(900_000 + no),
    productId: '0',
    goodsSn: sku,
    sku,
    name: '新品保温壶',
    attributes: '',
    price: 8_800,
  }
}

export interface Buyer {
  readonly userId: string
  readonly name: string
  readonly mobile: string
  readonly province: string
  readonly city: string
  readonly district: string
  readonly address: string
  readonly note: string
}

export const BUYERS: readonly [Buyer, ...Buyer[]] = [
  {
    userId: '11',
    name: '演示买家甲',
    mobile: '10000000011',
    province: '江苏',
    city: '苏州',
    district: '样例区',
    address: '样例路 1 号 2 室',
    note: '请放前台',
  },
  {
    userId: '12',
    name: '演示买家乙',
    mobile: '10000000012',
    province: '广东',
    city: '深圳',
    district: '示范区',
    address: '示范大道 34 号',
    note: '',
  },
  {
    userId: '0',
    name: '演示买家丙',
    mobile: '10000000013',
    province: '四川',
    city: '成都',
    district: '虚构区',
    address: '虚构街 5 号 <3 栋> & 后门',
    note: '周末送货 🙂',
  },
]

/** Fen, for every order alike. */
export const FREIGHT = 1_000
