import type {
  ToldShipment,
  WritebackCommand,
  WritebackKey,
  WritebackMessage,
  WritebackRow,
} from '#contracts/writeback.ts'

const NOW = 1_763_712_000_000
const ORDER = { order_id: '10086', order_sn: '2026112112345', add_time: 1_763_712_000 }

export const aShipmentCommand = (
  overrides: Partial<Extract<WritebackCommand, { is: 'shipment' }>['shipment']> = {},
): Extract<WritebackCommand, { is: 'shipment' }> => ({
  is: 'shipment',
  no: ORDER.order_sn,
  ref: 'ECA1-2026112112345-7s6',
  shipment: {
    shipment_id: 'erp-one/OUT-1',
    order: ORDER,
    shipped_at: '2026-11-21T08:00:00.000Z',
    carrier: { shipping_code: 'sf_express', name: '顺丰速运' },
    tracking: ['SF1001'],
    lines: [{ rec_id: '501', quantity: 2 }],
    origin: 'erp-one',
    ...overrides,
  },
})

export const aCancelCommand = (): Extract<WritebackCommand, { is: 'cancel' }> => ({
  is: 'cancel',
  no: ORDER.order_sn,
  ref: 'ECA1-2026112112345-7s6',
  cancel: { command_id: 'cancel-1', order: ORDER, reason: '仓库缺货', refund: 'none', origin: 'operator' },
})

export const aStockCommand = (
  overrides: Partial<Extract<WritebackCommand, { is: 'stock' }>> = {},
): Extract<WritebackCommand, { is: 'stock' }> => ({
  is: 'stock',
  pool: 'main',
  write: {
    as_of: '2026-11-21T08:29:30.000Z',
    origin: 'erp-one',
    items: [
      { sku: 'TEA-250', quantity: 7, expect: 9 },
      { sku: 'LAMP-01', quantity: 0, expect: 1, digest: 'd1' },
    ],
  },
  ...overrides,
})

export const aToldShipment = (overrides: Partial<ToldShipment> = {}): ToldShipment => ({
  id: 'OUT-1',
  reference: 'ECA1-2026112112345-7s6',
  shippedAt: Date.parse('2026-11-21T08:00:00Z'),
  carrier: { code: 'SF', name: 'SF Express' },
  tracking: ['SF1001'],
  lines: [{ recId: '501', sku: 'TEA-250', quantity: 2, serials: ['SN-𠮷-1', 'SN-2'] }],
  ...overrides,
})

export function aWriteback(overrides: Partial<WritebackMessage> = {}): WritebackMessage {
  return {
    v: 1,
    shop: 'A1',
    target: 'erp-one',
    id: 'OUT-1',
    cause: 'run',
    firstSeenAt: '2026-11-21T08:30:00.000Z',
    correlationId: 'corr-1',
    command: aShipmentCommand(),
    ...overrides,
  }
}

export const aWritebackKey = (overrides: Partial<WritebackKey> = {}): WritebackKey => ({
  target: 'erp-one',
  kind: 'shipment',
  id: 'OUT-1',
  ...overrides,
})

/** The first write of a row; the rest is overridden. */
export function aWritebackRow(overrides: Partial<WritebackRow> = {}): WritebackRow {
  return {
    v: 1,
    key: aWritebackKey(),
    rev: 1,
    writer: 'worker-1',
    shop: 'A1',
    no: ORDER.order_sn,
    ref: 'ECA1-2026112112345-7s6',
    status: 'open',
    command: aShipmentCommand(),
    told: aToldShipment(),
    firstSeenAt: NOW,
    updatedAt: NOW,
    history: [],
    ...overrides,
  }
}
