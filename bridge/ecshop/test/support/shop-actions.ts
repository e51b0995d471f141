import { SEED } from './seed.ts'
import type { Row, ShopDatabase, Value } from './shop-database.ts'

/** What a buyer puts into the cart. */
export type CartLine = {
  readonly quantity?: number
  /** Unit price; default the shop's. */
  readonly price?: string
} & (
  | { readonly goods: number; readonly product?: number }
  /** A package: goods_id of its line is the activity's. */
  | { readonly package: number }
)

export interface PlaceOptions {
  readonly lines?: readonly CartLine[]
  /** Default: a guest. */
  readonly member?: number
  /** pay_id; default bank transfer. */
  readonly payment?: number
  readonly shippingFee?: string
  /** Columns of order_info that the test is about. */
  readonly head?: Row
}

/** How an administrator gives money back; the third of ECShop's choices writes nothing. */
export interface RefundChoice {
  readonly to: 'balance' | 'withdrawal'
  /** Default: ECShop's own words, which name the order. */
  readonly note?: string
}

export interface Order {
  readonly order_id: number
  readonly order_sn: string
  /** Raw. */
  readonly add_time: number
  readonly rec_ids: readonly number[]
}

interface Line {
  readonly goods_id: number
  readonly product_id: number
  readonly goods_number: number
  readonly row: Row
}

const cents = (money: unknown): number => Math.round(Number(money) * 100)
const money = (amount: number): string => (amount / 100).toFixed(2)

/**
 * What customers and administrators do, as the statements of ECShop's own pages in their order; each commits by itself,
 * as there. No action asks whether ECShop's page would offer it.
 */
export class ShopActions {
  readonly #sql: ShopDatabase
  readonly #now: () => number
  #serial = 10_000

  constructor(sql: ShopDatabase, now: () => number) {
    this.#sql = sql
    this.#now = now
  }

  /** The same acts over another connection: another visitor. */
  by(sql: ShopDatabase): ShopActions {
    const other = new ShopActions(sql, this.#now)
    // Not the numbers that this one gives.
    other.#serial = this.#serial + 40_000
    return other
  }

  /** A whole checkout: head, lines, stock where it is reduced at placement, pay_log. */
  async place(options: PlaceOptions = {}): Promise<Order> {
    const order = await this.placeHead(options)
    const rec_ids = await this.placeLines(order, options)
    if ((await this.stockMode()) === 'placement') await this.#moveStock(order.order_id, -1)
    await this.placePayLog(order)
    return { ...order, rec_ids }
  }

  /** The first statement of a checkout: the order without its lines. */
  async placeHead(options: PlaceOptions = {}): Promise<Order> {
    const lines = await this.#cart(options)
    const goods = lines.reduce(
      (sum, { row, goods_number }) => sum + cents(row['goods_price']) * goods_number,
      0,
    )
    const fee = cents(options.shippingFee ?? '10.00')
    const add_time = this.#now()
    const order_sn = this.#nextSn()
    const [payment] = await this.#sql.rows('SELECT pay_name FROM {payment} WHERE pay_id = ?', [
      options.payment ?? SEED.payment.bank,
    ])
    const order_id = await this.#sql.insert('order_info', {
      order_sn,
      user_id: options.member ?? 0,
      consignee: '李四',
      ...SEED.region,
      address: '文三路2号 &amp; 后院',
      zipcode: '310012',
      tel: '0571-88000002',
      mobile: '13800000002',
      email: 'lisi@example.test',
      shipping_id: SEED.shipping.express,
      shipping_name: '顺丰速运',
      pay_id: options.payment ?? SEED.payment.bank,
      pay_name: payment ? String(payment['pay_name']) : '',
      how_oos: '等待所有商品备齐后再发',
      goods_amount: money(goods),
      shipping_fee: money(fee),
      order_amount: money(goods + fee),
      referer: '本站',
      add_time,
      agency_id: 0,
      inv_type: '',
      tax: '0.00',
      discount: '0.00',
      ...options.head,
    })
    return { order_id, order_sn: String(options.head?.['order_sn'] ?? order_sn), add_time, rec_ids: [] }
  }

  /** The second: all lines in one statement. @returns rec_ids in the order of the lines */
  async placeLines(order: Pick<Order, 'order_id'>, options: PlaceOptions = {}): Promise<number[]> {
    const rows = (await this.#cart(options)).map(({ row }): Row => ({ order_id: order.order_id, ...row }))
    const [first] = rows
    if (first === undefined) return []
    const columns = Object.keys(first)
    await this.#sql.exec(`INSERT INTO {order_goods} (${columns.join(', ')}) VALUES ?`, [
      rows.map((row) => columns.map((name) => row[name])),
    ])
    return this.recIds(order.order_id)
  }

  /** The last: what is to be paid. */
  async placePayLog(order: Pick<Order, 'order_id'>): Promise<number> {
    const due = await this.#column(order.order_id, 'order_amount')
    return this.#sql.insert('pay_log', {
      order_id: order.order_id,
      order_amount: String(due),
      order_type: 0,
      is_paid: 0,
    })
  }

  async recIds(orderId: number): Promise<number[]> {
    const rows = await this.#sql.rows('SELECT rec_id FROM {order_goods} WHERE order_id = ? ORDER BY rec_id', [
      orderId,
    ])
    return rows.map((row) => Number(row['rec_id']))
  }

  /** The gateway reports the payment: confirms whatever the order was before. */
  async pay(orderId: number): Promise<void> {
    await this.#sql.exec('UPDATE {pay_log} SET is_paid = 1 WHERE order_id = ? AND order_type = 0', [orderId])
    await this.#sql.exec(
      `UPDATE {order_info} SET order_status = 1, confirm_time = ?, pay_status = 2, pay_time = ?,
       money_paid = order_amount, order_amount = 0 WHERE order_id = ?`,
      [this.#now(), this.#now(), orderId],
    )
    await this.#log(orderId, { user: '买家', os: 1, ss: 0, ps: 2 })
  }

  async confirm(orderId: number): Promise<void> {
    await this.#sql.exec('UPDATE {order_info} SET order_status = 1, confirm_time = ? WHERE order_id = ?', [
      this.#now(),
      orderId,
    ])
    await this.#sql.exec(
      `UPDATE {order_info} SET order_amount = goods_amount - discount + tax + shipping_fee + insure_fee + pay_fee
       + pack_fee + card_fee - money_paid - surplus - integral_money - bonus WHERE order_id = ?`,
      [orderId],
    )
    await this.#logAsIs(orderId)
  }

  /** The admin edits a line; nothing moves in stock. */
  async editLine(
    recId: number,
    change: { readonly quantity?: number; readonly price?: string },
  ): Promise<void> {
    const line = await this.#sql.row(
      'SELECT order_id, goods_number, goods_price FROM {order_goods} WHERE rec_id = ?',
      [recId],
    )
    await this.#sql.exec('UPDATE {order_goods} SET goods_price = ?, goods_number = ? WHERE rec_id = ?', [
      change.price ?? line['goods_price'],
      change.quantity ?? line['goods_number'],
      recId,
    ])
    await this.#recompute(Number(line['order_id']))
  }

  async dropLine(recId: number): Promise<void> {
    const orderId = Number(
      await this.#sql.value('SELECT order_id FROM {order_goods} WHERE rec_id = ?', [recId]),
    )
    await this.#sql.exec('DELETE FROM {order_goods} WHERE rec_id = ?', [recId])
    await this.#recompute(orderId)
  }

  /** @returns its rec_id */
  async addLine(orderId: number, line: CartLine): Promise<number> {
    const [cart] = await this.#cart({ lines: [line] })
    const recId = await this.#sql.insert('order_goods', { order_id: orderId, ...cart?.row })
    await this.#recompute(orderId)
    return recId
  }

  /** The admin cancels: head, refund, history, stock where it was reduced at placement, and the head again. */
  async cancel(orderId: number, note = '买家不要了', refund?: RefundChoice): Promise<void> {
    const { money_paid: paid } = await this.#sql.row(
      'SELECT money_paid FROM {order_info} WHERE order_id = ?',
      [orderId],
    )
    await this.#sql.exec(
      `UPDATE {order_info} SET order_status = 2, to_buyer = ?, pay_status = 0, pay_time = 0,
       order_amount = money_paid, money_paid = 0 WHERE order_id = ?`,
      [note, orderId],
    )
    if (refund) await this.#refund(orderId, String(paid), refund)
    await this.#logAsIs(orderId)
    if ((await this.stockMode()) === 'placement') await this.#moveStock(orderId, 1)
    await this.#giveBack(orderId)
  }

  /** As cancel, but pay_status stays. */
  async void(orderId: number, note = '无效'): Promise<void> {
    await this.#sql.exec('UPDATE {order_info} SET order_status = 3, to_buyer = ? WHERE order_id = ?', [
      note,
      orderId,
    ])
    await this.#logAsIs(orderId)
    if ((await this.stockMode()) === 'placement') await this.#moveStock(orderId, 1)
    await this.#giveBack(orderId)
  }

  /**
   * Makes a delivery note of what is left of the order, or of these pieces by rec_id; nothing is shipped by it.
   * @returns delivery_id
   */
  async split(orderId: number, pieces?: Readonly<Record<number, number>>): Promise<number> {
    const order = await this.#sql.row('SELECT * FROM {order_info} WHERE order_id = ?', [orderId])
    const lines = await this.#sql.rows('SELECT * FROM {order_goods} WHERE order_id = ? ORDER BY rec_id', [
      orderId,
    ])
    const delivery_id = await this.#sql.insert('delivery_order', {
      ...pick(order, COPIED_TO_NOTE),
      delivery_sn: `${this.#nextSn()}`,
      action_user: 'admin',
      update_time: this.#now(),
      suppliers_id: 0,
      status: 2,
      order_id: orderId,
      shipping_name: String(order['shipping_name']),
    })
    for (const line of lines) {
      const rest = Number(line['goods_number']) - Number(line['send_number'])
      const quantity = pieces ? (pieces[Number(line['rec_id'])] ?? 0) : rest
      if (quantity === 0) continue
      if (line['extension_code'] === 'package_buy') await this.#splitPackage(delivery_id, line, quantity)
      else await this.#noteLine(delivery_id, line, quantity)
      await this.#sql.exec('UPDATE {order_goods} SET send_number = send_number + ? WHERE rec_id = ?', [
        quantity,
        line['rec_id'],
      ])
    }
    const open = Number(
      await this.#sql.value(
        'SELECT COUNT(*) FROM {order_goods} WHERE order_id = ? AND goods_number > send_number',
        [orderId],
      ),
    )
    const os = Number(order['order_status'])
    await this.#sql.exec(
      `UPDATE {order_info} SET order_status = ?, shipping_status = 5${[1, 5, 6].includes(os) ? '' : ', confirm_time = ?'}
       WHERE order_id = ?`,
      [open === 0 ? 5 : 6, ...([1, 5, 6].includes(os) ? [] : [this.#now()]), orderId],
    )
    await this.#logAsIs(orderId)
    return delivery_id
  }

  /** Ships a note: stock where it is reduced at shipment, the note, the order. */
  async shipNote(deliveryId: number, invoiceNo = `SF${deliveryId}`): Promise<void> {
    const note = await this.#sql.row('SELECT order_id FROM {delivery_order} WHERE delivery_id = ?', [
      deliveryId,
    ])
    const orderId = Number(note['order_id'])
    if ((await this.stockMode()) === 'shipment') {
      for (const line of await this.#stockOfNote(deliveryId)) {
        if (Number(line['product_id']) > 0)
          await this.#sql.exec(
            'UPDATE {products} SET product_number = product_number - ? WHERE product_id = ?',
            [line['n'], line['product_id']],
          )
        await this.#sql.exec('UPDATE {goods} SET goods_number = goods_number - ? WHERE goods_id = ?', [
          line['n'],
          line['goods_id'],
        ])
      }
    }
    await this.#sql.exec('UPDATE {delivery_order} SET invoice_no = ?, status = 0 WHERE delivery_id = ?', [
      invoiceNo.replaceAll(',', '<br>'),
      deliveryId,
    ])
    const isWhole =
      Number(
        await this.#sql.value(
          `SELECT (SELECT COUNT(*) FROM {order_goods} WHERE order_id = ? AND goods_number > send_number)
           + (SELECT COUNT(*) FROM {delivery_order} WHERE order_id = ? AND status = 2)`,
          [orderId, orderId],
        ),
      ) === 0
    await this.#sql.exec(
      `UPDATE {order_info} SET shipping_time = ?, shipping_status = ?,
       invoice_no = TRIM(BOTH '<br>' FROM CONCAT(invoice_no, '<br>', ?)) WHERE order_id = ?`,
      [this.#now(), isWhole ? 1 : 4, invoiceNo.replaceAll(',', '<br>'), orderId],
    )
    const ps = Number(await this.#column(orderId, 'pay_status'))
    await this.#log(orderId, { user: 'admin', os: 1, ss: isWhole ? 1 : 4, ps, place: 1 })
  }

  /** Splits and ships. @returns delivery_id */
  async ship(orderId: number, pieces?: Readonly<Record<number, number>>): Promise<number> {
    const deliveryId = await this.split(orderId, pieces)
    await this.shipNote(deliveryId)
    return deliveryId
  }

  /** The whole order comes back: a back_order for every note. @returns back_ids */
  async return(orderId: number, to?: RefundChoice['to']): Promise<number[]> {
    const { money_paid: paid } = await this.#sql.row(
      'SELECT money_paid FROM {order_info} WHERE order_id = ?',
      [orderId],
    )
    await this.#sql.exec(
      `UPDATE {order_info} SET order_status = 4, pay_status = 0, shipping_status = 0, order_amount = money_paid,
       money_paid = 0, invoice_no = '' WHERE order_id = ?`,
      [orderId],
    )
    // ECShop puts the number of the choice where the note belongs.
    if (to) await this.#refund(orderId, String(paid), { to, note: to === 'balance' ? '1' : '2' })
    await this.#logAsIs(orderId)
    const mode = await this.stockMode()
    if (mode === 'shipment') await this.#moveStock(orderId, 1, 'send_number')
    if (mode === 'placement') await this.#moveStock(orderId, 1)
    await this.#giveBack(orderId)
    const backIds: number[] = []
    const notes = await this.#sql.rows(
      'SELECT * FROM {delivery_order} WHERE order_id = ? AND status IN (0, 2) ORDER BY delivery_id',
      [orderId],
    )
    for (const note of notes) {
      const back_id = await this.#sql.insert('back_order', {
        ...pick(note, COPIED_TO_NOTE),
        ...pick(note, [
          'delivery_sn',
          'order_id',
          'action_user',
          'update_time',
          'suppliers_id',
          'invoice_no',
        ]),
        return_time: this.#now(),
      })
      await this.#sql.exec(
        `INSERT INTO {back_goods} (back_id, goods_id, product_id, product_sn, goods_name, goods_sn, is_real, send_number,
         goods_attr) SELECT ?, goods_id, product_id, product_sn, goods_name, goods_sn, is_real, send_number, goods_attr
         FROM {delivery_goods} WHERE delivery_id = ?`,
        [back_id, note['delivery_id']],
      )
      backIds.push(back_id)
    }
    await this.#sql.exec('UPDATE {delivery_order} SET status = 1 WHERE order_id = ? AND status IN (0, 2)', [
      orderId,
    ])
    await this.#sql.exec('UPDATE {order_goods} SET send_number = 0 WHERE order_id = ?', [orderId])
    return backIds
  }

  /** Hard deletion, history and notes included; pay_log stays. */
  async delete(orderId: number): Promise<void> {
    await this.#sql.exec('DELETE FROM {order_info} WHERE order_id = ?', [orderId])
    await this.#sql.exec('DELETE FROM {order_goods} WHERE order_id = ?', [orderId])
    await this.#sql.exec('DELETE FROM {order_action} WHERE order_id = ?', [orderId])
    for (const [head, goods, key] of [
      ['delivery_order', 'delivery_goods', 'delivery_id'],
      ['back_order', 'back_goods', 'back_id'],
    ])
      await this.#sql.exec(
        `DELETE O, G FROM {${head}} AS O, {${goods}} AS G WHERE O.order_id = ? AND O.${key} = G.${key}`,
        [orderId],
      )
    await this.#sql.insert('admin_log', {
      log_time: this.#now(),
      user_id: 1,
      log_info: '删除订单',
      ip_address: '',
    })
  }

  /** The second's head goes on under a new id with the lines of both; both old heads vanish. */
  async merge(fromId: number, toId: number): Promise<Order> {
    const [from, to] = await Promise.all(
      [fromId, toId].map((id) => this.#sql.row('SELECT * FROM {order_info} WHERE order_id = ?', [id])),
    )
    if (!from || !to) throw new Error('two orders are merged')
    const add_time = this.#now()
    const order_sn = this.#nextSn()
    const sum = (column: string): number => cents(from[column]) + cents(to[column])
    const { order_id: _, ...copied } = to
    const goods = sum('goods_amount')
    const fee = cents(to['shipping_fee'])
    const order_id = await this.#sql.insert('order_info', {
      ...copied,
      order_sn,
      add_time,
      goods_amount: money(goods),
      discount: money(sum('discount')),
      surplus: money(sum('surplus')),
      money_paid: money(sum('money_paid')),
      order_amount: money(goods + fee - sum('surplus') - sum('money_paid') - sum('discount')),
    })
    await this.#sql.exec('UPDATE {order_goods} SET order_id = ? WHERE order_id IN (?)', [
      order_id,
      [fromId, toId],
    ])
    await this.placePayLog({ order_id })
    await this.#sql.exec('DELETE FROM {order_info} WHERE order_id IN (?)', [[fromId, toId]])
    await this.#sql.exec('DELETE FROM {pay_log} WHERE order_id IN (?)', [[fromId, toId]])
    return { order_id, order_sn, add_time, rec_ids: await this.recIds(order_id) }
  }

  /** A customer's message. @returns its msg_id and raw msg_time */
  async message(message: {
    readonly title?: string
    readonly text: string
    readonly order?: number
    readonly member?: number
  }): Promise<{ readonly msg_id: number; readonly msg_time: number }> {
    const msg_time = this.#now()
    const msg_id = await this.#sql.insert('feedback', {
      user_id: message.member ?? SEED.member.user_id,
      user_name: SEED.member.user_name,
      user_email: 'zhangsan@example.test',
      msg_title: message.title ?? '请问',
      msg_type: message.order === undefined ? 0 : 5,
      msg_status: 0,
      msg_content: message.text,
      msg_time,
      message_img: '',
      order_id: message.order ?? 0,
    })
    return { msg_id, msg_time }
  }

  /** An administrator answers; a second answer rewrites the first. @returns msg_id of the reply */
  async reply(msgId: number, text: string): Promise<number> {
    const [before] = await this.#sql.rows('SELECT msg_id FROM {feedback} WHERE parent_id = ?', [msgId])
    if (before) {
      await this.#sql.exec('UPDATE {feedback} SET msg_content = ?, msg_time = ? WHERE parent_id = ?', [
        text,
        this.#now(),
        msgId,
      ])
      return Number(before['msg_id'])
    }
    return this.#sql.insert('feedback', {
      parent_id: msgId,
      user_id: 1,
      user_name: 'admin',
      user_email: 'admin@example.test',
      msg_title: 'reply',
      msg_content: text,
      msg_time: this.#now(),
      message_img: '',
    })
  }

  /** After an edit that made a paid order cheaper: the credit first, then the head. */
  async refundPart(orderId: number, amount: string, refund: RefundChoice): Promise<void> {
    await this.#refund(orderId, amount, refund)
    await this.#sql.exec(
      'UPDATE {order_info} SET order_amount = 0, money_paid = money_paid - ? WHERE order_id = ?',
      [amount, orderId],
    )
  }

  async deleteMessage(msgId: number): Promise<void> {
    await this.#sql.exec('DELETE FROM {feedback} WHERE msg_id = ? LIMIT 1', [msgId])
    await this.#sql.exec('DELETE FROM {feedback} WHERE parent_id = ?', [msgId])
  }

  /** @returns user_id and raw reg_time */
  async register(name: string): Promise<{ readonly user_id: number; readonly reg_time: number }> {
    const reg_time = this.#now()
    const user_id = await this.#sql.insert('users', {
      email: `${name}@example.test`,
      user_name: name,
      password: SEED.secrets[0],
      question: '',
      answer: SEED.secrets[2],
      birthday: '0000-00-00',
      last_time: '0000-00-00 00:00:00',
      reg_time,
    })
    await this.#sql.exec('UPDATE {users} SET mobile_phone = ?, qq = ? WHERE user_id = ?', [
      '13800000009',
      '',
      user_id,
    ])
    return { user_id, reg_time }
  }

  /** What a login writes, of which nobody need be told. */
  async login(userId: number): Promise<void> {
    await this.#sql.exec(
      'UPDATE {users} SET visit_count = visit_count + 1, last_login = ?, last_ip = ?, last_time = NOW() WHERE user_id = ?',
      [this.#now(), '127.0.0.2', userId],
    )
  }

  async editMember(userId: number, row: Row): Promise<void> {
    await this.#sql.exec('UPDATE {users} SET ? WHERE user_id = ?', [row, userId])
  }

  async removeMember(userId: number): Promise<void> {
    await this.#sql.exec('DELETE FROM {users} WHERE user_id = ?', [userId])
    await this.#sql.exec('DELETE FROM {user_address} WHERE user_id = ?', [userId])
    await this.#sql.exec('DELETE FROM {account_log} WHERE user_id = ?', [userId])
  }

  async editAddress(addressId: number, row: Row): Promise<void> {
    await this.#sql.exec('UPDATE {user_address} SET ? WHERE address_id = ?', [row, addressId])
  }

  /** An administrator sets a number; with a product, the goods moves by the difference. */
  async setStock(
    item: { readonly goods: number; readonly product?: number },
    quantity: number,
  ): Promise<void> {
    if (item.product === undefined) {
      await this.#sql.exec('UPDATE {goods} SET goods_number = ?, last_update = ? WHERE goods_id = ?', [
        quantity,
        this.#now(),
        item.goods,
      ])
      return
    }
    const before = Number(
      await this.#sql.value('SELECT product_number FROM {products} WHERE product_id = ?', [item.product]),
    )
    await this.#sql.exec('UPDATE {products} SET product_number = ? WHERE product_id = ?', [
      quantity,
      item.product,
    ])
    const isMore = quantity >= before
    await this.#sql.exec(
      `UPDATE {goods} SET goods_number = goods_number ${isMore ? '+' : '-'} ?, last_update = ? WHERE goods_id = ?`,
      [Math.abs(quantity - before), this.#now(), item.goods],
    )
  }

  async stockMode(): Promise<'placement' | 'shipment' | 'none'> {
    const rows = await this.#sql.rows(
      "SELECT code, value FROM {shop_config} WHERE code IN ('use_storage', 'stock_dec_time')",
    )
    const setting = new Map(rows.map((row) => [row['code'], row['value']]))
    if (setting.get('use_storage') !== '1') return 'none'
    return setting.get('stock_dec_time') === '1' ? 'placement' : 'shipment'
  }

  async configure(code: string, value: string): Promise<void> {
    await this.#sql.exec('UPDATE {shop_config} SET value = ? WHERE code = ?', [value, code])
  }

  async #cart({ lines = [{ goods: SEED.goods.flask.goods_id }] }: PlaceOptions): Promise<Line[]> {
    return Promise.all(
      lines.map(async (line) => {
        const goods_number = line.quantity ?? 1
        if ('package' in line)
          return {
            goods_id: line.package,
            product_id: 0,
            goods_number,
            row: {
              goods_id: line.package,
              goods_name: SEED.package.name,
              goods_sn: '',
              product_id: 0,
              goods_number,
              market_price: '90.00',
              goods_price: line.price ?? SEED.package.price,
              goods_attr: '',
              is_real: 1,
              extension_code: 'package_buy',
              goods_attr_id: '',
            },
          }
        const goods = await this.#sql.row('SELECT * FROM {goods} WHERE goods_id = ?', [line.goods])
        const variant = Object.values({ red: SEED.goods.shirt.red, blue: SEED.goods.shirt.blue }).find(
          ({ product_id }) => product_id === line.product,
        )
        return {
          goods_id: line.goods,
          product_id: line.product ?? 0,
          goods_number,
          row: {
            goods_id: line.goods,
            goods_name: String(goods['goods_name']),
            goods_sn: String(goods['goods_sn']),
            product_id: line.product ?? 0,
            goods_number,
            market_price: String(goods['market_price']),
            goods_price: line.price ?? String(goods['shop_price']),
            goods_attr: variant?.attr ?? '',
            is_real: Number(goods['is_real']),
            extension_code: String(goods['extension_code']),
            goods_attr_id: variant?.attr_id ?? '',
          },
        }
      }),
    )
  }

  /** As change_order_goods_storage: SKU and goods of a plain line, the members' goods of a package. */
  async #moveStock(
    orderId: number,
    sign: 1 | -1,
    by: 'goods_number' | 'send_number' = 'goods_number',
  ): Promise<void> {
    const operator = sign === 1 ? '+' : '-'
    const lines = await this.#sql.rows(
      `SELECT goods_id, product_id, extension_code, SUM(${by}) AS n FROM {order_goods}
       WHERE order_id = ? AND is_real = 1 GROUP BY goods_id, product_id, extension_code`,
      [orderId],
    )
    for (const line of lines) {
      const members =
        line['extension_code'] === 'package_buy'
          ? await this.#sql.rows(
              'SELECT goods_id, 0 AS product_id, goods_number FROM {package_goods} WHERE package_id = ?',
              [line['goods_id']],
            )
          : [{ ...line, goods_number: 1 }]
      for (const member of members) {
        const pieces = Number(member['goods_number']) * Number(line['n'])
        if (Number(member['product_id']) > 0)
          await this.#sql.exec(
            `UPDATE {products} SET product_number = product_number ${operator} ? WHERE product_id = ?`,
            [pieces, member['product_id']],
          )
        await this.#sql.exec(
          `UPDATE {goods} SET goods_number = goods_number ${operator} ? WHERE goods_id = ?`,
          [pieces, member['goods_id']],
        )
      }
    }
  }

  /** What shipping a note takes: with one SKU among its lines, ECShop forgets the lines without (inner join). */
  async #stockOfNote(deliveryId: number): Promise<readonly Row[]> {
    const skus = await this.#sql.rows(
      `SELECT DG.goods_id, DG.product_id, SUM(DG.send_number) AS n FROM {delivery_goods} AS DG
       JOIN {goods} AS G ON G.goods_id = DG.goods_id JOIN {products} AS P ON P.product_id = DG.product_id
       WHERE DG.delivery_id = ? AND DG.is_real = 1 GROUP BY DG.goods_id, DG.product_id`,
      [deliveryId],
    )
    if (skus.length > 0) return skus
    return this.#sql.rows(
      `SELECT DG.goods_id, 0 AS product_id, SUM(DG.send_number) AS n FROM {delivery_goods} AS DG
       WHERE DG.delivery_id = ? AND DG.is_real = 1 GROUP BY DG.goods_id`,
      [deliveryId],
    )
  }

  async #noteLine(delivery_id: number, line: Row, send_number: number): Promise<void> {
    const [product] = await this.#sql.rows('SELECT product_sn FROM {products} WHERE product_id = ?', [
      line['product_id'],
    ])
    await this.#sql.insert('delivery_goods', {
      delivery_id,
      ...pick(line, ['goods_id', 'product_id', 'goods_name', 'goods_sn', 'is_real', 'goods_attr']),
      product_sn: product ? String(product['product_sn']) : '',
      brand_name: '',
      send_number,
      parent_id: 0,
    })
  }

  async #splitPackage(delivery_id: number, line: Row, packages: number): Promise<void> {
    const members = await this.#sql.rows(
      `SELECT P.goods_id, P.product_id, P.goods_number, G.goods_name, G.goods_sn, G.is_real
       FROM {package_goods} AS P JOIN {goods} AS G ON G.goods_id = P.goods_id WHERE P.package_id = ?`,
      [line['goods_id']],
    )
    for (const member of members)
      await this.#sql.insert('delivery_goods', {
        delivery_id,
        ...pick(member, ['goods_id', 'product_id', 'goods_sn', 'is_real']),
        goods_name: `${String(member['goods_name'])}--[${Number(member['goods_number'])}]`,
        product_sn: '',
        brand_name: '',
        send_number: Number(member['goods_number']) * packages,
        parent_id: Number(line['goods_id']),
        extension_code: 'package_buy',
      })
  }

  async #recompute(orderId: number): Promise<void> {
    const goods = await this.#sql.value(
      'SELECT COALESCE(SUM(goods_price * goods_number), 0) FROM {order_goods} WHERE order_id = ?',
      [orderId],
    )
    await this.#sql.exec('UPDATE {order_info} SET goods_amount = ? WHERE order_id = ?', [goods, orderId])
    await this.#sql.exec(
      `UPDATE {order_info} SET order_amount = goods_amount - discount + tax + shipping_fee + insure_fee + pay_fee
       + pack_fee + card_fee - money_paid - surplus - integral_money - bonus WHERE order_id = ?`,
      [orderId],
    )
  }

  /** As log_account_change: a row of the member's journal, then the balance. @returns its log_id */
  async credit(userId: number, amount: string, change_desc: string, more: Row = {}): Promise<number> {
    const logId = await this.#sql.insert('account_log', {
      user_id: userId,
      user_money: amount,
      frozen_money: '0.00',
      rank_points: 0,
      pay_points: 0,
      change_time: this.#now(),
      change_desc,
      change_type: 99,
      ...more,
    })
    await this.#sql.exec('UPDATE {users} SET user_money = user_money + ? WHERE user_id = ?', [amount, userId])
    return logId
  }

  /** As order_refund: to the balance, and where the customer wants it paid out, a request for that. */
  async #refund(orderId: number, amount: string, { to, note }: RefundChoice): Promise<void> {
    const { user_id, order_sn } = await this.#sql.row(
      'SELECT user_id, order_sn FROM {order_info} WHERE order_id = ?',
      [orderId],
    )
    const text = `订单退款：${String(order_sn)}`
    if (Number(user_id) > 0) await this.credit(Number(user_id), amount, note ?? text)
    if (to === 'balance') return
    await this.#sql.insert('user_account', {
      user_id: Number(user_id),
      amount: `-${amount}`,
      add_time: this.#now(),
      user_note: note ?? '',
      process_type: 1,
      admin_user: 'admin',
      admin_note: text,
      is_paid: 0,
      payment: '',
    })
  }

  /** Balance, points and coupon go back to the member; the head loses them, after its history row. */
  async #giveBack(orderId: number): Promise<void> {
    const order = await this.#sql.row(
      'SELECT user_id, order_sn, surplus FROM {order_info} WHERE order_id = ?',
      [orderId],
    )
    if (Number(order['user_id']) > 0 && cents(order['surplus']) > 0) {
      const said = `由于取消、无效或退货操作，退回支付订单 ${String(order['order_sn'])} 时使用的预付款`
      await this.credit(Number(order['user_id']), String(order['surplus']), said)
      await this.#sql.exec('UPDATE {order_info} SET order_amount = 0 WHERE order_id = ?', [orderId])
    }
    await this.#sql.exec(
      `UPDATE {order_info} SET bonus_id = 0, bonus = 0, integral = 0, integral_money = 0, surplus = 0
       WHERE order_id = ?`,
      [orderId],
    )
  }

  async #logAsIs(orderId: number): Promise<void> {
    const order = await this.#sql.row(
      'SELECT order_status, shipping_status, pay_status FROM {order_info} WHERE order_id = ?',
      [orderId],
    )
    await this.#log(orderId, {
      user: 'admin',
      os: Number(order['order_status']),
      ss: Number(order['shipping_status']),
      ps: Number(order['pay_status']),
    })
  }

  async #log(
    order_id: number,
    row: {
      readonly user: string
      readonly os: number
      readonly ss: number
      readonly ps: number
      readonly place?: number
    },
  ): Promise<void> {
    await this.#sql.insert('order_action', {
      order_id,
      action_user: row.user,
      order_status: row.os,
      shipping_status: row.ss,
      pay_status: row.ps,
      action_place: row.place ?? 0,
      action_note: '',
      log_time: this.#now(),
    })
  }

  async #column(orderId: number, column: string): Promise<Value> {
    return this.#sql.value(`SELECT ${column} FROM {order_info} WHERE order_id = ?`, [orderId])
  }

  #nextSn(): string {
    this.#serial += 1
    const day = new Date().toISOString().slice(0, 10).replaceAll('-', '')
    return `${day}${this.#serial}`
  }
}

/** Of the order's head, as a delivery note takes it and a return after it. */
const COPIED_TO_NOTE = [
  'order_sn',
  'add_time',
  'user_id',
  'how_oos',
  'shipping_id',
  'shipping_fee',
  'consignee',
  'address',
  'country',
  'province',
  'city',
  'district',
  'sign_building',
  'email',
  'zipcode',
  'tel',
  'mobile',
  'best_time',
  'postscript',
  'insure_fee',
  'agency_id',
] as const

const pick = (row: Row, columns: readonly string[]): Row =>
  Object.fromEntries(columns.map((name) => [name, row[name] ?? null]))
