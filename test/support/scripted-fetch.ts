export interface SentRequest {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
}

export interface Script {
  readonly fetch: typeof globalThis.fetch
  readonly sent: SentRequest[]
}

export type ScriptedAnswer = { status?: number; headers?: Record<string, string>; body?: unknown } | Error

/** A fetch that gives these answers in turn and keeps what it was asked. Anything but a string is sent as JSON. */
export function scriptedFetch(...answers: ScriptedAnswer[]): Script {
  const sent: SentRequest[] = []
  return {
    sent,
    fetch: async (url, init) => {
      sent.push({
        method: init?.method ?? 'GET',
        url: String(url instanceof Request ? url.url : url),
        headers: Object.fromEntries(new Headers(init?.headers)),
        body: typeof init?.body === 'string' ? init.body : undefined,
      })
      const answer = answers.shift()
      if (answer === undefined) throw new Error('the script has no further answer')
      if (answer instanceof Error) throw answer
      const { status = 200, headers, body } = answer
      const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
      return new Response(status === 204 || status === 304 ? null : (text ?? ''), {
        status,
        ...(headers ? { headers } : {}),
      })
    },
  }
}
