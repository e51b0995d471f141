import type { Progress, ReturnStep, TicketStep } from '#contracts/progress.ts'
import { epochMs, localTime } from './calendar.ts'

/** Which step may follow which. Steps are facts: one that may not follow is kept, and changes no state. */
interface Machine<Step extends string> {
  readonly starts: readonly Step[]
  readonly next: Readonly<Record<Step, readonly Step[]>>
  /** Nothing follows these. */
  readonly ends: readonly Step[]
}

const UNDER_WAY = ['assigned', 'inspecting', 'repairing', 'waiting-parts', 'shipped', 'closed'] as const

const TICKET_MACHINE = checked<TicketStep>({
  starts: ['accepted', 'assigned', 'inspecting', 'closed'],
  next: {
    accepted: UNDER_WAY,
    assigned: UNDER_WAY,
    inspecting: UNDER_WAY,
    repairing: UNDER_WAY,
    'waiting-parts': UNDER_WAY,
    // What was sent back may be sent in again, under the same ticket.
    shipped: ['shipped', 'inspecting', 'closed'],
    closed: [],
  },
  ends: ['closed'],
})

const RETURN_MACHINE = checked<ReturnStep>({
  starts: ['received', 'refunded', 'refused'],
  next: {
    received: ['inspected', 'refunded', 'refused', 'replacement-shipped'],
    inspected: ['refunded', 'refused', 'replacement-shipped'],
    refunded: [],
    refused: [],
    'replacement-shipped': [],
  },
  ends: ['refunded', 'refused', 'replacement-shipped'],
})

/** @throws where a step cannot be reached, leads to no end, or an end is not one */
export function checked<Step extends string>(machine: Machine<Step>): Machine<Step> {
  const steps = Object.keys(machine.next) as Step[]
  const reached = closure(machine.starts, (step) => machine.next[step])
  const ending = closure(machine.ends, (step) => steps.filter((one) => machine.next[one].includes(step)))
  for (const step of steps) {
    if (!reached.has(step)) throw new Error(`No step leads to "${step}".`)
    if (!ending.has(step)) throw new Error(`"${step}" leads to no end.`)
    if (machine.ends.includes(step) !== (machine.next[step].length === 0))
      throw new Error(`"${step}" has to be an end exactly if nothing follows it.`)
  }
  return machine
}

function closure<Step>(from: readonly Step[], next: (step: Step) => readonly Step[]): Set<Step> {
  const reached = new Set(from)
  for (const step of reached) for (const one of next(step)) reached.add(one)
  return reached
}

/** Steps of one thing come in any order; this is the one they happened in. */
export function inTheirOrder<Step extends Pick<Progress, 'at' | 'id'>>(steps: readonly Step[]): Step[] {
  return steps.toSorted((a, b) => epochMs(a.at) - epochMs(b.at) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))
}

export interface Course {
  /** Undefined: nothing has happened yet. */
  readonly state: Progress['step'] | undefined
  /** Ids of steps that may not follow the one before them. */
  readonly outOfOrder: readonly string[]
}

/** Where a thing stands at one target after these steps, whatever order they are given in. A repetition counts once. */
export function courseOf(steps: readonly Told[]): Course {
  const ofTicket = steps.filter((step) => step.of === 'ticket')
  const ofReturn = steps.filter((step) => step.of === 'return')
  return ofReturn.length > 0 ? fold(RETURN_MACHINE, ofReturn) : fold(TICKET_MACHINE, ofTicket)
}

type Told = Pick<Progress, 'at' | 'id'> &
  (
    | { readonly of: 'ticket'; readonly step: TicketStep }
    | { readonly of: 'return'; readonly step: ReturnStep }
  )

function fold<Step extends Progress['step']>(
  { starts, next }: Machine<Step>,
  steps: readonly { readonly at: string; readonly id: string; readonly step: Step }[],
): Course {
  let state: Step | undefined
  const outOfOrder: string[] = []
  const seen = new Set<string>()
  for (const { step, id } of inTheirOrder(steps)) {
    if (seen.has(id)) continue
    seen.add(id)
    if ((state === undefined ? starts : next[state]).includes(step)) state = step
    else outOfOrder.push(id)
  }
  return { state, outOfOrder }
}

/** What the bridge takes of a reply (contracts/bridge.ts). */
const MAX_REPLY = 2_000
const MAX_NOTE = 255

const STEPS: Readonly<Record<Progress['step'], string>> = {
  accepted: '已受理',
  assigned: '已派单',
  inspecting: '检测中',
  repairing: '维修中',
  'waiting-parts': '等待配件',
  shipped: '已寄出',
  closed: '已完结',
  received: '已收到退货',
  inspected: '已验货',
  refunded: '已退款',
  refused: '未予受理',
  'replacement-shipped': '换货已寄出',
}

/** A step in words for the customer, in the language of the shops. @param timeZone of the shop */
export function progressText(progress: Progress, timeZone: string): string {
  const { step, at, person, note, fee, parcels } = progress
  const lines = [
    `【${STEPS[step]}】${localTime(at, timeZone)}`,
    ...(person ? [`处理人：${person}`] : []),
    ...(note ? [note] : []),
    ...(fee
      ? [`费用：${fee.currency === 'CNY' ? `${fee.amount} 元` : `${fee.amount} ${fee.currency}`}`]
      : []),
    ...parcels.flatMap((parcel) => parcelLines(parcel, timeZone)),
  ]
  return cut(lines.join('\n'), progress.of === 'ticket' ? MAX_REPLY : MAX_NOTE)
}

function parcelLines({ carrier, tracking, events }: Progress['parcels'][number], timeZone: string): string[] {
  const newestFirst = events.toSorted((a, b) => epochMs(b.at) - epochMs(a.at))
  return [
    `包裹：${carrier === '' ? '' : `${carrier} `}${tracking}`,
    ...newestFirst.map(({ at, text }) => `  ${localTime(at, timeZone)} ${text}`),
  ]
}

/** Never between the halves of a character. */
export function cut(text: string, characters: number): string {
  if (text.length <= characters) return text
  const head = text.slice(0, characters - 1)
  return `${head.isWellFormed() ? head : head.slice(0, -1)}…`
}
