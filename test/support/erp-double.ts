import { parseArgs } from 'node:util'
import * as z from 'zod'
import { ERP_OPS, type ErpCall, type ErpReply } from '../../local/demo/erp-call.ts'
import { ErpServer, type ErpServerOptions, type Fault } from '../../local/demo/erp-server.ts'

/** The ways an ERP fails, by name. */
export const FAULTS = {
  'error-500': { commit: 'no', answer: { status: 500, body: { message: 'internal error' } } },
  'error-502-committed': { commit: 'yes', answer: { status: 502, body: '<html>Bad Gateway</html>' } },
  'rate-limit': {
    commit: 'no',
    answer: { status: 429, headers: { 'retry-after': '7' }, body: { message: 'slow down' } },
  },
  'hang-before-commit': { commit: 'no', answer: 'hang' },
  'hang-after-commit': { commit: 'yes', answer: 'hang' },
  /** Commits a second later, or with `POST /_control/commit` where it is held. */
  'late-commit': { commit: { afterMs: 1_000 }, answer: 'hang' },
  'held-commit': { commit: 'held', answer: 'hang' },
  'reset-before-commit': { commit: 'no', answer: 'reset' },
  'reset-after-commit': { commit: 'yes', answer: 'reset' },
  truncated: { commit: 'yes', answer: 'truncate' },
  'cut-json': { commit: 'yes', answer: 'cut' },
  html: {
    commit: 'yes',
    answer: {
      status: 200,
      headers: { 'content-type': 'text/html' },
      body: '<!doctype html><title>Welcome</title>',
    },
  },
} as const satisfies Record<string, Fault>
export type FaultName = keyof typeof FAULTS

const FAULT_NAMES = Object.keys(FAULTS).filter((name): name is FaultName => name in FAULTS)

const PlanSchema = z.strictObject({
  fault: z.literal(FAULT_NAMES),
  op: z.enum(ERP_OPS).optional(),
  reference: z.string().optional(),
  times: z.int().positive().default(1),
})

interface Planned {
  readonly fault: Fault
  readonly op?: ErpCall['op'] | undefined
  readonly reference?: string | undefined
  times: number
}

/** Credentials it insists on. `oauth2` gives tokens at /oauth/token and takes only the newest. */
export type Door =
  | { readonly kind: 'headers'; readonly expected: Readonly<Record<string, string>> }
  | {
      readonly kind: 'oauth2'
      readonly clientId: string
      readonly clientSecret: string
      readonly expiresIn?: number
      /** Takes no token at all, not even the newest. */
      readonly keepsRefusing?: boolean
    }
  | { readonly kind: 'check'; readonly admits: (call: ErpCall) => boolean }

export interface ErpDoubleOptions extends Omit<ErpServerOptions, 'intercept' | 'fault'> {
  readonly door?: Door
}

/** The demo ERP, which also fails to order, keeps every call for inspection and listens to commands under /_control. */
export class ErpDouble {
  readonly server: ErpServer
  readonly calls: ErpCall[] = []
  url = ''
  tokens = 0
  readonly #door: Door | undefined
  #plan: Planned[] = []
  #revoked = false

  constructor(options: ErpDoubleOptions = {}) {
    const { door, ...rest } = options
    this.#door = door
    this.server = new ErpServer({
      ...rest,
      intercept: (call) => this.#control(call) ?? this.#admit(call),
      fault: (call) => this.#next(call),
    })
  }

  async start(port = 0): Promise<this> {
    this.url = await this.server.listen(port)
    return this
  }

  /** The next `times` calls of this kind go wrong. */
  fail(
    fault: FaultName | Fault,
    only: { op?: ErpCall['op']; reference?: string; times?: number } = {},
  ): void {
    this.#plan.push({
      ...only,
      fault: typeof fault === 'string' ? FAULTS[fault] : fault,
      times: only.times ?? 1,
    })
  }

  /** The token it gave last is worth nothing any more. */
  revokeToken(): void {
    this.#revoked = true
  }

  close(): Promise<void> {
    return this.server.close()
  }

  #next(call: ErpCall): Fault | undefined {
    const planned = this.#plan.find(
      ({ op, reference }) => (op ?? call.op) === call.op && (reference ?? call.reference) === call.reference,
    )
    if (!planned) return undefined
    planned.times -= 1
    if (planned.times === 0) this.#plan = this.#plan.filter((other) => other !== planned)
    return planned.fault
  }

  #admit(call: ErpCall): ErpReply | undefined {
    this.calls.push(call)
    const door = this.#door
    const closed: ErpReply = { status: 401, body: { message: 'who are you?' } }
    switch (door?.kind) {
      case undefined:
        return undefined
      case 'headers':
        return Object.entries(door.expected).every(([name, value]) => call.headers[name] === value)
          ? undefined
          : closed
      case 'check':
        return door.admits(call) ? undefined : closed
      case 'oauth2': {
        if (call.path === '/oauth/token') return this.#giveToken(call, door)
        if (!call.path.startsWith('/api/')) return undefined
        return !door.keepsRefusing &&
          !this.#revoked &&
          call.headers['authorization'] === `Bearer token-${this.tokens}`
          ? undefined
          : closed
      }
    }
  }

  #giveToken(call: ErpCall, door: Extract<Door, { kind: 'oauth2' }>): ErpReply {
    const form = new URLSearchParams(call.text)
    const basic = Buffer.from(`${door.clientId}:${door.clientSecret}`).toString('base64')
    const known =
      call.headers['authorization'] === `Basic ${basic}` ||
      (form.get('client_id') === door.clientId && form.get('client_secret') === door.clientSecret)
    if (!known || form.get('grant_type') !== 'client_credentials')
      return { status: 401, body: { error: 'invalid_client' } }
    this.tokens += 1
    this.#revoked = false
    return {
      status: 200,
      body: {
        access_token: `token-${this.tokens}`,
        token_type: 'bearer',
        expires_in: door.expiresIn ?? 3600,
      },
    }
  }

  #control({ method, path, query, body }: ErpCall): ErpReply | undefined {
    if (!path.startsWith('/_control/')) return undefined
    const { server } = this
    switch (`${method} ${path.slice('/_control/'.length)}`) {
      case 'GET journal':
        return { status: 200, body: server.journal }
      case 'GET documents':
        return { status: 200, body: server.documents(query['reference']) }
      case 'GET counts':
        return { status: 200, body: server.counts() }
      case 'DELETE faults':
        this.#plan = []
        return { status: 204 }
      case 'POST faults': {
        const plan = PlanSchema.safeParse(body)
        if (!plan.success) return { status: 400, body: { message: z.prettifyError(plan.error) } }
        const { fault, ...only } = plan.data
        this.#plan.push({ ...only, fault: FAULTS[fault] })
        return { status: 204 }
      }
      case 'POST commit':
        server.commitHeld()
        return { status: 204 }
      case 'POST ship': {
        const wanted = z.object({ reference: z.string() }).safeParse(body)
        if (!wanted.success) return { status: 400, body: { message: z.prettifyError(wanted.error) } }
        server.ship(wanted.data.reference)
        return { status: 204 }
      }
      default:
        return { status: 404, body: { message: 'no such command' } }
    }
  }
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '0' },
      mode: { type: 'string', default: 'unique-reference' },
      file: { type: 'string' },
      'unknown-sku': { type: 'string', multiple: true, default: [] },
    },
  })
  const mode = z.enum(['upsert', 'unique-reference', 'request-key', 'none']).parse(values.mode)
  const double = new ErpDouble({
    mode,
    unknownSkus: values['unknown-sku'],
    ...(values.file ? { file: values.file } : {}),
  })
  await double.start(Number(values.port))
  console.log(double.url)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void double.close())
}
