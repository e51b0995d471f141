/** The only ways a message can end. Only `retry` goes back to the queue; a park is in the ledger before the message goes. */
export type Outcome =
  | { readonly is: 'done'; readonly flavour: 'applied' | 'duplicate' | 'held' | 'erased' }
  | { readonly is: 'retry'; readonly afterMs: number; readonly why: string }
  | { readonly is: 'park'; readonly code: string }
