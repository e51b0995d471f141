import { setTimeout as delay } from 'node:timers/promises'

const PAUSE_MS = 50

/** Asks until the condition holds; false when it does not within `timeoutMs`. Throws when aborted. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal },
): Promise<boolean> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    signal.throwIfAborted()
    if (await condition()) return true
    if (performance.now() > deadline) return false
    await delay(PAUSE_MS, undefined, { signal })
  }
}
