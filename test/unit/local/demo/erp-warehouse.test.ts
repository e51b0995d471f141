import { appendFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { ErpServer, type ErpServerOptions, MAIN_WAREHOUSE } from '../../../../local/demo/erp-server.ts'

const FeedSchema = z.object({ skus: z.array(z.string()), next: z.string(), more: z.boolean() })

describe('the stock of the demo ERP', () => {
  const open: { close(): Promise<void> }[] = []
  afterEach(async () => {
    for (const server of open.splice(0)) await server.close()
  })

  async function start(options: ErpServerOptions = {}) {
    const server = new ErpServer({ mode: 'unique-reference', ...options })
    open.push(server)
    const url = await server.listen()
    const call = async (method: string, path: string, body?: object): Promise<unknown> => {
      const response = await fetch(`${url}/api${path}`, {
        method,
        ...(body ? { body: JSON.stringify(body) } : {}),
      })
      return response.json()
    }
    return {
      server,
      call,
      figures: (sku: string) => call('POST', '/stock/query', { skus: [sku] }),
      feed: async (after?: string) =>
        FeedSchema.parse(await call('GET', `/stock/changes${after === undefined ? '' : `?after=${after}`}`)),
    }
  }
  const order = (quantity: number, reference = 'ECd-1-1') => ({
    order_id: reference,
    total: '10.00',
    lines: [{ sku: 'TEE-L', quantity, line_ref: `${reference}-a` }],
  })
  const shelf = { sku: 'TEE-L', warehouse: MAIN_WAREHOUSE, onHand: 10 }

  it('is reserved by an order until its goods leave, or it is cancelled', async () => {
    const { server, call, figures } = await start()
    server.warehouse.put(shelf)
    const figure = (on_hand: string, reserved: string, free: string) => ({
      stock: [{ sku: 'TEE-L', warehouse: MAIN_WAREHOUSE, on_hand, reserved, free }],
    })
    await call('POST', '/orders', order(3))
    expect(await figures('TEE-L')).toEqual(figure('10.000', '3.000', '7.000'))
    server.ship('ECd-1-1', { lines: [{ sku: 'TEE-L', quantity: 1 }] })
    expect(await figures('TEE-L')).toEqual(figure('9.000', '2.000', '7.000'))
    server.ship('ECd-1-1')
    expect(await figures('TEE-L')).toEqual(figure('7.000', '0.000', '7.000'))

    const second = z.object({ id: z.string() }).parse(await call('POST', '/orders', order(2, 'ECd-2-2')))
    await call('POST', `/orders/${second.id}/cancel`)
    expect(await figures('TEE-L')).toEqual(figure('7.000', '0.000', '7.000'))
  })

  it('tells of every change of a figure, from where a reader stopped', async () => {
    const { server, call, feed } = await start({ pageSize: 2 })
    server.warehouse.put(shelf)
    const began = await feed()
    expect(began).toEqual({ skus: [], next: '1', more: false })
    server.warehouse.put({ ...shelf, sku: 'MUG' })
    await call('POST', '/orders', order(1))
    server.warehouse.put({ ...shelf, onHand: 0 })
    expect(await feed(began.next)).toEqual({ skus: ['MUG', 'TEE-L'], next: '3', more: true })
    expect(await feed('3')).toEqual({ skus: ['TEE-L'], next: '4', more: false })
  })

  it('is known by document: what was ordered, reserved and shipped', async () => {
    const { server, call } = await start()
    server.warehouse.put(shelf)
    await call('POST', '/orders', order(3))
    server.ship('ECd-1-1', { lines: [{ sku: 'TEE-L', quantity: 1 }] })
    expect(await call('GET', '/commitments?references=ECd-1-1,ECd-9-9')).toEqual({
      documents: [
        {
          order_id: 'ECd-1-1',
          status: 'partly-shipped',
          total: '10.00',
          items: [{ sku: 'TEE-L', ordered: '3.000', reserved: '2.000', shipped: '1.000' }],
        },
      ],
      unknown: ['ECd-9-9'],
    })
  })

  it('lists each shipment once, with its parcels and serial numbers', async () => {
    const { server, call } = await start()
    await call('POST', '/orders', order(2))
    server.ship('ECd-1-1', {
      lines: [{ sku: 'TEE-L', quantity: 1, serials: ['S-1'] }],
      tracking: ['SF1', 'SF2'],
    })
    server.ship('ECd-1-1')
    server.ship('ECd-1-1')
    expect(await call('GET', '/shipments')).toMatchObject({
      shipments: [
        {
          id: 'DN-501',
          order_id: 'ECd-1-1',
          parcels: [{ tracking: 'SF1' }, { tracking: 'SF2' }],
          lines: [{ line_ref: 'ECd-1-1-a', sku: 'TEE-L', quantity: '1.000', serials: ['S-1'] }],
        },
        { id: 'DN-502', lines: [{ quantity: '1.000' }] },
      ],
      next: '2',
      more: false,
    })
    expect(await call('GET', '/shipments?after=1')).toMatchObject({ shipments: [{ id: 'DN-502' }] })
  })

  it('refuses changes of an order of which goods have left', async () => {
    const { server, call } = await start()
    const { id } = z.object({ id: z.string() }).parse(await call('POST', '/orders', order(2)))
    server.ship('ECd-1-1', { lines: [{ sku: 'TEE-L', quantity: 1 }] })
    expect(await call('PUT', `/orders/${id}`, order(5))).toMatchObject({ error: 'too_late' })
  })

  it('answers every figure with 0 while it is poisoned', async () => {
    const { server, figures } = await start()
    server.warehouse.put(shelf)
    server.poisoned = true
    expect(await figures('TEE-L')).toMatchObject({ stock: [{ free: '0.000' }] })
    server.poisoned = false
    expect(await figures('TEE-L')).toMatchObject({ stock: [{ free: '10.000' }] })
  })

  it('is there again after a restart, but for a line that a crash cut short', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'demo-erp-'))
    try {
      const file = join(folder, 'warehouse.jsonl')
      const first = await start({ warehouseFile: file })
      first.server.warehouse.put(shelf)
      await first.call('POST', '/orders', order(2))
      first.server.ship('ECd-1-1', { lines: [{ sku: 'TEE-L', quantity: 1 }] })
      await appendFile(file, '{"is":"stock","sku":"TEE-L"')
      const { server, feed } = await start({ warehouseFile: file })
      expect(server.warehouse.shelves('TEE-L')).toEqual([{ ...shelf, onHand: 9 }])
      expect(server.warehouse.shipments()).toEqual(first.server.warehouse.shipments())
      expect((await feed()).next).toBe((await first.feed()).next)
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})
