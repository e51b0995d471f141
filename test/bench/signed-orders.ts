import type { OrderSnapshot } from '#contracts/webhook.ts'
import { aWebhookRequest } from '../support/a-webhook-request.ts'
import { anOrder, snapshotEvent } from '../support/an-order.ts'

const FIRST_ORDER_ID = 100_000

/** A paid order of its own for each number. */
export const orderNo = (no: number, lines = 1): OrderSnapshot =>
  anOrder()
    .paid()
    .with({ order_id: String(FIRST_ORDER_ID + no), order_sn: `20261121${String(no).padStart(6, '0')}` })
    .withLines(Array.from({ length: lines }, () => ({})))
    .snapshot()

/** The request a bridge would send for it now; each has its own id, version and signature. */
export function signedOrder(shop: string, no: number, lines = 1) {
  const body = JSON.stringify(snapshotEvent(orderNo(no, lines), { seq: no }))
  const { headers } = aWebhookRequest(body, { shop, at: Date.now(), id: `msg_${no}` })
  return { headers: { ...headers, 'content-type': 'application/json' }, body }
}
