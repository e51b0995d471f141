import type { PartsRequest, PartsState } from '#contracts/parts.ts'

/** Two blades for the ticket of `aTicket()`. */
export function aPartsRequest(change: Partial<PartsRequest> = {}): PartsRequest {
  return {
    shop: 'demo',
    requestId: 'step-7',
    ticket: { reference: 'ECdemo-T61', sourceId: '61.1763800000', target: 'desk' },
    requestedAt: '2026-11-22T03:00:00Z',
    withdrawn: false,
    lines: [{ sku: 'BLADE-2', quantity: 2, description: '刀头' }],
    ...change,
  }
}

/** The same as the desk is told of it. */
export function aPartsState(change: Partial<PartsState> = {}): PartsState {
  return {
    requestId: 'step-7',
    reference: 'ECdemo-P0123456789abcdef',
    state: 'requested',
    lines: [{ sku: 'BLADE-2', quantity: 2, description: '刀头', available: 5 }],
    parcels: [],
    ...change,
  }
}
