import * as z from 'zod'
import { parseJson } from '#adapters/http/parse-json.ts'
import { createTransport, type Transport } from '#adapters/http/transport.ts'
import type { OdooTarget } from '#contracts/odoo-target.ts'
import type { ErpFailure } from '#domain/erp-failure.ts'
import type { ProbeDeps, ProbeFinding } from '#ports/erp-target.ts'
import type { Attempt } from './attempt.ts'
import { createOdooClient } from './client.ts'
import { failureOfStatus, failureOfTransport } from './errors.ts'
import { orderName } from './external-ids.ts'
import { finding, unanswered, type Words } from './finding.ts'
import { serviceFindings } from './probe-service.ts'
import { fieldsOf, IdSchema, recordId, search, TextSchema } from './records.ts'
import { createSession, type Session } from './session.ts'

/** Signed tokens and schedules bear a minute everywhere. */
const TOLERATED_SKEW_MS = 60_000
const OLDEST = 17
const NEWEST = 19
/** From here on an order that is confirmed may be locked, rights are asked of a record, and keys expire. */
const RIGHTS_BY_RECORD = 18
/** From here on a change of a confirmed order is noted on it without an e-mail address. */
const NO_EMAIL_NEEDED = 19
const DAY_MS = 86_400_000
/** So much earlier a key is to be replaced. */
const KEY_NOTICE_DAYS = 14

/** Asks Odoo for everything the adapter will need of it. Nothing is written. */
export async function probeOdoo(deps: ProbeDeps & { config: OdooTarget }): Promise<ProbeFinding[]> {
  const { config, clock, deadline } = deps
  const transport = createTransport({ fetch: deps.fetch, clock })
  const server = await serverOf(config, transport, deps)
  if (!server.ok) return [unanswered('server', config.url, server.failure)]
  const findings = [versionFinding(server.value.version), clockFinding(server.value.skewMs)].flat()

  const client = createOdooClient({ config, secrets: deps.secrets, transport, clock })
  const session = createSession(client, [], { deadline, correlationId: 'probe' })
  const user = await userOf(session)
  if (!user.ok) return [...findings, loginFailure(user.failure, config)]
  if (user.value.login !== config.login) {
    const en = `the key is not that of "${config.login}"`
    return [
      ...findings,
      finding(
        'login',
        'wrong',
        config.login,
        [en, 'Make the API key while logged in as that user, or correct odoo.login.'],
        [`该密钥不属于“${config.login}”`, '请以该用户登录后生成 API 密钥，或更正 odoo.login。'],
      ),
    ]
  }
  const { major } = server.value.version
  findings.push(...userFindings(user.value, major, config))

  const fields = await fieldsOf(session, 'sale.order')
  if (!fields.ok) return [...findings, moduleMissing('sale.order', fields.failure)]
  findings.push(...moduleFindings(fields.value, config))

  const asked = [
    keyFinding(session, user.value, major, clock.now()),
    rightFindings(session, major),
    lookUpFinding(session),
    lockFinding(session, major, user.value.id),
    companyFindings(session),
    warehouseFinding(session, config, fields.value),
    pricelistFinding(session, config),
    termFindings(session, config),
    journalFinding(session, config),
    taxFinding(session, config),
    productFindings(session, config),
    customerFinding(session, config),
    serviceFindings(session, config, () => mayDo(session, major, 'account.move', 'create')),
  ]
  return [...findings, ...(await Promise.all(asked)).flat()]
}

interface Version {
  readonly text: string
  readonly major: number
}

const PageSchema = z.object({ version: z.string(), version_info: z.tuple([z.unknown()]).rest(z.unknown()) })
const VersionInfoSchema = z.object({
  result: z.object({
    server_version: z.string(),
    server_version_info: z.tuple([z.unknown()]).rest(z.unknown()),
  }),
})

/** The version and the clock, both without a login. */
async function serverOf(
  { url }: OdooTarget,
  transport: Transport,
  { clock, deadline }: ProbeDeps,
): Promise<Attempt<{ version: Version; skewMs: number | undefined }>> {
  const base = url.replace(/\/+$/, '')
  const headers = { accept: 'application/json', 'content-type': 'application/json' }
  const newer = await transport({ method: 'GET', url: `${base}/web/version`, headers }, deadline)
  const answer =
    newer.is === 'answer' && newer.status === 404
      ? await transport(
          { method: 'POST', url: `${base}/web/webclient/version_info`, headers, body: '{}' },
          deadline,
        )
      : newer
  if (answer.is !== 'answer') return { ok: false, failure: failureOfTransport(answer, 'read') }
  const json = parseJson(answer.text)
  const page = PageSchema.safeParse(json.ok ? json.value : undefined).data
  const info = VersionInfoSchema.safeParse(json.ok ? json.value : undefined).data?.result
  const text = page?.version ?? info?.server_version
  const [first] = page?.version_info ?? info?.server_version_info ?? []
  const major = Number(String(first).replace(/^\D*/, ''))
  if (answer.status !== 200 || text === undefined || !Number.isInteger(major))
    return { ok: false, failure: failureOfStatus(answer, 'read', clock.now()) }
  const theirs = Date.parse(answer.headers['date'] ?? '')
  const skewMs = Number.isNaN(theirs) ? undefined : theirs - clock.now()
  return { ok: true, value: { version: { text: text.slice(0, 40), major }, skewMs } }
}

function versionFinding({ text, major }: Version): ProbeFinding {
  if (major < OLDEST)
    return finding(
      'version',
      'wrong',
      undefined,
      [
        `Odoo ${text} is too old`,
        `Use Odoo ${OLDEST} to ${NEWEST}, or the rest adapter with a module of your own.`,
      ],
      [`Odoo ${text} 太旧`, `请使用 Odoo ${OLDEST} 至 ${NEWEST}，或以自有模块配合 rest 适配器。`],
    )
  if (major > NEWEST)
    return finding(
      'version',
      'warning',
      undefined,
      [`Odoo ${text} is newer than what this was made for`, 'Try it with a copy of your database first.'],
      [`Odoo ${text} 比本适配器所支持的更新`, '请先用数据库副本试用。'],
    )
  return finding('version', 'ok', undefined, [`Odoo ${text}`], [`Odoo ${text}`])
}

function clockFinding(skewMs: number | undefined): ProbeFinding[] {
  if (skewMs === undefined) return []
  const seconds = Math.abs(Math.round(skewMs / 1000))
  if (Math.abs(skewMs) <= TOLERATED_SKEW_MS)
    return [finding('clock', 'ok', undefined, ['it agrees with ours'], ['与本机一致'])]
  return [
    finding(
      'clock',
      'wrong',
      undefined,
      [`Odoo’s is ${seconds} s ${skewMs > 0 ? 'ahead of' : 'behind'} ours`, 'Set both by NTP.'],
      [`Odoo 的时钟比本机${skewMs > 0 ? '快' : '慢'} ${seconds} 秒`, '请用 NTP 校准两者。'],
    ),
  ]
}

const LinkedSchema = z.union([
  z.tuple([IdSchema, z.string()]).transform(([, name]) => name),
  z.literal(false),
])
const UserSchema = z.object({
  id: IdSchema,
  login: z.string(),
  email: TextSchema,
  lang: TextSchema,
  tz: TextSchema,
  company_id: LinkedSchema,
  company_ids: z.array(IdSchema),
})
type User = z.infer<typeof UserSchema>

/** Whose key it is: in JSON-2 the key alone says it, whatever login is configured. */
async function userOf(session: Session): Promise<Attempt<User>> {
  const own = await session.read({ model: 'res.users', method: 'context_get' }, z.object({ uid: IdSchema }))
  if (!own.ok) return own
  const fields = ['login', 'email', 'lang', 'tz', 'company_id', 'company_ids']
  const read = await session.read(
    search('res.users', [['id', '=', own.value.uid]], fields),
    z.tuple([UserSchema]),
  )
  return read.ok ? { ok: true, value: read.value[0] } : read
}

function loginFailure(failure: ErpFailure, { login, database, url }: OdooTarget): ProbeFinding {
  if (failure.class === 'AuthDenied')
    return finding(
      'login',
      'wrong',
      login,
      [
        failure.message,
        'Make an API key as that user (Preferences, Account Security, New API Key; since 19 Security, Add API Key) and put it as {"key": "…"} with `npm run sync -- secret put`; the key of an expired or archived user does not work either.',
      ],
      [
        failure.message,
        '请以该用户生成 API 密钥（首选项 → 账户安全 → 新建 API 密钥；19 起为“安全”页），并用 `npm run sync -- secret put` 放入 {"key": "…"}；密钥过期或用户归档后同样无效。',
      ],
    )
  if (failure.class === 'Misconfigured')
    return finding(
      'database',
      'wrong',
      database,
      [
        failure.message,
        `Correct odoo.database; ${url}/web/database/selector lists them unless it is closed.`,
      ],
      [failure.message, `请更正 odoo.database；未关闭时可在 ${url}/web/database/selector 查看。`],
    )
  return unanswered('login', login, failure)
}

function userFindings(user: User, major: number, { login, database }: OdooTarget): ProbeFinding[] {
  const email =
    user.email || major >= NO_EMAIL_NEEDED
      ? []
      : [
          finding(
            'login',
            'wrong',
            login,
            [
              'the user has no e-mail address',
              'Give the user one: without it Odoo refuses every change of a confirmed order.',
            ],
            ['该用户没有电子邮件地址', '请为其填写：没有地址时，Odoo 会拒绝对已确认订单的任何修改。'],
          ),
        ]
  const companies =
    user.company_ids.length > 1
      ? [
          finding(
            'company',
            'warning',
            login,
            [
              `the user may work in ${user.company_ids.length} companies; orders go to ${user.company_id || '?'}`,
              'Allow the user one company only, so that names mean one thing.',
            ],
            [
              `该用户可操作 ${user.company_ids.length} 家公司；订单会进入 ${user.company_id || '?'}`,
              '请只允许该用户操作一家公司，使名称含义唯一。',
            ],
          ),
        ]
      : []
  return [
    finding('database', 'ok', database, ['it takes the key'], ['接受该密钥']),
    ...email,
    ...companies,
    finding(
      'language',
      'ok',
      login,
      [`${user.lang || '?'}, time zone ${user.tz || 'UTC'}; every call asks for English and UTC`],
      [`${user.lang || '?'}，时区 ${user.tz || 'UTC'}；每次调用都要求英文与 UTC`],
    ),
  ]
}

/** Unless an administrator made it, a key lives for 90 days at most; then everything stands still. */
async function keyFinding(
  session: Session,
  { id, login }: User,
  major: number,
  now: number,
): Promise<ProbeFinding[]> {
  if (major < RIGHTS_BY_RECORD) return []
  const read = await session.read(
    search('res.users.apikeys', [['user_id', '=', id]], ['expiration_date']),
    z.array(z.object({ expiration_date: TextSchema })),
  )
  if (!read.ok) return [unanswered('login', login, read.failure)]
  const ends = read.value
    .map(({ expiration_date: end }) => end && Date.parse(`${end.replace(' ', 'T')}Z`))
    .filter((end) => end === '' || end > now)
  const [first] = ends.filter((end) => end !== '').toSorted((one, other) => one - other)
  if (first === undefined) return []
  const day = new Date(first).toISOString().slice(0, 10)
  const [en, zh] =
    ends.length === 1
      ? [`its key expires on ${day}`, `其密钥于 ${day} 过期`]
      : [
          `the first of its ${ends.length} keys expires on ${day}`,
          `其 ${ends.length} 个密钥中最早的于 ${day} 过期`,
        ]
  if (first > now + KEY_NOTICE_DAYS * DAY_MS) return [finding('login', 'ok', login, [en], [zh])]
  return [
    finding(
      'login',
      'warning',
      login,
      [en, 'Make a new one, put it with `npm run sync -- secret put`, then delete the old one.'],
      [zh, '请生成新密钥，用 `npm run sync -- secret put` 放入，再删除旧密钥。'],
    ),
  ]
}

const moduleMissing = (model: string, failure: ErpFailure): ProbeFinding =>
  failure.class === 'Misconfigured' || failure.class === 'NotFound'
    ? finding(
        'module',
        'wrong',
        'sale_management',
        [`there is no ${model}`, 'Install the app Sales (sale_management).'],
        [`没有 ${model}`, '请安装“销售”应用（sale_management）。'],
      )
    : unanswered('module', model, failure)

/** What a module adds to the sale order shows that it is there; its list needs the rights of an administrator. */
function moduleFindings(fields: ReadonlyMap<string, string>, { warehouse }: OdooTarget): ProbeFinding[] {
  const modules: readonly {
    name: string
    field: string
    is: 'wrong' | 'warning'
    en: Words
    zh: Words
  }[] = [
    {
      name: 'sale_management',
      field: 'sale_order_template_id',
      is: 'warning',
      en: ['it is not installed', 'Install the app Sales if people are to work on the orders in Odoo.'],
      zh: ['未安装', '若有人要在 Odoo 中处理订单，请安装“销售”应用。'],
    },
    {
      name: 'sale_stock',
      field: 'warehouse_id',
      is: warehouse === undefined ? 'warning' : 'wrong',
      en: [
        'it is not installed: a confirmed order makes no delivery',
        'Install the app Inventory (stock); sale_stock comes with it.',
      ],
      zh: ['未安装：确认订单后不会生成发货单', '请安装“库存”应用（stock）；sale_stock 会随之安装。'],
    },
    {
      name: 'delivery',
      field: 'carrier_id',
      is: 'warning',
      en: [
        'it is not installed: deliveries have no carrier and no tracking number',
        'Install Delivery Costs (delivery, with stock_delivery).',
      ],
      zh: ['未安装：发货单没有承运商和运单号', '请安装“交货成本”（delivery 与 stock_delivery）。'],
    },
  ]
  return modules.map(({ name, field, is, en, zh }) =>
    fields.has(field)
      ? finding('module', 'ok', name, ['it is installed'], ['已安装'])
      : finding('module', is, name, en, zh),
  )
}

const RIGHTS = [
  ['sale.order', ['read', 'create', 'write'], 'wrong', 'Sales: User: All Documents', '销售：用户：所有文档'],
  ['sale.order.line', ['create', 'write'], 'wrong', 'Sales: User: All Documents', '销售：用户：所有文档'],
  ['res.partner', ['create', 'write'], 'wrong', 'Contact Creation', '创建联系人'],
  ['product.product', ['read'], 'wrong', 'Sales: User: All Documents', '销售：用户：所有文档'],
  ['stock.picking', ['read'], 'wrong', 'Inventory: User', '库存：用户'],
  ['stock.quant', ['read'], 'warning', 'Inventory: User', '库存：用户'],
  ['stock.move', ['read'], 'warning', 'Inventory: User', '库存：用户'],
  ['stock.move.line', ['read'], 'warning', 'Inventory: User', '库存：用户'],
] as const

async function rightFindings(session: Session, major: number): Promise<ProbeFinding[]> {
  const found = await Promise.all(
    RIGHTS.map(async ([model, operations, is, en, zh]): Promise<ProbeFinding[]> => {
      const answers = await Promise.all(
        operations.map((operation) => mayDo(session, major, model, operation)),
      )
      const failed = answers.find((answer) => !answer.ok)
      if (failed && !failed.ok) {
        // Without the app Inventory there are no deliveries to read; that it is missing is a finding of its own.
        const unknown = failed.failure.class === 'Misconfigured' || failed.failure.class === 'NotFound'
        return unknown && model.startsWith('stock.') ? [] : [unanswered('right', model, failed.failure)]
      }
      const lacking = operations.filter((_, index) => {
        const answer = answers[index]
        return answer?.ok && !answer.value
      })
      const what = lacking.join(', ')
      return [
        lacking.length === 0
          ? finding('right', 'ok', model, [operations.join(', ')], [operations.join(', ')])
          : finding(
              'right',
              is,
              model,
              [`the user may not: ${what}`, `Give the user the right “${en}”.`],
              [`该用户没有权限：${what}`, `请授予该用户“${zh}”权限。`],
            ),
      ]
    }),
  )
  return found.flat()
}

function mayDo(session: Session, major: number, model: string, operation: string): Promise<Attempt<boolean>> {
  return session.read(
    major >= RIGHTS_BY_RECORD
      ? { model, method: 'has_access', ids: [], args: { operation } }
      : { model, method: 'check_access_rights', args: { operation, raise_exception: false } },
    z.boolean(),
  )
}

/** Every repeated create depends on this one look-up. */
async function lookUpFinding(session: Session): Promise<ProbeFinding> {
  const found = await recordId(session, 'sale.order', orderName('ECdoctor-0-0'))
  if (!found.ok) {
    const { message } = found.failure
    // JSON-2 says with a 500 that a record is not there, and why in its body.
    return message.startsWith('HTTP 5')
      ? finding(
          'look-up',
          'wrong',
          undefined,
          [
            message,
            'A proxy before Odoo puts pages of its own in place of Odoo’s errors: let it pass them on.',
          ],
          [message, 'Odoo 前的代理用自己的页面替换了 Odoo 的错误应答：请让其原样转发。'],
        )
      : unanswered('look-up', undefined, found.failure)
  }
  return found.value === undefined
    ? finding(
        'look-up',
        'ok',
        undefined,
        ['by external id; what cannot exist is not there'],
        ['按外部标识查询；不可能存在的单据确实不存在'],
      )
    : finding(
        'look-up',
        'wrong',
        undefined,
        ['it claims to have an order that cannot exist', 'Remove the external id ecshop.so_ECdoctor_0_0.'],
        ['声称存在一张不可能存在的订单', '请删除外部标识 ecshop.so_ECdoctor_0_0。'],
      )
}

async function lockFinding(session: Session, major: number, uid: number): Promise<ProbeFinding[]> {
  const locks = await session.read(
    {
      model: 'res.users',
      method: 'has_group',
      ...(major >= RIGHTS_BY_RECORD ? { ids: [uid] } : {}),
      args: { group_ext_id: 'sale.group_auto_done_setting' },
    },
    z.boolean(),
  )
  if (!locks.ok) return [unanswered('lock', undefined, locks.failure)]
  if (!locks.value) return []
  return [
    finding(
      'lock',
      'warning',
      undefined,
      [
        'confirmed orders are locked: edits and cancellations of the shop will be parked',
        'Switch “Lock Confirmed Sales” off in the settings of Sales, if that is not meant.',
      ],
      [
        '确认后的订单会被锁定：商店的修改与取消将被搁置',
        '若非有意，请在“销售”设置中关闭“锁定已确认的销售”。',
      ],
    ),
  ]
}

const CurrencySchema = z.object({ currency_id: LinkedSchema })

async function companyFindings(session: Session): Promise<ProbeFinding[]> {
  const read = await session.read(
    search('res.company', [], ['name', 'currency_id']),
    z.array(CurrencySchema.extend({ name: z.string() })),
  )
  if (!read.ok) return [unanswered('company', undefined, read.failure)]
  return read.value.map(({ name, currency_id: currency }) =>
    finding(
      'company',
      'ok',
      name,
      [`keeps its books in ${currency || '?'}`],
      [`记账货币为 ${currency || '?'}`],
    ),
  )
}

async function warehouseFinding(
  session: Session,
  { warehouse }: OdooTarget,
  fields: ReadonlyMap<string, string>,
): Promise<ProbeFinding[]> {
  // That there are none is told with the modules.
  if (!fields.has('warehouse_id')) return []
  const read = await session.read(
    search('stock.warehouse', [], ['code', 'name']),
    z.array(z.object({ code: TextSchema, name: TextSchema })),
  )
  if (!read.ok) return [unanswered('warehouse', warehouse, read.failure)]
  const codes = read.value.map(({ code }) => code)
  const list = codes.join(', ')
  if (warehouse !== undefined)
    return [named('warehouse', warehouse, codes.filter((code) => code === warehouse).length, list)]
  if (codes.length > 1)
    return [
      finding(
        'warehouse',
        'warning',
        undefined,
        [`there are ${list}, and none is named`, 'Name the one that ships in odoo.warehouse.'],
        [`有 ${list}，但未指定`, '请在 odoo.warehouse 中指定发货仓库。'],
      ),
    ]
  return [finding('warehouse', 'ok', codes[0], ['the only one'], ['唯一的仓库'])]
}

async function pricelistFinding(session: Session, { pricelist }: OdooTarget): Promise<ProbeFinding[]> {
  if (pricelist === undefined) return []
  const read = await session.read(
    search('product.pricelist', [['name', '=', pricelist]], ['currency_id']),
    z.array(CurrencySchema),
  )
  if (!read.ok) return [unanswered('pricelist', pricelist, read.failure)]
  const [first, second] = read.value
  if (!first || second) return [named('pricelist', pricelist, read.value.length)]
  const currency = first.currency_id || '?'
  return [
    finding('pricelist', 'ok', pricelist, [`orders will be in ${currency}`], [`订单货币为 ${currency}`]),
  ]
}

async function termFindings(session: Session, { paymentTerms }: OdooTarget): Promise<ProbeFinding[]> {
  const names = [...new Set(Object.values(paymentTerms))]
  if (names.length === 0) return []
  return countsOf(session, 'paymentTerms', 'account.payment.term', 'name', names)
}

async function journalFinding(session: Session, { journal }: OdooTarget): Promise<ProbeFinding[]> {
  if (journal === undefined) return []
  return countsOf(session, 'journal', 'account.journal', 'name', [journal], [['type', '=', 'sale']])
}

async function taxFinding(session: Session, { tax, products }: OdooTarget): Promise<ProbeFinding[]> {
  if (typeof tax === 'string') return []
  const read = await session.read(
    search(
      'account.tax',
      [
        ['name', '=', tax.name],
        ['type_tax_use', '=', 'sale'],
      ],
      ['price_include', 'amount'],
    ),
    z.array(z.object({ price_include: z.boolean(), amount: z.number() })),
  )
  if (!read.ok) return [unanswered('tax', tax.name, read.failure)]
  const [first, second] = read.value
  if (!first || second) return [named('tax', tax.name, read.value.length)]
  if (first.price_include && tax.charged)
    return [
      finding(
        'tax',
        'wrong',
        tax.name,
        [
          'it is included in the price, and cannot be the one that the shop puts on top of its prices',
          'Name a tax that is not included in the price, or leave odoo.tax.charged out.',
        ],
        ['该税含在价格内，不能是商店在价格之外另收的税', '请指定价格之外另计的税，或去掉 odoo.tax.charged。'],
      ),
    ]
  if (first.amount !== 0 && !first.price_include && products.rounding === undefined)
    return [
      finding(
        'tax',
        'warning',
        tax.name,
        [
          'it comes on top of the price, and not every total can be had that way: one order in ten or so will be parked',
          'Name a product in odoo.products.rounding, or a tax that is included in the price.',
        ],
        [
          '该税在价格之外另计，并非所有总额都能凑出：大约每十个订单有一个会被搁置',
          '请在 odoo.products.rounding 中指定产品，或指定含在价格内的税。',
        ],
      ),
    ]
  const how = first.price_include
    ? { en: 'it is included in the price', zh: '含在价格内' }
    : { en: 'it is put on top of the price', zh: '在价格之外另计' }
  return [finding('tax', 'ok', tax.name, [how.en], [how.zh])]
}

async function productFindings(session: Session, { products }: OdooTarget): Promise<ProbeFinding[]> {
  const codes = [...new Set(Object.values(products).filter((code) => code !== undefined))]
  if (codes.length === 0)
    return [
      finding(
        'product',
        'warning',
        undefined,
        [
          'no product stands for shipping or another charge: an order that has one is parked',
          'Name the products in odoo.products, e.g. {"shipping": "SHIPPING"}.',
        ],
        [
          '没有代表运费或其他费用的产品：含此类费用的订单会被搁置',
          '请在 odoo.products 中指定，例如 {"shipping": "SHIPPING"}。',
        ],
      ),
    ]
  const read = await session.read(
    search('product.product', [['default_code', 'in', codes]], ['default_code', 'type']),
    z.array(z.object({ default_code: z.string(), type: TextSchema })),
  )
  if (!read.ok) return [unanswered('product', undefined, read.failure)]
  return codes.map((code) => {
    const found = read.value.filter(({ default_code }) => default_code === code)
    if (found.length !== 1) return named('product', code, found.length)
    if (found[0]?.type === 'service') return finding('product', 'ok', code, ['a service'], ['服务'])
    return finding(
      'product',
      'warning',
      code,
      [
        'it stands for a charge and is no service: it would be picked and shipped',
        'Make its type “Service”.',
      ],
      ['它代表费用却不是服务类产品：会被拣货和发货', '请将其类型改为“服务”。'],
    )
  })
}

async function customerFinding(session: Session, { customer }: OdooTarget): Promise<ProbeFinding[]> {
  if (customer.mode !== 'collective') return []
  return countsOf(session, 'customer', 'res.partner', 'ref', [customer.reference])
}

/** One finding for each value: that exactly one record has it. */
async function countsOf(
  session: Session,
  setting: Named,
  model: string,
  field: string,
  values: readonly string[],
  more: unknown[] = [],
): Promise<ProbeFinding[]> {
  const read = await session.read(
    search(model, [[field, 'in', values], ...more], [field]),
    z.array(z.record(z.string(), z.unknown())),
  )
  if (!read.ok) return [unanswered(setting, values.join(', '), read.failure)]
  return values.map((value) =>
    named(setting, value, read.value.filter((record) => record[field] === value).length),
  )
}

const NAMED = {
  warehouse: ['warehouse', 'Short Name', '仓库', '简称'],
  pricelist: ['pricelist', 'name', '价格表', '名称'],
  paymentTerms: ['payment term', 'name', '付款条款', '名称'],
  journal: ['sales journal', 'name', '销售日记账', '名称'],
  tax: ['sales tax', 'name', '销售税', '名称'],
  product: ['product', 'Internal Reference', '产品', '内部参考'],
  customer: ['contact', 'Internal Reference', '联系人', '内部参考'],
} as const
type Named = keyof typeof NAMED

/** @param among what there is instead */
function named(setting: Named, value: string, count: number, among?: string): ProbeFinding {
  const [en, enField, zh, zhField] = NAMED[setting]
  const field = setting === 'product' ? 'products' : setting
  if (count === 1) return finding(setting, 'ok', value, ['there is one'], ['存在'])
  const there = among ? ` (${among})` : ''
  if (count === 0)
    return finding(
      setting,
      'wrong',
      value,
      [`there is no ${en} with this ${enField}${there}`, `Create it in Odoo, or correct odoo.${field}.`],
      [`没有${zhField}为此值的${zh}${there}`, `请在 Odoo 中建立，或更正 odoo.${field}。`],
    )
  return finding(
    setting,
    'wrong',
    value,
    [`${count} records have this ${enField}`, `Leave one ${en} with it, or name another in odoo.${field}.`],
    [`有 ${count} 条记录使用此${zhField}`, `请只保留一个${zh}，或在 odoo.${field} 中另行指定。`],
  )
}
