import { createTransport } from '#adapters/http/transport.ts'
import { createMappings, type MappingFiles } from '#adapters/mapping/mapping.ts'
import type { AnyWrite } from '#adapters/mapping/shown-thing.ts'
import type { RestKindName, RestTarget } from '#contracts/rest-target.ts'
import type { DocumentKind } from '#contracts/scalars.ts'
import type { TargetSecret } from '#contracts/secrets.ts'
import { contentOf, withOtherWriteBacks } from '#domain/content.ts'
import type {
  CustomerWrite,
  ErpGateway,
  ErpGateways,
  OrderWrite,
  PartsWrite,
  ReturnWrite,
  TicketWrite,
} from '#ports/erp-gateway.ts'
import type { Clock, Ids } from '#ports/runtime.ts'
import { createAuth } from './auth.ts'
import { createClient } from './client.ts'
import { DEFAULT_MAPPINGS } from './default-mapping.ts'
import { createKindGateway, type RestKindDeps } from './gateway.ts'
import { createReads } from './reads.ts'

export interface RestGatewayDeps {
  readonly config: RestTarget
  /** `settleSeconds` of the target. */
  readonly settleSeconds?: number
  /** The folder of the configuration file; mapping files are relative to it. */
  readonly configDir: string
  readonly secrets: () => Promise<TargetSecret | undefined>
  readonly fetch?: typeof globalThis.fetch
  readonly clock: Clock
  readonly ids: Ids
  readonly files?: MappingFiles
}

/** Any ERP or service desk with an HTTP/JSON API, as its configuration describes it: one gateway for each kind it describes. */
export function createRestGateways(deps: RestGatewayDeps): ErpGateways {
  const { config, settleSeconds, clock, configDir, files } = deps
  const transport = createTransport({
    clock,
    maxAnswerBytes: config.maxAnswerBytes,
    ...(deps.fetch ? { fetch: deps.fetch } : {}),
  })
  const auth = createAuth({ auth: config.auth, secrets: deps.secrets, transport, clock, ids: deps.ids })
  const exchange = createClient({ baseUrl: config.baseUrl, auth, transport, clock })
  const mappingsOf = (kind: DocumentKind) =>
    createMappings({ configDir, files, builtIn: DEFAULT_MAPPINGS[kind] })
  const common = { where: 'answers', ...config.answers }
  const shared = {
    exchange,
    headers: config.headers,
    message: config.answers.message,
    problem: auth.problem,
    settleMs: settleSeconds === undefined ? undefined : settleSeconds * 1000,
  }

  function ofKind<W extends AnyWrite>(
    kind: RestKindName,
    atAnotherTime: (write: W) => W,
  ): ErpGateway<W> | undefined {
    const described = config.kinds[kind]
    return (
      described &&
      createKindGateway<W>({
        ...shared,
        where: `kinds.${kind}.`,
        operations: described.operations,
        idempotency: described.idempotency ?? config.idempotency,
        idempotencyHeader: described.idempotencyHeader ?? config.idempotencyHeader,
        answers: [{ where: `kinds.${kind}.answers`, ...described.answers }, common],
        mappings: mappingsOf(kind),
        contentOf: (write) => write,
        atAnotherTime,
      })
    )
  }

  const { place } = config.operations
  const orderMappings = mappingsOf('order')
  const ofOrders: RestKindDeps<OrderWrite> | undefined = place && {
    ...shared,
    where: '',
    operations: { ...config.operations, place },
    idempotency: config.idempotency,
    idempotencyHeader: config.idempotencyHeader,
    answers: [common],
    mappings: orderMappings,
    contentOf: (write) => ({ ...write, order: contentOf(write.order) }),
    atAnotherTime: (write) => ({ ...write, order: withOtherWriteBacks(write.order) }),
  }
  const reads = createReads({ config, exchange, mappings: orderMappings, clock })
  const customer = ofKind<CustomerWrite>('customer', withoutPurchases)
  const returned = ofKind<ReturnWrite>('return', ({ order: _order, ...write }) => write)
  const ticket = ofKind<TicketWrite>('ticket', withoutPurchases)
  const parts = ofKind<PartsWrite>('parts', (write) => write)
  return {
    ...(ofOrders ? { order: createKindGateway(ofOrders) } : {}),
    ...(customer ? { customer } : {}),
    ...(returned ? { return: returned } : {}),
    ...(ticket ? { ticket } : {}),
    ...(parts ? { parts } : {}),
    ...(reads ? { reads } : {}),
  }
}

/** What was bought comes from the ledger, which knows more of it tomorrow. */
const withoutPurchases = <W extends CustomerWrite | TicketWrite>(write: W): W => ({ ...write, purchases: [] })
