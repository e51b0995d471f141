/** The part of autocannon 9 that is used here; it ships no types. */
declare module 'autocannon' {
  interface Client {
    setRequests(requests: readonly { headers: Readonly<Record<string, string>>; body: string }[]): void
  }

  interface Options {
    readonly url: string
    readonly method: 'POST'
    readonly connections: number
    /** Requests in all, shared out among the connections. */
    readonly amount: number
    /** Milliseconds; the run ends at the first such tick after its last answer. */
    readonly sampleInt: number
    readonly setupClient: (client: Client) => void
  }

  interface Result {
    readonly errors: number
    readonly statusCodeStats: Readonly<Record<string, { readonly count: number }>>
    /** Milliseconds. */
    readonly latency: { readonly p99: number }
  }

  interface Run extends Promise<Result> {
    on(event: 'start' | 'response', listener: () => void): void
  }

  export default function autocannon(options: Options): Run
}
