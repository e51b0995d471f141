import type { ShopDatabase } from './shop-database.ts'

/** What every test shop holds, invented. The codes of its goods are unambiguous but for TWICE. */
export const SEED = {
  goods: {
    /** Without SKU rows. */
    flask: { goods_id: 1, sku: 'ECS000001', price: '50.00', name: '保温杯 500ml' },
    /** With two SKU rows. */
    shirt: {
      goods_id: 2,
      sn: 'ECS000002',
      price: '99.00',
      name: '纯棉T恤',
      red: { product_id: 1, sku: 'TS-RED', attr: '颜色:红色 \n', attr_id: '1' },
      blue: { product_id: 2, sku: 'TS-BLUE', attr: '颜色:蓝色[10] \n', attr_id: '2' },
    },
    towel: { goods_id: 3, sku: 'ECS000003', price: '20.00', name: '毛巾' },
    /** Virtual: is_real = 0. */
    voucher: { goods_id: 4, sku: 'ECS000004', price: '30.00', name: '电子券' },
    /** Two goods bear this code. */
    twins: { goods_ids: [5, 6], sku: 'TWICE', price: '5.00' },
  },
  /** One flask and two towels. */
  package: { act_id: 1, price: '60.00', name: '杯巾套装' },
  member: { user_id: 1, user_name: 'zhangsan', address_id: 1 },
  region: { country: 1, province: 2, city: 3, district: 4 },
  shipping: { express: 1, flat: 2 },
  payment: { balance: 1, bank: 2, cod: 3, gateway: 4 },
  /** In the columns that nobody may read; no answer, log or error holds any of it. */
  secrets: ['a-member-password', 'a-salt', 'an-answer', 'a-gateway-key', 'a-card-password', 'a-certificate'],
} as const

const [PASSWORD, SALT, ANSWER, GATEWAY_KEY, CARD_PASSWORD, CERTIFICATE] = SEED.secrets

/** @param now raw, as gmtime() stores it */
export async function seedShop(
  sql: ShopDatabase,
  now: number,
  options: { readonly version: string; readonly stockMode: 'shipment' | 'placement' | 'none' },
): Promise<void> {
  for (const [region_id, parent_id, region_name, region_type] of [
    [1, 0, '中国', 0],
    [2, 1, '浙江', 1],
    [3, 2, '杭州', 2],
    [4, 3, '西湖区', 3],
  ] as const)
    await sql.insert('region', { region_id, parent_id, region_name, region_type })
  for (const [shipping_id, shipping_code, shipping_name] of [
    [1, 'sf_express', '顺丰速运'],
    [2, 'flat', '市内快递'],
  ] as const)
    await sql.insert('shipping', {
      shipping_id,
      shipping_code,
      shipping_name,
      shipping_desc: '',
      insure: '0',
      support_cod: 1,
      enabled: 1,
      shipping_print: '',
      shipping_order: 0,
    })
  for (const [pay_id, pay_code, pay_name, is_cod, is_online] of [
    [1, 'balance', '余额支付', 0, 1],
    [2, 'bank', '银行汇款', 0, 0],
    [3, 'cod', '货到付款', 1, 0],
    [4, 'alipay', '<b>支付宝</b>', 0, 1],
  ] as const)
    await sql.insert('payment', {
      pay_id,
      pay_code,
      pay_name,
      pay_fee: '0',
      pay_desc: '',
      pay_config: GATEWAY_KEY,
      enabled: 1,
      is_cod,
      is_online,
    })
  for (const [goods_id, goods_sn, goods_name, goods_number, shop_price, is_real] of [
    [1, 'ECS000001', '保温杯 500ml', 100, '50.00', 1],
    [2, 'ECS000002', '纯棉T恤', 200, '99.00', 1],
    [3, 'ECS000003', '毛巾', 100, '20.00', 1],
    [4, 'ECS000004', '电子券', 10, '30.00', 0],
    [5, 'TWICE', '双胞胎甲', 10, '5.00', 1],
    [6, 'TWICE', '双胞胎乙', 10, '5.00', 1],
  ] as const)
    await sql.insert('goods', {
      goods_id,
      goods_sn,
      goods_name,
      goods_number,
      market_price: shop_price,
      shop_price,
      goods_weight: '0.500',
      goods_desc: '',
      is_real,
      extension_code: is_real ? '' : 'virtual_card',
      is_on_sale: 1,
      is_alone_sale: 1,
      add_time: now,
      last_update: now,
      goods_type: goods_id === 2 ? 1 : 0,
    })
  await sql.insert('attribute', {
    attr_id: 1,
    cat_id: 1,
    attr_name: '颜色',
    attr_type: 1,
    attr_values: '红色\r\n蓝色',
  })
  await sql.insert('goods_attr', {
    goods_attr_id: 1,
    goods_id: 2,
    attr_id: 1,
    attr_value: '红色',
    attr_price: '0',
  })
  await sql.insert('goods_attr', {
    goods_attr_id: 2,
    goods_id: 2,
    attr_id: 1,
    attr_value: '蓝色',
    attr_price: '10',
  })
  await sql.insert('products', {
    product_id: 1,
    goods_id: 2,
    goods_attr: '1',
    product_sn: 'TS-RED',
    product_number: 100,
  })
  await sql.insert('products', {
    product_id: 2,
    goods_id: 2,
    goods_attr: '2',
    product_sn: 'TS-BLUE',
    product_number: 100,
  })
  await sql.insert('goods_activity', {
    act_id: 1,
    act_name: '杯巾套装',
    act_desc: '',
    act_type: 4,
    goods_name: '',
    start_time: 1,
    end_time: 2_000_000_000,
    ext_info: 'a:1:{s:13:"package_price";s:5:"60.00";}',
  })
  await sql.insert('package_goods', {
    package_id: 1,
    goods_id: 1,
    product_id: 0,
    goods_number: 1,
    admin_id: 1,
  })
  await sql.insert('package_goods', {
    package_id: 1,
    goods_id: 3,
    product_id: 0,
    goods_number: 2,
    admin_id: 1,
  })
  await sql.insert('virtual_card', {
    goods_id: 4,
    card_sn: 'a-card-number',
    card_password: CARD_PASSWORD,
    is_saled: 0,
  })
  await sql.insert('user_rank', {
    rank_id: 1,
    rank_name: '注册用户',
    max_points: 10_000,
    discount: 100,
    show_price: 1,
  })
  await sql.insert('users', {
    user_id: 1,
    email: 'zhangsan@example.test',
    user_name: 'zhangsan',
    password: PASSWORD,
    ec_salt: SALT,
    question: '',
    answer: ANSWER,
    passwd_question: 'friend_birthday',
    passwd_answer: ANSWER,
    sex: 1,
    birthday: '1990-01-01',
    user_money: '1000.00',
    pay_points: 500,
    rank_points: 500,
    address_id: 1,
    reg_time: now,
    last_ip: '127.0.0.1',
    mobile_phone: '13800000001',
    is_validated: 1,
  })
  await sql.insert('user_address', {
    address_id: 1,
    user_id: 1,
    consignee: '张三',
    email: 'zhangsan@example.test',
    ...SEED.region,
    address: '文三路1号',
    zipcode: '310012',
    tel: '0571-88000001',
    mobile: '13800000001',
  })
  await sql.insert('admin_user', {
    user_id: 1,
    user_name: 'admin',
    email: 'admin@example.test',
    password: PASSWORD,
    action_list: 'all',
    nav_list: '',
  })
  await sql.insert('admin_user', {
    user_id: 2,
    user_name: 'clerk',
    email: 'clerk@example.test',
    password: PASSWORD,
    action_list: 'goods_manage,order_view',
    nav_list: '',
  })
  const settings: Record<string, string> = {
    shop_name: '测试商店',
    ecs_version: options.version,
    timezone: '8',
    lang: 'zh_cn',
    use_storage: options.stockMode === 'none' ? '0' : '1',
    stock_dec_time: options.stockMode === 'placement' ? '1' : '0',
    cron_method: '0',
    certificate: CERTIFICATE,
    hash_code: CERTIFICATE,
  }
  for (const [code, value] of Object.entries(settings))
    await sql.insert('shop_config', { code, type: 'hidden', value })
}
