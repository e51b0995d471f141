import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe } from 'node:diagnostics_channel'

/**
 * The last look before the first byte. The built-in fetch announces every request it makes, and again "right before the
 * first byte of the request is written to the socket" (undici, DiagnosticsChannel.md). Between the two lie name look-up,
 * connection and TLS, and a process may be frozen there for any length of time.
 */
export interface Passage {
  /** Asked at the socket, once; false destroys it. */
  readonly open: () => boolean
  /** Undefined = fetch announced nothing, so nothing is known about its bytes. */
  state?: 'underway' | 'sent' | 'stopped'
}

const current = new AsyncLocalStorage<Passage>()
const passages = new WeakMap<object, Passage>()

subscribe('undici:request:create', (message) => {
  const passage = current.getStore()
  const request = member(message, 'request')
  if (!passage || !request) return
  passage.state ??= 'underway'
  passages.set(request, passage)
})

subscribe('undici:client:sendHeaders', (message) => {
  const request = member(message, 'request')
  const passage = request && passages.get(request)
  if (!passage) return
  const socket = member(message, 'socket')
  // fetch sends a request that was answered 421 a second time, by itself; a write goes out once.
  const stays = passage.state === 'sent' || !passage.open()
  if (stays && socket && 'destroy' in socket && typeof socket.destroy === 'function') {
    passage.state = passage.state === 'sent' ? 'sent' : 'stopped'
    socket.destroy(new Error('not to be sent'))
  } else {
    passage.state = 'sent'
  }
})

function member(message: unknown, name: string): object | undefined {
  if (typeof message !== 'object' || message === null) return undefined
  const value: unknown = Reflect.get(message, name)
  return typeof value === 'object' && value !== null ? value : undefined
}

/** Runs a fetch under a passage, which afterwards says whether bytes left. */
export function underPassage<T>(passage: Passage, run: () => Promise<T>): Promise<T> {
  return current.run(passage, run)
}
