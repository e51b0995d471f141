import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { close, listen } from '../../../../local/cloud/listen.ts'
import { BUYERS } from '../../../../local/demo/catalogue.ts'
import { DemoShop } from '../../../../local/demo/shop.ts'
import { createShopServer } from '../../../../local/demo/shop-server.ts'

const MEMBER = BUYERS.findIndex(({ userId }) => userId !== '0')
const GUEST = BUYERS.findIndex(({ userId }) => userId === '0')

describe('after a sale in the demo shop', () => {
  let shop: DemoShop
  let server: ReturnType<typeof createShopServer>
  let url: string
  beforeEach(async () => {
    shop = new DemoShop({ file: ':memory:' })
    server = createShopServer(shop, () => '')
    url = await listen(server)
  })
  afterEach(async () => {
    await close(server)
    await shop.close()
  })

  const post = async (path: string, body?: object) => {
    const response = await fetch(`${url}${path}`, {
      method: 'POST',
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const answer: unknown = await response.json()
    return { status: response.status, answer }
  }
  const snapshotOf = (no: string) => {
    const event = shop.capture(no)
    if (event?.type !== 'order.snapshot') throw new Error('it is there')
    return event.snapshot
  }

  it('what was shipped comes back, and the money with it', async () => {
    const { no } = shop.place({ paid: true, buyer: MEMBER })
    const { money_paid } = snapshotOf(no)
    expect(await post(`/orders/${no}/return`, { refund: 'balance' })).toMatchObject({ status: 409 })
    expect(await post(`/orders/${no}/ship`)).toMatchObject({ status: 200 })
    expect(await post(`/orders/${no}/ship`)).toMatchObject({ status: 409 })
    expect(await post(`/orders/${no}/refund`, { amount: '1.00' })).toMatchObject({ status: 200 })
    expect(await post(`/orders/${no}/return`, { refund: 'withdrawal' })).toMatchObject({
      status: 200,
      answer: { status: 'returned', paid: false },
    })
    const { refunds = [], money_paid: left } = snapshotOf(no)
    expect(left).toBe('0.00')
    expect(refunds).toMatchObject([{ amount: '1.00', to: 'balance' }, { to: 'withdrawal' }])
    const back = refunds.reduce((sum, { amount }) => sum + Math.round(Number(amount) * 100), 0)
    expect(back).toBe(Math.round(Number(money_paid) * 100))
  })

  it('nothing is given back that was not paid, nor to a guest, who has no balance', async () => {
    const unpaid = shop.place({ buyer: MEMBER })
    expect(await post(`/orders/${unpaid.no}/refund`, { amount: '1.00' })).toMatchObject({ status: 409 })
    const guest = shop.place({ paid: true, buyer: GUEST })
    await post(`/orders/${guest.no}/ship`)
    expect(await post(`/orders/${guest.no}/refund`, { amount: '1.00' })).toMatchObject({ status: 409 })
    expect(await post(`/orders/${guest.no}/return`, { refund: 'balance' })).toMatchObject({ status: 200 })
    expect(snapshotOf(guest.no)).not.toHaveProperty('refunds')
    expect(await post(`/orders/${unpaid.no}/refund`, { amount: 'all' })).toMatchObject({ status: 400 })
  })

  it('a customer asks about an order, and is answered by people', async () => {
    const { no } = shop.place({ buyer: MEMBER })
    const asked = await post(`/orders/${no}/ask`, { title: '样例标题', text: '坏了' })
    expect(asked).toMatchObject({ status: 201, answer: { order_no: no, replies: [] } })
    const [ticket] = shop.tickets()
    expect(await post(`/tickets/${ticket?.id}/reply`, { text: '请寄回' })).toMatchObject({ status: 200 })
    expect(await post('/tickets/9/reply', { text: '请寄回' })).toMatchObject({ status: 404 })
    expect(await post(`/orders/${no}/ask`, { title: '样例标题' })).toMatchObject({ status: 400 })
    const answer: unknown = await (await fetch(`${url}/tickets`)).json()
    expect(answer).toMatchObject({
      tickets: [{ ticket: ticket?.id, text: '坏了', replies: [{ by: 'demo-admin', text: '请寄回' }] }],
    })
  })

  it('notes on an order are seen beside it, and are no change of it', async () => {
    const { no } = shop.place()
    const before = shop.changedSeq(no)
    const { hash } = shop.capture(no) ?? {}
    shop.noteOrder(no, { by: '样例仓库', text: '退货已签收' })
    expect(shop.changedSeq(no)).toBe(before)
    expect(shop.capture(no)?.hash).toBe(hash)
    const answer: unknown = await (await fetch(`${url}/orders/${no}`)).json()
    expect(answer).toMatchObject({ log: [{ by: '样例仓库', text: '退货已签收' }] })
  })
})
