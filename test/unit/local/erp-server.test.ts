import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { ErpServer, type ErpServerOptions } from '../../../local/demo/erp-server.ts'
import { ErpDouble } from '../../support/erp-double.ts'

const shown = async (response: Response) => z.object({ id: z.string() }).parse(await response.json())

describe('the demo ERP', () => {
  const open: { close(): Promise<void> }[] = []
  afterEach(async () => {
    for (const server of open.splice(0)) await server.close()
  })

  async function start(options: ErpServerOptions = {}) {
    const server = new ErpServer(options)
    open.push(server)
    const url = await server.listen()
    const post = (path: string, body: unknown = {}, headers: Record<string, string> = {}) =>
      fetch(`${url}/api/orders${path}`, { method: 'POST', body: JSON.stringify(body), headers })
    return { server, url, post }
  }
  const order = (sku = 'TEE-L') => ({ order_id: 'EC1-1', lines: [{ sku, quantity: 1 }] })

  it('overwrites by reference as an upsert', async () => {
    const { server, post } = await start({ mode: 'upsert' })
    const first = await shown(await post('', order()))
    expect(await (await post('', order('MUG'))).json()).toMatchObject({
      id: first.id,
      body: { lines: [{ sku: 'MUG' }] },
    })
    expect(server.counts()).toEqual({ 'EC1-1': 1 })
  })

  it('refuses a second create under a unique reference', async () => {
    const { server, post } = await start({ mode: 'unique-reference' })
    await post('', order())
    expect((await post('', order())).status).toBe(409)
    expect(server.counts()).toEqual({ 'EC1-1': 1 })
  })

  it('answers the same key as it did before, and doubles under another', async () => {
    const { server, post } = await start({ mode: 'request-key' })
    expect((await post('', order())).status).toBe(400)
    const first = await (await post('', order(), { 'Idempotency-Key': 'k1' })).json()
    expect(await (await post('', order(), { 'Idempotency-Key': 'k1' })).json()).toEqual(first)
    await post('', order(), { 'Idempotency-Key': 'k2' })
    expect(server.counts()).toEqual({ 'EC1-1': 2 })
  })

  it('doubles where nothing prevents it', async () => {
    const { server, post } = await start({ mode: 'none' })
    await post('', order())
    await post('', order())
    expect(server.counts()).toEqual({ 'EC1-1': 2 })
  })

  it('confirms, ships and then neither changes nor cancels', async () => {
    const { server, url, post } = await start()
    const { id } = await shown(await post('', order()))
    expect(await (await post(`/${id}/confirm`)).json()).toMatchObject({ status: 'confirmed' })
    server.ship('EC1-1')
    expect(await (await post(`/${id}/cancel`)).json()).toMatchObject({ error: 'too_late', status: 'shipped' })
    const amended = await fetch(`${url}/api/orders/${id}`, {
      method: 'PUT',
      body: JSON.stringify(order('MUG')),
    })
    expect(amended.status).toBe(409)
  })

  it('cancels, and a cancel of it again is the same', async () => {
    const { post } = await start()
    const { id } = await shown(await post('', order()))
    expect(await (await post(`/${id}/cancel`)).json()).toMatchObject({ status: 'cancelled' })
    expect(await (await post(`/${id}/cancel`)).json()).toMatchObject({ status: 'cancelled' })
    expect((await post(`/${id}/confirm`)).status).toBe(409)
  })

  it('refuses what it cannot make a document of', async () => {
    const { server, post } = await start({ unknownSkus: ['GONE'] })
    expect(await (await post('', { lines: [] })).json()).toMatchObject({
      error: 'invalid',
      field: 'order_id',
    })
    expect(await (await post('', order('GONE'))).json()).toMatchObject({ error: 'unknown_sku', sku: 'GONE' })
    expect((await post('/D9/cancel')).status).toBe(404)
    expect(server.documents()).toEqual([])
  })

  it('writes ids beyond 53 bits as numbers where it is told to', async () => {
    const { post } = await start({ longIds: true })
    expect(await (await post('', order())).text()).toContain('"id":9223372036854770000,')
  })

  it('keeps a journal of calls and effects', async () => {
    const { server, post } = await start()
    await post('', order())
    expect(server.journal.map(({ op, event, reference }) => [op, event, reference])).toEqual([
      ['place', 'received', 'EC1-1'],
      ['place', 'created', 'EC1-1'],
      ['place', 'answered', 'EC1-1'],
    ])
  })

  it('has its documents again after it was killed, less a line that was cut short', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'erp-'))
    const file = join(folder, 'documents.jsonl')
    const { server, post } = await start({ file })
    const { id } = await shown(await post('', order()))
    await post(`/${id}/cancel`)
    await appendFile(file, '{"id":"D1002","no":"SO-')
    const { server: again } = await start({ file })
    expect(again.documents()).toEqual(server.documents())
    expect((await readFile(file, 'utf8')).split('\n').length).toBe(3)
    await rm(folder, { recursive: true })
  })
})

describe('the ERP double', () => {
  let double: ErpDouble
  afterEach(() => double.close())

  const start = async () => {
    double = await new ErpDouble().start()
  }
  const control = (method: string, path: string, body?: unknown) =>
    fetch(`${double.url}/_control/${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  const place = (reference: string) =>
    fetch(`${double.url}/api/orders`, {
      method: 'POST',
      body: JSON.stringify({ order_id: reference }),
      signal: AbortSignal.timeout(5_000),
    })

  it('fails the calls it was told to, and no other', async () => {
    await start()
    double.fail('error-500', { op: 'place', reference: 'EC1-2', times: 2 })
    const statuses = []
    for (const reference of ['EC1-1', 'EC1-2', 'EC1-2', 'EC1-2'])
      statuses.push((await place(reference)).status)
    expect(statuses).toEqual([201, 500, 500, 201])
  })

  it('takes commands over HTTP, as a process of its own', async () => {
    await start()
    expect((await control('POST', 'faults', { fault: 'rate-limit', op: 'place' })).status).toBe(204)
    expect((await control('POST', 'faults', { fault: 'no-such-fault' })).status).toBe(400)
    expect((await place('EC1-1')).status).toBe(429)
    await place('EC1-1')
    expect(await (await control('GET', 'counts')).json()).toEqual({ 'EC1-1': 1 })
    expect(await (await control('GET', 'documents?reference=EC1-1')).json()).toMatchObject([
      { status: 'open' },
    ])
    await control('POST', 'ship', { reference: 'EC1-1' })
    expect(await (await control('GET', 'documents')).json()).toMatchObject([{ status: 'shipped' }])
    expect(await (await control('GET', 'journal')).json()).toContainEqual(
      expect.objectContaining({ op: 'place', event: 'created', reference: 'EC1-1' }),
    )
    expect((await control('POST', 'nonsense')).status).toBe(404)
  })

  it('commits what it held when it is told to', async () => {
    await start()
    double.fail('held-commit')
    const call = place('EC1-1').catch(() => undefined)
    await expect.poll(() => double.calls.length).toBe(1)
    expect(double.server.counts()).toEqual({})
    await control('POST', 'commit')
    expect(double.server.counts()).toEqual({ 'EC1-1': 1 })
    await double.close()
    await call
    await start()
  })

  it('commits late by itself', async () => {
    await start()
    double.fail({ commit: { afterMs: 50 }, answer: 'reset' })
    await expect(place('EC1-1')).rejects.toThrow('fetch failed')
    expect(double.server.counts()).toEqual({})
    await setTimeout(60)
    await expect.poll(() => double.server.counts()).toEqual({ 'EC1-1': 1 })
  })
})
