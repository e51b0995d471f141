import type { ErpFailureClass } from '#domain/erp-failure.ts'
import type { ShopFailure } from '#domain/shop-failure.ts'
import type { Clock } from '#ports/runtime.ts'
import type { ShopAnswer } from '#ports/shop-gateway.ts'
import type { TargetGate } from '#ports/target-gate.ts'
import { openTurn, type Turn } from './turn.ts'

/** A shop has a gate too: a dead one must not take every slot. No target can be named so. */
export const shopGateName = (shop: string): string => `shop:${shop}`

/** One batch's, or one slice's, turn at a shop. */
export interface ShopTurn extends Pick<Turn, 'enter' | 'end'> {
  /**
   * One call of the bridge, in a slot, reported to the gate. Undefined = not now: no token of the rate is left, or no time
   * before the function's own end.
   */
  call<Value>(
    callMs: number,
    ask: (deadline: number) => Promise<ShopAnswer<Value>>,
  ): Promise<ShopAnswer<Value> | undefined>
}

/** @param calls that are wanted at most, three for each of it @param endsAt when the function stops, epoch ms */
export function openShopTurn(
  gate: TargetGate,
  shop: string,
  calls: number,
  endsAt: number,
  clock: Clock,
): ShopTurn {
  const turn = openTurn(gate, shopGateName(shop), calls, endsAt, clock)
  return {
    enter: () => turn.enter(),
    end: () => turn.end(),
    call: async (callMs, ask) => {
      if (!turn.take(callMs)) return undefined
      return turn.inSlot(async () => {
        // It may have waited for its slot.
        if (!turn.hasTime(callMs)) return undefined
        const answer = await ask(clock.now() + callMs)
        turn.report(answer.is === 'failed' ? reported(answer.failure) : undefined)
        return answer
      })
    },
  }
}

/** A batch’s turns at the shops its messages are for: one each, opened with the first message that needs it. */
export function openShopTurns(
  gate: TargetGate,
  calls: number,
  endsAt: number,
  clock: Clock,
): { readonly of: (shop: string) => ShopTurn; end(): Promise<void> } {
  const turns = new Map<string, ShopTurn>()
  return {
    of: (shop) => {
      const turn = turns.get(shop) ?? openShopTurn(gate, shop, calls, endsAt, clock)
      turns.set(shop, turn)
      return turn
    },
    end: async () => {
      await Promise.all([...turns.values()].map((turn) => turn.end()))
    },
  }
}

/** As the gate knows failures: only outages and denials concern all calls. */
function reported({ class: failure, code }: ShopFailure): ErpFailureClass | undefined {
  // Another call of ours, or a checkout, is in the way of this one.
  if (code === 'busy') return 'Contended'
  switch (failure) {
    case 'AuthDenied':
      return 'AuthDenied'
    case 'Unavailable':
      return 'Transient'
    case 'Unknown':
      return 'UnknownOutcome'
    case 'Refused':
      return undefined
  }
}
