import type * as z from 'zod'
import type { ProgressSchema } from '#contracts/progress.ts'

type Step<Of extends 'ticket' | 'return'> = Extract<z.input<typeof ProgressSchema>, { of: Of }>

/** A repair that began, as a service desk tells it. */
export function aTicketStep(change: Partial<Step<'ticket'>> = {}): Step<'ticket'> {
  return {
    of: 'ticket',
    id: 'step-1',
    reference: 'ECA1-T61',
    at: '2026-11-21T03:00:00Z',
    step: 'repairing',
    person: '王师傅',
    note: '已更换电机。',
    ...change,
  }
}

/** Goods that were looked at, as a warehouse tells it. */
export function aReturnStep(change: Partial<Step<'return'>> = {}): Step<'return'> {
  return {
    of: 'return',
    id: 'step-2',
    reference: 'ECA1-R41',
    at: '2026-11-21T04:00:00Z',
    step: 'inspected',
    ...change,
  }
}
