import type { DeadLetters } from '#ports/dead-letters.ts'

/** For tests and trials. */
export class MemoryDeadLetters implements DeadLetters {
  readonly queues: readonly string[]
  readonly #bodies: Map<string, string[]>

  constructor(queues: readonly string[]) {
    this.queues = queues
    this.#bodies = new Map(queues.map((queue) => [queue, []]))
  }

  put(queue: string, body: string): void {
    this.#bodies.get(queue)?.push(body)
  }

  async take(
    queue: string,
    chosen: (body: string) => Promise<boolean>,
    remove: boolean,
  ): Promise<{ chosen: number; unread: number }> {
    const bodies = this.#bodies.get(queue) ?? []
    const left: string[] = []
    for (const body of bodies) if (!(await chosen(body))) left.push(body)
    if (remove) this.#bodies.set(queue, left)
    return { chosen: bodies.length - left.length, unread: 0 }
  }
}
