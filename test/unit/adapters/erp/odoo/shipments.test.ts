import { afterEach, describe, expect, it } from 'vitest'
import * as z from 'zod'
import type { ShipmentPage } from '#ports/erp-reads.ts'
import { OdooDouble } from '../../../../support/odoo-double.ts'
import { odooReads } from '../../../../support/odoo-reads-lab.ts'
import { OdooRpc } from '../../../../support/odoo-rpc.ts'

const MINUTE = 60_000
const open: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of open.splice(0)) await close()
})

/** An Odoo with one confirmed order, and its deliveries as the adapter tells of them: each read goes on from the one before. */
async function warehouse(trackingWaitMinutes: number, product: Readonly<Record<string, unknown>> = {}) {
  const double = await new OdooDouble({ version: 18, products: [] }).start()
  double.addWarehouses()
  const rpc = new OdooRpc(double.access)
  let passed = 0
  const lab = await odooReads({
    adapter: double.access,
    sales: rpc,
    owner: rpc,
    target: { trackingWaitMinutes },
    clock: { now: () => Date.now() + passed },
  })
  open.push(
    () => double.close(),
    () => lab.close(),
  )
  const { world } = lab
  const [sku] = world.skus
  const [reference] = world.references
  await lab.addProduct(sku, product)
  await world.putStock(sku, 'WH', 10)
  await world.order(reference, [{ recId: '7', sku, quantity: 5 }])
  let cursor: string | undefined
  return {
    reference,
    leave: (quantity: number, tracking: readonly string[] = []) =>
      world.ship(reference, [{ recId: '7', sku, quantity }], tracking),
    enter: (id: string, tracking: string) =>
      rpc.call(z.literal(true), 'stock.picking', 'write', [[Number(id)], { carrier_tracking_ref: tracking }]),
    after: (minutes: number) => {
      passed += minutes * MINUTE
    },
    told: async (): Promise<ShipmentPage> => {
      const deadline = Date.now() + passed + 20_000
      const read = await lab.reads.shipments?.read(cursor, { deadline, correlationId: 'c-1' })
      if (read?.is !== 'ok') throw new Error(`it was not read: ${JSON.stringify(read)}`)
      cursor = read.value.cursor
      return read.value
    },
  }
}

const numbers = ({ shipments }: ShipmentPage) => shipments.map(({ id, tracking }) => [id, tracking])

describe('a delivery that left without a tracking number', () => {
  it('is told at once where numbers are not waited for', async () => {
    const { leave, told } = await warehouse(0)
    const id = await leave(5)
    expect(numbers(await told())).toEqual([[id, []]])
    expect(numbers(await told())).toEqual([])
  })

  it('is told once, as soon as its number is there; what has one waits for nobody', async () => {
    const { leave, enter, after, told } = await warehouse(30)
    const late = await leave(2)
    const early = await leave(1, ['SF-1'])
    expect(numbers(await told())).toEqual([[early, ['SF-1']]])
    after(20)
    expect(numbers(await told())).toEqual([])
    await enter(late, 'SF-2; SF-3')
    expect(numbers(await told())).toEqual([[late, ['SF-2', 'SF-3']]])
    after(60)
    expect(numbers(await told())).toEqual([])
  })

  it('is told without one when its time is over', async () => {
    const { leave, after, told } = await warehouse(30)
    const id = await leave(5)
    after(29)
    expect(numbers(await told())).toEqual([])
    after(2)
    expect(numbers(await told())).toEqual([[id, []]])
    expect(numbers(await told())).toEqual([])
  })

  it('is not forgotten while later deliveries are told, however long it waits', async () => {
    const { leave, after, told } = await warehouse(300)
    const id = await leave(2)
    await told()
    // By now its change lies behind what is looked through.
    after(200)
    const other = await leave(1, ['SF-1'])
    expect(numbers(await told())).toEqual([[other, ['SF-1']]])
    after(101)
    expect(numbers(await told())).toEqual([[id, []]])
    after(90)
    expect(numbers(await told())).toEqual([])
  })
})

describe('a delivery that no shop could be told of', () => {
  it('names the order it is of, which may be of another installation', async () => {
    const { leave, reference, told } = await warehouse(0, { default_code: '' })
    const id = await leave(5)
    const { shipments, unreadable } = await told()
    expect(shipments).toEqual([])
    expect(unreadable).toEqual([{ id, why: expect.stringContaining('Internal Reference'), reference }])
  })
})
