/**
 * Why a call to a shop gave nothing. `Unavailable`: not reached, overloaded, or not understood, and nothing was changed ·
 * `AuthDenied`: the shop does not let this caller in or does not speak for itself now; a person acts, everything waits ·
 * `Refused`: this one call is wrong, nothing was changed, repeating it changes nothing · `Unknown`: a write whose bytes
 * left and that got no clear answer.
 */
export type ShopFailureClass = 'Unavailable' | 'AuthDenied' | 'Refused' | 'Unknown'

/** A failure as a value. No text of it names people or repeats what was sent. */
export interface ShopFailure {
  readonly class: ShopFailureClass
  /** The bridge’s own code where it gave one (docs/contracts/bridge-v1.md), else e.g. `timeout`, `unreadable`, `http-502`. */
  readonly code: string
  readonly message: string
  readonly remedy: string
  readonly field?: string
}

/**
 * What becomes of a command that failed so: it is parked, or tried again after a delay. Commands carry an id of their own and figures an instant, by which the shop knows
 * them again: repeating one as it was ends what is unknown.
 */
export function afterShopFailure({ class: failure, code }: ShopFailure): 'ordinary' | 'soon' | 'park' {
  if (code === 'busy') return 'soon'
  return failure === 'Refused' ? 'park' : 'ordinary'
}
