import type { Reason } from '#contracts/ledger-row.ts'

/** Why a thing waits or needs a person, with the sentence and the fix a person reads in `parked` and `show`. */
const REASONS = {
  unpaid: ['The order is not paid.', 'Nothing to do: it goes on when the shop reports the payment.'],
  deposit: [
    'Only the deposit of a group-buy is paid.',
    'Nothing to do: it goes on when the activity succeeds.',
  ],
  'cod-unconfirmed': [
    'A cash-on-delivery order waits for its confirmation.',
    'Confirm or cancel it in the shop.',
  ],
  'late-payment': [
    'A payment arrived after the order was cancelled; its stock and coupon were already given back.',
    'Refund and cancel it in the shop, or fulfil it: npm run sync -- replay <reference>.',
  ],
  unbalanced: [
    'The shop’s goods total differs from the sum of its lines.',
    'Correct the order in the shop, or raise rules.residualTolerance of the target, then replay.',
  ],
  'missing-sku': [
    'A line has no SKU code.',
    'Give the product a code in the shop, save the order once, or map it; then replay.',
  ],
  mapping: ['The mapping refused the order.', 'Correct the mapping or the order, then replay.'],
  'missing-reference': [
    'The ERP does not know something the order names.',
    'Create it in the ERP or correct the code in the shop, then replay.',
  ],
  refused: ['The ERP refused the document.', 'Correct the order in the shop or the mapping, then replay.'],
  'too-late-to-amend': [
    'The order was edited after the ERP’s document went too far on to be changed.',
    'Settle the difference by hand in the ERP, then replay.',
  ],
  'too-late-to-cancel': [
    'The order was cancelled after the ERP’s document went too far on.',
    'Stop the goods and settle it by hand in the ERP, then replay.',
  ],
  'amend-unsupported': [
    'This ERP cannot change or cancel a document.',
    'Change the document by hand in the ERP, then replay.',
  ],
  'cancel-unsupported': [
    'This ERP cannot cancel a document.',
    'Cancel the document by hand in the ERP, then replay.',
  ],
  'cancelled-in-erp': [
    'The document was cancelled in the ERP while the shop still wants the order.',
    'Cancel the order in the shop, or place it anew: npm run sync -- replay <reference>.',
  ],
  'missing-in-erp': [
    'The ERP no longer has a document it had acknowledged.',
    'Find out who deleted it; then npm run sync -- replay <reference> --was absent places it anew.',
  ],
  'many-documents': [
    'The ERP has several documents under this reference.',
    'Cancel all but one in the ERP, then replay.',
  ],
  'reference-collision': [
    'The ERP has a document under this reference that is not this order’s.',
    'Rename or remove that document in the ERP, then replay.',
  ],
  verify: [
    'It is unknown whether the ERP carried out the last write, and it cannot be asked.',
    'Look in the ERP, then npm run sync -- replay <reference> --was placed or --was absent.',
  ],
  vanished: [
    'The order disappeared from the shop without having been cancelled.',
    'If it was deleted on purpose, cancel the document in the ERP; if the database was restored, restore the order.',
  ],
  'tombstone-burst': [
    'Unusually many deletions of orders the ERP has arrived within the hour.',
    'Check that the shop’s database was not restored or emptied, then replay.',
  ],
  'merge-predecessor': [
    'An order this one was merged from is too far on in the ERP to be cancelled.',
    'Settle both documents by hand in the ERP, then replay.',
  ],
  'returned-unplaced': [
    'The order was returned in the shop before the ERP ever had it.',
    'Enter it by hand in the ERP if the books need it; otherwise nothing to do.',
  ],
  'shipment-unreadable': [
    'The ERP told of a shipment that cannot be read.',
    'Correct the shipment in the ERP, and it is read again; or record it by hand in the shop’s admin and replay <reference> --was placed.',
  ],
  'shipment-unknown-order': [
    'The ERP shipped for a reference that no order of ours has.',
    'Correct the reference on the ERP’s document, and it is read again; if it is no order of a shop, replay <reference> --was placed.',
  ],
  'shipment-deleted-order': [
    'The ERP shipped an order that was deleted in the shop.',
    'Stop the parcel, or settle it with the customer; then replay <reference> --was placed.',
  ],
  'shipment-forgotten-order': [
    'The stored state of the order has expired, so that its lines are not known any more.',
    'Save the order once in the shop, so that it is sent anew, then replay.',
  ],
  'shipment-unknown-line': [
    'The ERP shipped something the order does not have, or more of it than was ordered.',
    'Correct the shipment in the ERP, or add it to the order in the shop, then replay.',
  ],
  'package-in-parts': [
    'A part of a package was shipped; the shop can only ship whole packages.',
    'Once the rest has left, record it by hand in the shop’s admin; then replay <reference> --was placed.',
  ],
  'shipment-changed': [
    'The ERP changed a shipment after the shop had recorded it.',
    'Compare both and correct the delivery note in the shop’s admin; then replay <reference> --was placed.',
  ],
  'kind-unsupported': [
    'This target cannot take this kind of thing.',
    'Take the kind out of the target’s kinds, or configure its operations (docs/guides); then replay.',
  ],
  'owned-by-erp': [
    'The configuration says that the ERP’s word counts for this kind, so that the shop’s is not sent there.',
    'Nothing to do; or change "owners" in sync.config.json, then replay.',
  ],
  'owned-by-shop': [
    'The configuration says that the shop’s word counts for this, so that the ERP’s is not written there.',
    'Nothing to do; or change "owners" in sync.config.json, then replay.',
  ],
  'progress-unreadable': [
    'The target told of a step that cannot be read.',
    'Correct the step in the target, and it is read again; or tell the customer by hand and replay <target/id> --was placed.',
  ],
  'progress-unknown-reference': [
    'The target told of a ticket or return that it never got from us.',
    'Correct the reference in the target, then replay; if it is none of a shop’s, replay <target/id> --was placed.',
  ],
  'progress-changed': [
    'The target changed a step after the shop had been told of it.',
    'Tell the change as a step of its own; then replay <target/id> --was placed.',
  ],
  'progress-forgotten': [
    'The stored state of the return has expired, so that its order is not known any more.',
    'Replay the return by its reference, so that it is read anew, then replay the step.',
  ],
  'parts-no-target': [
    'A service desk asked for spare parts, and no target of the shop takes such requests.',
    'Add "parts" to the kinds of the ERP’s target in sync.config.json, then replay; or order them by hand and replay <target/id> --was placed.',
  ],
  'too-old': [
    'The message waited for more than ten days.',
    'Check that the target works (doctor), then replay.',
  ],
} as const satisfies Record<string, readonly [message: string, remedy: string]>

export type ReasonCode = keyof typeof REASONS

/** A reason with its sentence and fix; `about` adds the ERP's words, the SKU, the field. */
export function reason(
  code: ReasonCode,
  about: { detail?: string; subject?: string; field?: string; remedy?: string } = {},
): Reason {
  const [message, remedy] = REASONS[code]
  return {
    code,
    message: about.detail ? `${message} ${about.detail}` : message,
    remedy: about.remedy ?? remedy,
    ...(about.subject === undefined ? {} : { subject: about.subject }),
    ...(about.field === undefined ? {} : { field: about.field }),
  }
}

/** Of a cancel that the shop refuses because it was paid, and nobody said what becomes of the money. */
export const REFUND_REMEDY =
  'Cancel it again with --refund, which credits what was paid to the member’s balance; or pay it back and cancel it in the shop’s admin, then replay <reference> --was placed.'

/** Reasons that may pass by themselves once somebody creates what is missing: the sweep tries them again when `wakeAt` is due. */
export const WAKES: ReadonlySet<string> = new Set<ReasonCode>(['missing-reference', 'missing-sku'])
