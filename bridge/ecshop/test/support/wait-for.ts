import { setTimeout as sleep } from 'node:timers/promises'

/** Asks again and again until the answer is not undefined. Throws after `seconds`, saying what was awaited. */
export async function waitFor<T>(
  what: string,
  ask: () => Promise<T | undefined> | T | undefined,
  { seconds = 20, every = 40 }: { readonly seconds?: number; readonly every?: number } = {},
): Promise<T> {
  const end = performance.now() + seconds * 1000
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    if (performance.now() > end) throw new Error(`waited ${seconds} s in vain for ${what}`)
    await sleep(every)
  }
}
