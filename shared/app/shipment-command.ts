import type { ShipmentsConfig } from '#contracts/config.ts'
import { EpochMsSchema } from '#contracts/instant.ts'
import type { LedgerRow, Reason } from '#contracts/ledger-row.ts'
import type { ToldShipment, WritebackCommand, WritebackRow } from '#contracts/writeback.ts'
import { reason } from '#domain/reasons.ts'
import { shippedLines } from '#domain/shipped-lines.ts'
import type { Ledger } from '#ports/ledger.ts'
import type { WritebackLedger } from '#ports/writebacks.ts'
import { commandId } from './command-id.ts'
import { withoutGeneration } from './find-rows.ts'

const MAX_ORIGIN = 30
/** What the bridge takes (contracts/bridge.ts); the row keeps all that was told. */
const MAX_TRACKING = 10
const MAX_TRACKING_LENGTH = 50
const MAX_CARRIER = 60

type ShipmentCommand = Extract<WritebackCommand, { is: 'shipment' }>
type ParcelCommand = Extract<WritebackCommand, { is: 'parcel' }>

/** Whose a shipment is, as far as it is known. */
export interface Owner {
  readonly shop?: string | undefined
  readonly no: string
  readonly ref: string
}

export type Made =
  | {
      readonly ok: true
      readonly owner: Owner & { readonly shop: string }
      readonly command: ShipmentCommand | ParcelCommand
    }
  /** No command can be made of it: a person has to see to it. */
  | { readonly ok: false; readonly owner: Owner; readonly reason: Reason }

export interface ShipmentCommandDeps {
  readonly ledger: Pick<Ledger, 'findByRef' | 'getSubject'>
  readonly writebacks: Pick<WritebackLedger, 'findByRef'>
}

/**
 * What the shop is to be told of a shipment of the ERP’s; of one of spare parts, what the desk is to be told that asked.
 * @param alsoMade commands of this moment that no search finds yet
 */
export async function shipmentCommand(
  told: ToldShipment,
  target: string,
  config: Pick<ShipmentsConfig, 'carriers'>,
  { ledger, writebacks }: ShipmentCommandDeps,
  alsoMade: readonly Pick<WritebackRow, 'key' | 'status' | 'command'>[] = [],
): Promise<Made> {
  const unknown = { no: '', ref: told.reference }
  const row = await rowBehind(told.reference, target, ledger)
  if (row?.key.kind === 'parts') return parcelCommand(told, row, config)
  if (!row)
    return {
      ok: false,
      owner: unknown,
      reason: reason('shipment-unknown-order', { subject: told.reference }),
    }

  const owner = { shop: row.key.shop, no: row.no, ref: row.ref }
  const subject = await ledger.getSubject(row.key)
  if (subject?.is !== 'snapshot') {
    return {
      ok: false,
      owner,
      reason: reason(subject ? 'shipment-deleted-order' : 'shipment-forgotten-order'),
    }
  }
  const others = [...(await writebacks.findByRef(row.ref)), ...alsoMade]
  const shipped = shippedLines(told.lines, subject.order.lines, takenBy(others, told.id, row))
  if (!shipped.ok) return { ok: false, owner, reason: shipped.reason }

  const { orderId, orderSn, addTime } = subject.order
  return {
    ok: true,
    owner,
    command: {
      is: 'shipment',
      no: row.no,
      ref: row.ref,
      shipment: {
        shipment_id: commandId(target, told.id),
        order: { order_id: orderId, order_sn: orderSn, add_time: addTime },
        shipped_at: EpochMsSchema.encode(told.shippedAt),
        ...carrierOf(told, config),
        tracking: told.tracking.filter(({ length }) => length <= MAX_TRACKING_LENGTH).slice(0, MAX_TRACKING),
        lines: shipped.lines.map(({ recId, quantity }) => ({ rec_id: recId, quantity })),
        origin: target.slice(0, MAX_ORIGIN),
      },
    },
  }
}

function parcelCommand(
  told: ToldShipment,
  { key, no, ref }: LedgerRow,
  config: Pick<ShipmentsConfig, 'carriers'>,
): Made {
  return {
    ok: true,
    owner: { shop: key.shop, no, ref },
    command: {
      is: 'parcel',
      no,
      ref,
      request: key.sourceId,
      parcel: {
        id: told.id,
        shippedAt: EpochMsSchema.encode(told.shippedAt),
        carrier: carrierOf(told, config).carrier?.name ?? '',
        tracking: told.tracking,
      },
    },
  }
}

/** The reference is that of a document: of any generation of the order, or of the request. */
async function rowBehind(
  reference: string,
  target: string,
  ledger: ShipmentCommandDeps['ledger'],
): Promise<LedgerRow | undefined> {
  for (const ref of [reference, withoutGeneration(reference)]) {
    const rows = await ledger.findByRef(ref)
    const [row] = rows.filter(
      ({ key }) => key.target === target && (key.kind === 'order' || key.kind === 'parts'),
    )
    if (row) return row
  }
  return undefined
}

/** Pieces by rec_id that other shipments of the order are of; parked ones have taken nothing. */
function takenBy(
  others: readonly Pick<WritebackRow, 'key' | 'status' | 'command'>[],
  id: string,
  { key: { target } }: LedgerRow,
): Map<string, number> {
  const taken = new Map<string, number>()
  for (const { key, status, command } of others) {
    const itself = key.target === target && key.id === id
    if (itself || status === 'parked' || command?.is !== 'shipment') continue
    for (const { rec_id: recId, quantity } of command.shipment.lines) {
      taken.set(recId, (taken.get(recId) ?? 0) + quantity)
    }
  }
  return taken
}

function carrierOf(
  { carrier }: ToldShipment,
  { carriers }: Pick<ShipmentsConfig, 'carriers'>,
): Pick<ShipmentCommand['shipment'], 'carrier'> {
  if (!carrier) return {}
  const { shippingCode, name } = carriers[carrier.code] ?? { name: carrier.name }
  return {
    carrier: {
      ...(shippingCode === undefined ? {} : { shipping_code: shippingCode }),
      name: name.slice(0, MAX_CARRIER),
    },
  }
}
