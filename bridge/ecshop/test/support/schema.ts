/**
 * The tables of ECShop that the bridge meets, from the facts of both generations: 2.7 keeps its ids in mediumint and
 * smallint columns, 2.8 in int. Columns are grouped by type here; no statement of ECShop or of the bridge relies on
 * their order.
 */

export type Generation = '2.7' | '2.8'
export type Engine = 'InnoDB' | 'MyISAM'
export type Charset = 'utf8mb4' | 'utf8' | 'gbk'

/** A delivery note; ECShop copies one into a return. */
const NOTE = {
  s20: 'delivery_sn order_sn',
  id: 'order_id',
  's50?': 'invoice_no',
  'uint?': 'add_time update_time',
  'flag?': 'shipping_id',
  's120?': 'shipping_name sign_building best_time how_oos',
  'id?': 'user_id',
  's30?': 'action_user',
  's60?': 'consignee email zipcode tel mobile',
  's250?': 'address',
  'small?': 'country province city district agency_id',
  's255?': 'postscript',
  'umoney?': 'insure_fee shipping_fee',
  'signedSmall?': 'suppliers_id',
  flag: 'status',
} as const

interface Table {
  /** Name and type of the AUTO_INCREMENT key. */
  readonly serial?: string
  /** The same, of a table that has one in 2.8 alone. */
  readonly serialSince28?: string
  /** Type → columns. `?` = NULL is allowed; else the default is zero or empty. */
  readonly columns: Readonly<Record<string, string>>
  readonly primary?: string
  readonly unique?: readonly string[]
  /** Keys, separated by blanks; columns of one key by commas. */
  readonly index?: string
  readonly inMemory?: true
}

const TABLES: Readonly<Record<string, Table>> = {
  order_info: {
    serial: 'order_id id',
    columns: {
      s20: 'order_sn',
      id: 'user_id bonus_id extension_id parent_id',
      flag: 'order_status shipping_status pay_status pack_id card_id',
      s60: 'consignee zipcode tel mobile email inv_type',
      small: 'country province city district agency_id',
      s255: 'address postscript card_message referer invoice_no to_buyer pay_note',
      s120: 'best_time sign_building shipping_name pay_name how_oos how_surplus pack_name card_name inv_payee inv_content',
      tinyint: 'shipping_id pay_id is_separate',
      money:
        'goods_amount shipping_fee insure_fee pay_fee pack_fee card_fee money_paid surplus integral_money bonus order_amount tax discount',
      uint: 'integral add_time confirm_time pay_time shipping_time',
      signedSmall: 'from_ad',
      s30: 'extension_code',
    },
    unique: ['order_sn'],
    index:
      'user_id order_status shipping_status pay_status shipping_id pay_id extension_code,extension_id agency_id',
  },
  order_goods: {
    serial: 'rec_id id',
    columns: {
      id: 'order_id goods_id product_id parent_id',
      s120: 'goods_name',
      s60: 'goods_sn',
      small: 'goods_number send_number is_gift',
      money: 'market_price goods_price',
      text: 'goods_attr',
      flag: 'is_real',
      s30: 'extension_code',
      s255: 'goods_attr_id',
    },
    index: 'order_id goods_id',
  },
  order_action: {
    serial: 'action_id id',
    columns: {
      id: 'order_id',
      s30: 'action_user',
      flag: 'order_status shipping_status pay_status action_place',
      s255: 'action_note',
      uint: 'log_time',
    },
    index: 'order_id',
  },
  delivery_order: {
    serial: 'delivery_id id',
    columns: NOTE,
    index: 'user_id order_id',
  },
  delivery_goods: {
    serial: 'rec_id id',
    columns: {
      id: 'delivery_id goods_id',
      'id?': 'product_id parent_id',
      's60?': 'product_sn brand_name goods_sn',
      's120?': 'goods_name',
      'flag?': 'is_real',
      's30?': 'extension_code',
      'small?': 'send_number',
      'text?': 'goods_attr',
    },
    index: 'delivery_id,goods_id goods_id',
  },
  back_order: {
    serial: 'back_id id',
    columns: { ...NOTE, 'uint?': `${NOTE['uint?']} return_time` },
    index: 'user_id order_id',
  },
  back_goods: {
    serial: 'rec_id id',
    columns: {
      'id?': 'back_id',
      id: 'goods_id product_id',
      's60?': 'product_sn brand_name goods_sn',
      's120?': 'goods_name',
      'flag?': 'is_real',
      'small?': 'send_number',
      'text?': 'goods_attr',
    },
    index: 'back_id goods_id',
  },
  pay_log: {
    serial: 'log_id uint',
    columns: {
      id: 'order_id',
      umoney: 'order_amount',
      flag: 'order_type is_paid',
    },
  },
  users: {
    serial: 'user_id id',
    columns: {
      s60: 'email user_name alias msn',
      s32: 'password',
      s255: 'question answer',
      flag: 'sex user_rank is_special flag is_validated',
      date: 'birthday',
      money: 'user_money frozen_money',
      uint: 'pay_points rank_points reg_time last_login',
      id: 'address_id',
      datetime: 'last_time',
      s15: 'last_ip',
      small: 'visit_count',
      's10?': 'ec_salt',
      s10: 'salt',
      signedId: 'parent_id',
      s20: 'qq office_phone home_phone mobile_phone',
      umoney: 'credit_line',
      's50?': 'passwd_question',
      's255?': 'passwd_answer',
    },
    unique: ['user_name'],
    index: 'email parent_id flag',
  },
  user_address: {
    serial: 'address_id id',
    columns: {
      s50: 'address_name',
      id: 'user_id',
      s60: 'consignee email zipcode tel mobile',
      signedSmall: 'country province city district',
      s120: 'address sign_building best_time',
    },
    index: 'user_id',
  },
  user_rank: {
    serial: 'rank_id flag',
    columns: {
      s30: 'rank_name',
      uint: 'min_points max_points',
      flag: 'discount show_price special_rank',
    },
  },
  feedback: {
    serial: 'msg_id id',
    columns: {
      id: 'parent_id user_id',
      s60: 'user_name user_email',
      s200: 'msg_title',
      flag: 'msg_type msg_status msg_area',
      text: 'msg_content',
      uint: 'msg_time order_id',
      s255: 'message_img',
    },
    index: 'user_id',
  },
  goods: {
    serial: 'goods_id id',
    columns: {
      small: 'cat_id brand_id goods_number sort_order goods_type',
      s60: 'goods_sn goods_name_style',
      s120: 'goods_name',
      uint: 'click_count promote_start_date promote_end_date integral add_time last_update',
      s100: 'provider_name',
      weight: 'goods_weight',
      umoney: 'market_price shop_price promote_price',
      flag: 'warn_number is_real is_on_sale is_alone_sale is_shipping is_delete is_best is_new is_hot is_promote bonus_type_id',
      s255: 'keywords goods_brief goods_thumb goods_img original_img seller_note',
      text: 'goods_desc',
      s30: 'extension_code',
      int: 'give_integral rank_integral',
      'small?': 'suppliers_id',
      'flag?': 'is_check',
    },
    index:
      'goods_sn cat_id last_update brand_id goods_weight promote_end_date promote_start_date goods_number sort_order',
  },
  products: {
    serial: 'product_id id',
    columns: {
      id: 'goods_id',
      's50?': 'goods_attr',
      's60?': 'product_sn',
      'small?': 'product_number',
    },
  },
  goods_attr: {
    serial: 'goods_attr_id uint',
    columns: {
      id: 'goods_id',
      small: 'attr_id',
      text: 'attr_value',
      s255: 'attr_price',
    },
    index: 'goods_id attr_id',
  },
  attribute: {
    serial: 'attr_id small',
    columns: {
      small: 'cat_id',
      s60: 'attr_name',
      flag: 'attr_input_type attr_type attr_index sort_order is_linked attr_group',
      text: 'attr_values',
    },
    index: 'cat_id',
  },
  region: {
    serial: 'region_id small',
    columns: {
      small: 'parent_id agency_id',
      s120: 'region_name',
      tinyint: 'region_type',
    },
    index: 'parent_id region_type agency_id',
  },
  shipping: {
    serial: 'shipping_id flag',
    columns: {
      s20: 'shipping_code',
      s120: 'shipping_name',
      s255: 'shipping_desc',
      s10: 'insure',
      flag: 'support_cod enabled shipping_order',
      text: 'shipping_print',
      's255?': 'print_bg',
      'text?': 'config_lable',
      'tinyint?': 'print_model',
    },
    index: 'shipping_code,enabled',
  },
  payment: {
    serial: 'pay_id flag',
    columns: {
      s20: 'pay_code',
      s120: 'pay_name',
      s10: 'pay_fee',
      text: 'pay_desc pay_config',
      flag: 'pay_order enabled is_cod is_online',
    },
    unique: ['pay_code'],
  },
  shop_config: {
    serial: 'id small',
    columns: {
      small: 'parent_id',
      s30: 'code',
      s10: 'type',
      s255: 'store_range store_dir',
      text: 'value',
      flag: 'sort_order',
    },
    unique: ['code'],
    index: 'parent_id',
  },
  package_goods: {
    serialSince28: 'id uint',
    columns: {
      id: 'package_id goods_id product_id',
      small: 'goods_number',
      flag: 'admin_id',
    },
    unique: ['package_id,goods_id,admin_id,product_id'],
  },
  goods_activity: {
    serial: 'act_id id',
    columns: {
      s255: 'act_name goods_name',
      text: 'act_desc ext_info',
      flag: 'act_type is_finished',
      id: 'goods_id product_id',
      uint: 'start_time end_time',
    },
    index: 'act_name,act_type,goods_id',
  },
  account_log: {
    serial: 'log_id id',
    columns: {
      id: 'user_id',
      money: 'user_money frozen_money',
      signedId: 'rank_points pay_points',
      uint: 'change_time',
      s255: 'change_desc',
      flag: 'change_type',
    },
    index: 'user_id',
  },
  user_account: {
    serial: 'id id',
    columns: {
      id: 'user_id',
      s255: 'admin_user admin_note user_note',
      money: 'amount',
      int: 'add_time paid_time',
      tinyint: 'process_type is_paid',
      s90: 'payment',
    },
    index: 'user_id is_paid',
  },
  user_bonus: {
    serial: 'bonus_id id',
    columns: {
      flag: 'bonus_type_id emailed',
      ubigint: 'bonus_sn',
      id: 'user_id order_id',
      uint: 'used_time',
    },
    index: 'user_id',
  },
  admin_user: {
    serial: 'user_id small',
    columns: {
      s60: 'user_name email',
      s32: 'password',
      's10?': 'ec_salt',
      int: 'add_time last_login',
      s15: 'last_ip',
      text: 'action_list nav_list',
      s50: 'lang_type',
      small: 'agency_id',
      'small?': 'suppliers_id',
      'text?': 'todolist',
      'signedSmall?': 'role_id',
    },
    index: 'user_name agency_id',
  },
  admin_log: {
    serial: 'log_id uint',
    columns: {
      uint: 'log_time',
      flag: 'user_id',
      s255: 'log_info',
      s15: 'ip_address',
    },
    index: 'log_time user_id',
  },
  sessions: {
    columns: {
      c32: 'sesskey',
      uint: 'expiry',
      id: 'userid adminid',
      c15: 'ip',
      s60: 'user_name email',
      tinyint: 'user_rank',
      rate: 'discount',
      c255: 'data',
    },
    inMemory: true,
    primary: 'sesskey',
    index: 'expiry',
  },
  sessions_data: {
    columns: {
      s32: 'sesskey',
      uint: 'expiry',
      text: 'data',
    },
    primary: 'sesskey',
    index: 'expiry',
  },
  crons: {
    serial: 'cron_id flag',
    columns: {
      s20: 'cron_code',
      s120: 'cron_name',
      'text?': 'cron_desc',
      flag: 'cron_order',
      text: 'cron_config',
      int: 'thistime nextime',
      tinyint: 'day enable run_once',
      s1: 'week',
      s2: 'hour',
      s255: 'minute alow_files',
      s100: 'allow_ip',
    },
    index: 'nextime enable cron_code',
  },
  suppliers: {
    serial: 'suppliers_id small',
    columns: {
      's255?': 'suppliers_name',
      'text?': 'suppliers_desc',
      flag: 'is_check',
    },
  },
  virtual_card: {
    serial: 'card_id signedId',
    columns: {
      id: 'goods_id',
      s60: 'card_sn card_password',
      int: 'add_date end_date',
      tinyint: 'is_saled',
      s20: 'order_sn',
      s12: 'crc32',
    },
    index: 'goods_id card_sn is_saled',
  },
  brand: {
    serial: 'brand_id small',
    columns: {
      s60: 'brand_name',
      s80: 'brand_logo',
      text: 'brand_desc',
      s255: 'site_url',
      flag: 'sort_order is_show',
    },
    index: 'is_show',
  },
  bonus_type: {
    serial: 'type_id small',
    columns: {
      s60: 'type_name',
      money: 'type_money',
      flag: 'send_type',
      umoney: 'min_amount max_amount min_goods_amount',
      int: 'send_start_date send_end_date use_start_date use_end_date',
    },
  },
}

const TYPES: Readonly<Record<string, Readonly<Record<Generation, string>> | string>> = {
  id: { '2.7': 'MEDIUMINT UNSIGNED', '2.8': 'INT UNSIGNED' },
  small: { '2.7': 'SMALLINT UNSIGNED', '2.8': 'INT UNSIGNED' },
  signedId: { '2.7': 'MEDIUMINT', '2.8': 'INT' },
  signedSmall: { '2.7': 'SMALLINT', '2.8': 'INT' },
  flag: 'TINYINT UNSIGNED',
  tinyint: 'TINYINT',
  int: 'INT',
  uint: 'INT UNSIGNED',
  ubigint: 'BIGINT UNSIGNED',
  money: 'DECIMAL(10,2)',
  umoney: 'DECIMAL(10,2) UNSIGNED',
  weight: 'DECIMAL(10,3) UNSIGNED',
  rate: 'DECIMAL(3,2)',
  date: 'DATE',
  datetime: 'DATETIME',
  text: 'TEXT',
}

const DEFAULTS: Readonly<Record<string, string>> = {
  date: " DEFAULT '0000-00-00'",
  datetime: " DEFAULT '0000-00-00 00:00:00'",
  // TEXT takes no default on MySQL.
  text: '',
}

function sqlType(word: string, generation: Generation): string {
  const known = TYPES[word]
  if (known !== undefined) return typeof known === 'string' ? known : known[generation]
  const [, sort, length] = /^([sc])(\d+)$/.exec(word) ?? []
  if (length === undefined) throw new Error(`no such type: ${word}`)
  return `${sort === 's' ? 'VARCHAR' : 'CHAR'}(${length})`
}

function column(name: string, type: string, generation: Generation): string {
  const word = type.replace('?', '')
  const isText = /^[sc]\d+$/.test(word)
  const isNullable = type.endsWith('?')
  // ECShop's nullable texts default to NULL, its nullable numbers to 0.
  const fallback = DEFAULTS[word] ?? (isText ? (isNullable ? ' DEFAULT NULL' : " DEFAULT ''") : ' DEFAULT 0')
  return `${name} ${sqlType(word, generation)}${isNullable ? '' : ' NOT NULL'}${fallback}`
}

const key = (columns: string): string =>
  `(${columns
    .split(',')
    .map((name) => `\`${name}\``)
    .join(', ')})`

/** The CREATE TABLE statements of a shop. */
export function schema(shop: {
  readonly generation: Generation
  readonly engine: Engine
  readonly charset: Charset
  readonly prefix: string
}): string[] {
  const { generation } = shop
  return Object.entries(TABLES).map(([name, table]) => {
    const serial = table.serial ?? (generation === '2.8' ? table.serialSince28 : undefined)
    const [serialName, serialType] = serial?.split(' ') ?? []
    const parts = [
      ...(serialName && serialType
        ? [`${serialName} ${sqlType(serialType, generation)} NOT NULL AUTO_INCREMENT`]
        : []),
      ...Object.entries(table.columns).flatMap(([type, names]) =>
        names.split(' ').map((each) => column(`\`${each}\``, type, generation)),
      ),
      ...(serialName ? [`PRIMARY KEY ${key(serialName)}`] : []),
      ...(table.primary && !serialName ? [`PRIMARY KEY ${key(table.primary)}`] : []),
      ...(table.unique ?? []).map((columns) => `UNIQUE KEY ${key(columns)}`),
      ...(table.index?.split(' ') ?? []).map((columns) => `KEY ${key(columns)}`),
    ]
    const engine = table.inMemory ? 'MEMORY' : shop.engine
    return `CREATE TABLE \`${shop.prefix}${name}\` (${parts.join(', ')}) ENGINE=${engine} DEFAULT CHARSET=${shop.charset}`
  })
}
