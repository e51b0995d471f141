import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DEFAULT_MAPPING, DEFAULT_MAPPINGS } from '#adapters/erp/rest/default-mapping.ts'
import { createMappings, type MappingFiles, type MappingInput } from '#adapters/mapping/mapping.ts'
import { lineReference, orderSourceId } from '#domain/reference.ts'
import { aCustomer } from '../../../support/a-customer.ts'
import { aPartsRequest, aPartsState } from '../../../support/a-parts-request.ts'
import { aPurchase } from '../../../support/a-purchase.ts'
import { aReturn } from '../../../support/a-return.ts'
import { aReply, aTicket } from '../../../support/a-ticket.ts'
import { canonicalOrder } from '../../../support/canonical-order.ts'

const REFERENCE = 'ECdemo-2026112001001-rt'

function inputOf(order = canonicalOrder()): MappingInput {
  return {
    reference: REFERENCE,
    write: {
      order,
      reference: REFERENCE,
      identity: orderSourceId(order.orderId, order.addTime),
      lineReference: (line) => lineReference(REFERENCE, line.recId),
    },
  }
}

/** Files in memory; a save is seen by its stamp. */
function memoryFiles(texts: Record<string, string>): MappingFiles {
  const textOf = (path: string) => texts[path.split('/').at(-1) ?? '']
  return {
    stamp: async (path) => {
      const text = textOf(path)
      if (text === undefined) throw Object.assign(new Error(`no ${path}`), { code: 'ENOENT' })
      return text
    },
    read: async (path) => textOf(path) ?? '',
  }
}

const mapWith = (text: string, input = inputOf()) =>
  createMappings({ configDir: '/config', files: memoryFiles({ 'order.jsonata': text }) }).map(
    'order.jsonata',
    input,
  )

describe('the built-in mapping', () => {
  it('sends the reference, name, total, date in the shop’s zone, lines and the whole order', async () => {
    const order = canonicalOrder({ quantity: 3 })
    const mapped = await createMappings({
      configDir: '/config',
      builtIn: DEFAULT_MAPPING,
      files: memoryFiles({}),
    }).map('default', inputOf(order))
    expect(mapped).toMatchObject({
      ok: true,
      body: {
        order_id: REFERENCE,
        source_identity: '1001.1763600000',
        customer_name: order.consignee.name,
        total_amount: 79.6,
        currency: 'CNY',
        order_date: '20261121',
        lines: [
          { line_ref: `${REFERENCE}-7q3`, sku: 'TEE-L', quantity: 3, unit_price: 19.9, net_amount: 59.7 },
          { line_ref: `${REFERENCE}-7q4`, sku: 'MUG-01', quantity: 1, unit_price: 19.9, net_amount: 19.9 },
        ],
        order: { orderId: '1001', money: { total: '79.60' }, lines: [{ net: '59.70' }, { net: '19.90' }] },
      },
    })
  })

  it('sends a list of lines where there is one line, too', async () => {
    const order = canonicalOrder()
    const single = { ...order, lines: order.lines.slice(0, 1) }
    const mapped = await createMappings({
      configDir: '/config',
      builtIn: DEFAULT_MAPPING,
      files: memoryFiles({}),
    }).map('default', inputOf(single))
    expect(mapped).toMatchObject({ body: { lines: [{ sku: 'TEE-L' }] } })
  })
})

describe('a mapping file', () => {
  it('sees order, reference, identity, shop and document', async () => {
    const text = '[reference, identity, shop, order.orderSn, document.id, $lineRef(order.lines[1])]'
    const input = { ...inputOf(), document: { id: 'D1', state: 'live' as const, step: 'create' } }
    expect(await mapWith(text, input)).toEqual({
      ok: true,
      body: [REFERENCE, '1001.1763600000', 'demo', '2026112001001', 'D1', `${REFERENCE}-7q4`],
    })
  })

  it('may sum in minor units without losing a cent', async () => {
    expect(await mapWith('$sum(order.lines.$money(net, "minor")) / 100')).toEqual({ ok: true, body: 39.8 })
  })

  it('may name another zone for a date', async () => {
    expect(await mapWith('$date(order.orderedAt, "YYYYMMDD", "UTC")')).toEqual({ ok: true, body: '20261120' })
  })

  it('may begin with the mark a Windows editor leaves', async () => {
    expect(await mapWith('\uFEFF{"a": 1}')).toEqual({ ok: true, body: { a: 1 } })
  })

  it('that does not parse is named with line and token', async () => {
    expect(await mapWith('{\n  "a": 1\n  "b": 2\n}')).toEqual({
      ok: false,
      failure: { class: 'Misconfigured', message: 'order.jsonata, line 3, at "b": Expected "}", got "b"' },
    })
  })

  it('that is not there is named', async () => {
    const mapped = await createMappings({
      configDir: '/config',
      builtIn: DEFAULT_MAPPING,
      files: memoryFiles({}),
    }).map('mappings/gone.jsonata', inputOf())
    expect(mapped).toEqual({
      ok: false,
      failure: { class: 'Misconfigured', message: 'mappings/gone.jsonata cannot be read (ENOENT)' },
    })
  })

  it.each([
    ['$now()', '$now'],
    ['$millis()', '$millis'],
    ['$random()', '$random'],
    ['$shuffle(order.lines)', '$shuffle'],
    ['order.lines ~> $shuffle', '$shuffle'],
    ['($clock := $now; $clock())', '$now'],
    ['$eval("$now()")', '$eval'],
    ['$toMillis("10:00", "[H]:[m]")', '$toMillis'],
    ['order.lines^($random())', '$random'],
    ['order ~> |lines|{"at": $now()}|', '$now'],
    ['function($x){ $millis() }', '$millis'],
  ])('is refused when it would differ each time: %s', async (text, name) => {
    const mapped = await mapWith(`{\n"a": ${text}}`)
    expect(mapped).toMatchObject({ ok: false, failure: { class: 'Misconfigured' } })
    expect(mapped.ok ? '' : mapped.failure.message).toContain(`order.jsonata, line 2, at "${name}": it `)
  })

  it('that fails on one order stops that order only, with line and token', async () => {
    expect(await mapWith('{\n "a": $money(order.orderSn & "x")}')).toEqual({
      ok: false,
      failure: {
        class: 'Invalid',
        message:
          'order.jsonata, line 2, at "money": the amount is not a decimal string of the order such as "12.30"',
      },
    })
    expect(await mapWith('$lineRef(order)')).toMatchObject({ ok: false, failure: { class: 'Invalid' } })
  })

  it('never shows the person in its failure', async () => {
    const { name, address } = canonicalOrder().consignee
    for (const text of [
      '$number(order.consignee.name)',
      '1 + order.consignee.address',
      '$error("no warehouse for " & order.consignee.name)',
      '$toMillisOf(order.consignee.name)',
    ]) {
      const mapped = await mapWith(text)
      expect(mapped.ok).toBe(false)
      expect(JSON.stringify(mapped)).not.toContain(name)
      expect(JSON.stringify(mapped)).not.toContain(address)
    }
    expect(await mapWith('$error("no warehouse for " & order.orderSn)')).toMatchObject({
      failure: { message: 'order.jsonata, at "error": no warehouse for 2026112001001' },
    })
  })

  it.each(['order.nothing', 'null', '$money'])('that gives nothing is a failure: %s', async (text) => {
    expect(await mapWith(text)).toMatchObject({ ok: false, failure: { class: 'Invalid' } })
  })

  it('that never ends is stopped', async () => {
    expect(await mapWith('($f := function($n){ 1 + $f($n) }; $f(1))')).toMatchObject({
      ok: false,
      failure: { class: 'Invalid' },
    })
  })

  it('gives the same bytes each time', async () => {
    const text = '{"b": order.money, "a": order.lines.sku, "c": $merge([{"z": 1}, {"y": 2}])}'
    const [one, two] = [await mapWith(text), await mapWith(text)]
    expect(JSON.stringify(one)).toBe(JSON.stringify(two))
  })
})

describe('a mapping of another kind', () => {
  const at = { reference: 'ECdemo-X1', identity: '1.1' }
  const refund = aReturn({
    type: 'refund',
    by: 'chenlaoban',
    note: '客户 Ada 要求',
    refund: { amount: 1230, to: 'balance', of: 'payment' },
  })
  const customer = aCustomer({ userName: 'adalovelace', phone: '10000000000' })
  const ticket = aTicket({ replies: [aReply({ by: 'chenlaoban' })] })
  const writes: Record<string, NonNullable<MappingInput['write']>> = {
    customer: { ...at, customer, purchases: [aPurchase()] },
    return: { ...at, return: refund },
    ticket: { ...at, ticket, purchases: [aPurchase()], parts: [aPartsState()] },
    parts: { ...at, parts: aPartsRequest() },
  }
  const map = (kind: string, text: string) =>
    mapWith(text, { reference: at.reference, ...(writes[kind] ? { write: writes[kind] } : {}) })

  it.each([
    [
      'customer',
      '[identity, shop, customer.userName, purchases.sku, $date(customer.registeredAt, "YYYYMMDD")]',
    ],
    ['return', '[identity, shop, return.refund.amount, $money(return.refund.amount, "minor"), order]'],
    [
      'ticket',
      '[identity, shop, ticket.title, purchases.sku, parts.requestId, $date(ticket.writtenAt, "YYYYMMDD")]',
    ],
    ['parts', '[identity, shop, parts.lines.sku, parts.ticket.reference]'],
  ])('sees the %s and what surrounds it, money as decimal strings', async (kind, text) => {
    expect(await map(kind, text)).toEqual({
      ok: true,
      body: {
        customer: ['1.1', 'demo', 'adalovelace', aPurchase().sku, '20251119'],
        return: ['1.1', 'demo', '12.30', 1230],
        ticket: ['1.1', 'demo', ticket.title, aPurchase().sku, aPartsState().requestId, '20251122'],
        parts: [
          '1.1',
          'demo',
          ...aPartsRequest().lines.map(({ sku }) => sku),
          aPartsRequest().ticket.reference,
        ],
      }[kind],
    })
  })

  it.each([
    ['customer', 'customer.userName', 'adalovelace'],
    ['customer', 'customer.phone', '10000000000'],
    ['customer', 'customer.addresses[0].address', '样例路'],
    ['return', 'return.consignee.name', '样例收货人'],
    ['return', 'return.by', 'chenlaoban'],
    ['return', 'return.note', 'Ada'],
    ['ticket', 'ticket.customer.email', 'buyer@example.com'],
    ['ticket', 'ticket.content', ticket.content],
    ['ticket', 'ticket.replies[0].by', 'chenlaoban'],
  ])('of a %s never shows %s in its failure', async (kind, path, person) => {
    for (const text of [`$number("x" & ${path})`, `$error("nobody knows " & ${path} & " here")`]) {
      const mapped = await map(kind, text)
      expect(mapped.ok).toBe(false)
      expect(JSON.stringify(mapped)).not.toContain(person)
    }
  })

  it('has no lines of an order', async () => {
    expect(await map('parts', '$lineRef(parts.lines[0])')).toMatchObject({ failure: { class: 'Invalid' } })
  })

  it.each(Object.keys(writes))('sends a %s as it is, where no file is named', async (kind) => {
    const [, builtIn] = Object.entries(DEFAULT_MAPPINGS).find(([name]) => name === kind) ?? []
    const mapped = await createMappings({ configDir: '/config', builtIn, files: memoryFiles({}) }).map(
      'default',
      { reference: at.reference, ...(writes[kind] ? { write: writes[kind] } : {}) },
    )
    expect(mapped).toMatchObject({
      ok: true,
      body: { reference: 'ECdemo-X1', source_identity: '1.1', [kind]: {} },
    })
    const { purchases } = (mapped.ok ? mapped.body : {}) as { purchases?: unknown }
    expect(purchases === undefined || Array.isArray(purchases)).toBe(true)
  })
})

describe('a mapping file on disk', () => {
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mapping-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  let second = 0
  const save = async (text: string) => {
    await writeFile(join(folder, 'order.jsonata'), text)
    // Each save a second after the one before, whatever the resolution of the file system.
    second += 1
    await utimes(join(folder, 'order.jsonata'), 1_763_700_000 + second, 1_763_700_000 + second)
  }

  it('is read again when it is saved, and fails while it is broken', async () => {
    const mappings = createMappings({ configDir: folder })
    await save('{"a": 1}')
    expect(await mappings.map('order.jsonata', inputOf())).toEqual({ ok: true, body: { a: 1 } })
    await save('{"a": 2}')
    expect(await mappings.map('order.jsonata', inputOf())).toEqual({ ok: true, body: { a: 2 } })
    await save('{"a": 3')
    expect(await mappings.map('order.jsonata', inputOf())).toMatchObject({
      ok: false,
      failure: { class: 'Misconfigured' },
    })
    await rm(join(folder, 'order.jsonata'))
    expect(await mappings.map('order.jsonata', inputOf())).toMatchObject({
      ok: false,
      failure: { class: 'Misconfigured' },
    })
    await save('{"a": 4}')
    expect(await mappings.map('order.jsonata', inputOf())).toEqual({ ok: true, body: { a: 4 } })
  })
})
