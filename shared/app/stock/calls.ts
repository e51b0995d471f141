import { openShopTurn } from '#app/shop-turn.ts'
import { openTurn } from '#app/turn.ts'
import type { WriteContext } from '#ports/erp-gateway.ts'
import type { ErpRead } from '#ports/erp-reads.ts'
import type { Clock } from '#ports/runtime.ts'
import type { ShopAnswer } from '#ports/shop-gateway.ts'
import type { Entry, TargetGate } from '#ports/target-gate.ts'

/** Why a call gave nothing. `failed`: this call · `closed`: a gate lets nobody in · `late`: the invocation ends first. */
export interface Halt {
  readonly is: 'failed' | 'closed' | 'late'
  readonly why: string
}

export type Called<Value> = { readonly is: 'ok'; readonly value: Value } | Halt

export interface CallsDeps {
  readonly gate: TargetGate
  readonly clock: Clock
  readonly wait: (ms: number) => Promise<void>
  readonly callMs: number
  readonly correlationId: string
}

const LATE: Halt = { is: 'late', why: 'the invocation is nearly over' }
/** A gate that says "at once" is not asked in a circle. */
const SHORTEST_WAIT_MS = 20

/**
 * The calls of one invocation, each in a turn of its own at its gate: a run that takes minutes must not keep a slot from the
 * deliveries. It waits for a token or a slot, and for nothing else.
 */
export class Calls {
  erpCalls = 0
  shopCalls = 0
  readonly #deps: CallsDeps
  readonly #endsAt: number

  constructor(deps: CallsDeps, endsAt: number) {
    this.#deps = deps
    this.#endsAt = endsAt
  }

  erp<Value>(
    target: string,
    ask: (context: WriteContext) => Promise<ErpRead<Value>>,
  ): Promise<Called<Value>> {
    const { gate, clock, callMs, correlationId } = this.#deps
    return this.#untilLetIn(`the gate of ${target} is closed`, async () => {
      const turn = openTurn(gate, target, 1, this.#endsAt, clock)
      try {
        const entry = await turn.enter()
        if (!entry.open) return entry
        if (!turn.take(callMs)) return LATE
        this.erpCalls += 1
        const answer = await turn.inSlot(() => ask({ deadline: clock.now() + callMs, correlationId }))
        turn.report(answer.is === 'failed' ? answer.failure.class : undefined)
        return answer.is === 'ok' ? answer : failed(target, answer.failure)
      } finally {
        await turn.end()
      }
    })
  }

  shop<Value>(shop: string, ask: (deadline: number) => Promise<ShopAnswer<Value>>): Promise<Called<Value>> {
    const { gate, clock, callMs } = this.#deps
    return this.#untilLetIn(`the gate of shop ${shop} is closed`, async () => {
      const turn = openShopTurn(gate, shop, 1, this.#endsAt, clock)
      try {
        const entry = await turn.enter()
        if (!entry.open) return entry
        this.shopCalls += 1
        const answer = await turn.call(callMs, ask)
        if (!answer) return LATE
        return answer.is === 'ok' ? answer : failed(`shop ${shop}`, answer.failure)
      } finally {
        await turn.end()
      }
    })
  }

  /** Waits, if there is time for it: false if not. */
  async pause(ms: number): Promise<boolean> {
    const { clock, wait, callMs } = this.#deps
    if (clock.now() + ms + callMs >= this.#endsAt) return false
    await wait(ms)
    return true
  }

  async #untilLetIn<Value>(
    closed: string,
    attempt: () => Promise<Called<Value> | Extract<Entry, { open: false }>>,
  ): Promise<Called<Value>> {
    for (;;) {
      const result = await attempt()
      if ('is' in result) return result
      if (result.why === 'breaker') return { is: 'closed', why: closed }
      if (!(await this.pause(Math.max(SHORTEST_WAIT_MS, result.retryAfterMs)))) return LATE
    }
  }
}

function failed(who: string, { message, remedy }: { message: string; remedy?: string }): Halt {
  return { is: 'failed', why: `${who}: ${message}${remedy === undefined ? '' : ` ${remedy}`}` }
}
