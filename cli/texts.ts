import type { MappedField } from '#app/data-map.ts'
import type { BridgeFeature, Health } from '#contracts/bridge.ts'
import type { DriftDifference } from '#contracts/drift.ts'
import type { Reason, RowStatus } from '#contracts/ledger-row.ts'
import type { Disclosure } from '#contracts/privacy.ts'
import type { DocumentKind } from '#contracts/scalars.ts'
import { type ErpFailureClass, FAILURE_RULES } from '#domain/erp-failure.ts'
import { REFUND_REMEDY, type ReasonCode, reason } from '#domain/reasons.ts'
import type { Language } from '#runtime/language.ts'
import type { SecretState } from './secret-state.ts'
import type { Told } from './told.ts'

const list = (names: readonly string[]): string => names.join(', ')

const example = (names: readonly string[]): string => `{${names.map((name) => `"${name}": "…"`).join(', ')}}`

function agoIn(units: readonly [string, string, string, string], ms: number): string {
  const minutes = Math.floor(ms / 60_000)
  if (minutes < 1) return `${Math.floor(ms / 1000)} ${units[0]}`
  if (minutes < 120) return `${minutes} ${units[1]}`
  return minutes < 48 * 60
    ? `${Math.floor(minutes / 60)} ${units[2]}`
    : `${Math.floor(minutes / 1440)} ${units[3]}`
}

/** How much of a reason is told: all of it, what holds for every row of its code, or what is special to one row. */
type ReasonPart = 'all' | 'general' | 'detail'

/** The parts of a stored reason; what the ERP said follows the sentence of its code. */
function partsOf(stored: Reason): { known: Reason | undefined; detail: string } {
  const known = isReasonCode(stored.code) ? reason(stored.code) : undefined
  const detail =
    known && stored.message.startsWith(known.message) ? stored.message.slice(known.message.length).trim() : ''
  return { known, detail }
}

const isReasonCode = (code: string): code is ReasonCode => Object.hasOwn(ZH_REASONS, code)

function englishReason(stored: Reason, part: ReasonPart = 'all'): Told {
  const { known, detail } = partsOf(stored)
  const { remedy } = stored
  if (part === 'all') return { message: stored.message, remedy }
  return { message: part === 'detail' ? detail : (known?.message ?? stored.message), remedy }
}

function chineseReason(stored: Reason, part: ReasonPart = 'all'): Told {
  const { known, detail } = partsOf(stored)
  if (!known || !isReasonCode(stored.code)) {
    const told = englishReason(stored, part)
    return stored.remedy === REFUND_REMEDY ? { ...told, remedy: ZH_REFUND_REMEDY } : told
  }
  const [sentence, fix] = ZH_REASONS[stored.code]
  const message =
    part === 'detail' ? detail : part === 'general' || detail === '' ? sentence : `${sentence} ${detail}`
  return { message, remedy: stored.remedy === known.remedy ? fix : stored.remedy }
}

const secretAbout =
  (lacks: (names: string) => string, shop: (count: number, epoch: string) => string) =>
  (state: SecretState) =>
    state.lacks && state.lacks.length > 0
      ? lacks(list(state.lacks))
      : state.secretsValid === undefined
        ? ''
        : shop(state.secretsValid, state.epoch ?? '')

const EN_FAILURES = Object.fromEntries(
  Object.entries(FAILURE_RULES).map(([kind, { remedy }]) => [kind, remedy]),
) as Record<ErpFailureClass, string>

const en = {
  language: 'en' as Language,
  program: 'Operates the bridge between ECShop shops and their ERP.',
  examples: `Examples:
  npm run sync -- doctor
  npm run sync -- send order.json --dry-run
  npm run sync -- find 2026112112345
  npm run sync -- parked`,
  help: {
    titles: {} as Record<string, string>,
    usage: '<command> [options]',
    option: 'show this help',
    command: 'show the help of a command',
  },
  options: {
    json: 'machine-readable output; messages go to standard error',
    config: 'directory of sync.config.json (default: the one that runs; with --stage this one)',
    data: 'data directory of `npm start` (default: .local)',
    stage: 'a stage deployed to AWS (default: local, which `npm start` runs)',
    region: 'with --stage: AWS region (default: as for every AWS SDK)',
    profile: 'with --stage: AWS profile (default: as for every AWS SDK)',
    shop: 'id of the shop; needed when there are several',
    target: 'only this target',
  },
  words: {
    shop: 'shop',
    target: 'target',
    reference: 'reference',
    number: 'no.',
    status: 'status',
    reason: 'reason',
    subject: 'subject',
    field: 'field',
    remedy: 'remedy',
    message: 'message',
    erpDocument: 'ERP document',
    changed: 'changed',
    type: 'type',
    result: 'result',
    name: 'name',
    correlationId: 'correlation id',
  },
  ago: (ms: number) => agoIn(['s', 'min', 'h', 'days'], ms),
  reason: englishReason as (stored: Reason, part?: ReasonPart) => Told,
  statuses: {
    new: 'new',
    open: 'open',
    done: 'done',
    held: 'held',
    parked: 'parked',
    erased: 'erased',
  } satisfies Record<RowStatus, string>,
  documentStates: { live: 'live', cancelled: 'cancelled' },
  gates: { closed: 'let through', open: 'held back', probing: 'being tried' },
  failureRemedies: EN_FAILURES,
  obstacles: {
    erased: { message: 'The person behind it was erased; nothing is left to replay.' },
    'no-subject': {
      message: 'Its stored state has expired.',
      remedy: 'Save the order once in the shop, so that it is sent anew.',
    },
    'needs-verdict': {
      message: 'It is unknown whether the ERP carried out the last write.',
      remedy: 'Look in the ERP, then say --was placed or --was absent.',
    },
    'nothing-unknown': {
      message: 'No write of it is unknown, so there is nothing to say with --was.',
      remedy: 'Replay it without --was.',
    },
  } satisfies Record<string, Told> as Record<
    'erased' | 'no-subject' | 'needs-verdict' | 'nothing-unknown',
    Told
  >,
  notRunning: (dataDir: string): Told => ({
    message: `Nothing runs with the data directory ${dataDir}.`,
    remedy: 'Start it with `npm start`, or name another data directory with --data.',
  }),
  endpointsUnreadable: (file: string): Told => ({
    message: `${file} cannot be read: another version wrote it.`,
    remedy: 'Stop `npm start` and start it again.',
  }),
  restartNeeded: (name: string): Told => ({
    message: `What runs does not know "${name}" yet.`,
    remedy: 'Stop `npm start` and start it again with the changed configuration.',
  }),
  aws: {
    noCredentials: (profile: string | undefined): Told => ({
      message:
        profile === undefined
          ? 'There are no AWS credentials here.'
          : `The AWS profile "${profile}" gives no credentials.`,
      remedy:
        'Log in with the AWS CLI (`aws sso login`, `aws configure`) and name the profile with --profile, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.',
    }),
    sessionExpired: (profile: string | undefined): Told => ({
      message: 'The AWS session has expired, or none was begun.',
      remedy: `Log in again: \`aws sso login${profile === undefined ? '' : ` --profile ${profile}`}\`, or however you got the session.`,
    }),
    credentialsRefused: {
      message: 'AWS does not accept these credentials in this region.',
      remedy:
        'Look at the key, the profile and the region. Accounts of the China regions and all others do not know each other’s keys, and a new region must be enabled in the account.',
    } as Told,
    noRegion: {
      message: 'No AWS region is named.',
      remedy: 'Name the one you deployed to with --region, or set AWS_REGION.',
    } as Told,
    noSuchRegion: (region: string): Told => ({
      message: `"${region}" is no AWS region.`,
      remedy: 'Name the one you deployed to with --region, e.g. --region eu-central-1.',
    }),
    stackNotFound: (stack: string, region: string, deploy: string): Told => ({
      message: `There is no stack ${stack} in the region ${region} of this account.`,
      remedy: `Name the region you deployed to with --region, or the account with --profile. To deploy: ${deploy}`,
    }),
    outputsMissing: (stacks: readonly string[], names: readonly string[], deploy: string): Told => ({
      message: `The stacks lack the outputs ${list(names)} (${list(stacks)}).`,
      remedy: `Wait until a deployment under way has ended, else deploy again: ${deploy}`,
    }),
    deployNeeded: (name: string, stage: string, deploy: string): Told => ({
      message: `The stage ${stage} does not know "${name}" yet.`,
      remedy: `Deploy this configuration: ${deploy}`,
    }),
    accessDenied: (action: string | undefined): Told => ({
      message:
        action === undefined
          ? 'AWS denies these credentials access.'
          : `These credentials lack the permission ${action}.`,
      remedy: 'Ask whoever runs the account for it; docs/guides/cli.md lists all that is needed.',
    }),
    unreachable: (what: string): Told => ({
      message: `AWS does not answer (${what}).`,
      remedy: 'Look whether the region is spelt right and this machine reaches AWS.',
    }),
    refused: (what: string): Told => ({
      message: `AWS answered ${what}.`,
      remedy: 'Try it again. If it stays, DEBUG=1 shows the details.',
    }),
    stack: (status: string): Told => ({
      message: status,
      remedy: 'Look at its events in CloudFormation; a deployment that failed is deployed again.',
    }),
    askedFromHere: '(asked from this machine, not from AWS)',
    noAnswer: (status: number): Told => ({
      message: `The webhook gave no answer that can be read (HTTP ${status}).`,
      remedy: 'Run doctor; the log of the function ShopWebhook in CloudWatch tells more.',
    }),
  },
  unexpected: (what: string): Told => ({
    message: `This should not have happened: ${what}.`,
    remedy: 'Run it again with DEBUG=1 for the details, and report them.',
  }),
  unreachable: (what: string): Told => ({
    message: `The running services do not answer (${what}).`,
    remedy: 'Look whether `npm start` still runs.',
  }),
  configBroken: (message: string, remedy: string): Told => ({ message, remedy }),
  unknownShop: (shop: string, shops: readonly string[]): Told => ({
    message: `There is no shop "${shop}" in the configuration; it has: ${list(shops)}.`,
  }),
  unknownTarget: (target: string, targets: readonly string[]): Told => ({
    message: `There is no target "${target}" in the configuration; it has: ${list(targets)}.`,
  }),
  notRouted: (shop: string, target: string): Told => ({
    message: `Orders of the shop "${shop}" do not go to the target "${target}".`,
    remedy: 'Add it to the targets of the shop in sync.config.json, and "order" to the kinds of the target.',
  }),
  noShopSecret: (shop: string, flags: string): Told => ({
    message: `The signing secret of the shop "${shop}" has not been put yet.`,
    remedy: `npm run sync -- secret put shop/${shop}/webhook --new${flags}`,
  }),
  fileUnreadable: (path: string): Told => ({ message: `${path} cannot be read.` }),
  notJson: (path: string, place: string | undefined): Told => ({
    message: `${path} is not JSON${place === undefined ? '' : ` (${place})`}.`,
    remedy: 'Open it in an editor that marks JSON errors.',
  }),
  notAnOrder: (path: string): Told => ({
    message: `${path} is neither a webhook event nor an order snapshot.`,
    remedy: 'Compare it with docs/guides/order.json; docs/contracts/webhook-v1.md explains every field.',
  }),
  usage: {
    'commander.unknownCommand': (name: string) => `There is no command "${name}".`,
    'commander.unknownOption': (name: string) => `There is no option ${name}.`,
    'commander.missingArgument': (name: string) => `The argument <${name}> is missing.`,
    'commander.optionMissingArgument': (name: string) => `The option ${name} lacks its value.`,
    'commander.excessArguments': () => 'There are more arguments than this command takes.',
    didYouMean: (name: string) => `Did you mean ${name}?`,
    help: 'Say --help to see what there is.',
    unknownStage: (stage: string, stages: readonly string[]): Told => ({
      message: `There is no stage "${stage}"; there are: ${list(stages)}.`,
    }),
    onlyWithStage: (flag: string): Told => ({
      message: `${flag} goes with --stage only: without it, what runs on this machine is meant.`,
    }),
    dataIsLocal: { message: '--data is of what runs on this machine; a stage in AWS has none.' } as Told,
    badOption: (flag: string, choices: readonly string[] | undefined): Told => ({
      message: choices ? `${flag} takes one of: ${list(choices)}.` : `The value of ${flag} does not fit.`,
    }),
    whichShop: (shops: readonly string[]): Told => ({
      message: `Say which shop with --shop: ${list(shops)}.`,
    }),
    cancelNeedsReason: { message: 'Say why with --reason; the customer sees it.' } as Told,
    whichOrder: (text: string, references: readonly string[]): Told => ({
      message: `${text} is the number of several orders; name one by its reference: ${list(references)}.`,
    }),
    whichTarget: (reference: string, targets: readonly string[]): Told => ({
      message: `${reference} is known to several targets; say which with --target: ${list(targets)}.`,
    }),
    onlyDryRun: (flag: string): Told => ({
      message: `${flag} goes with --dry-run only: an event is delivered to every target of its shop.`,
    }),
    onlyForShops: (flag: string): Told => ({ message: `${flag} is for secrets of shops only.` }),
    referencesOrAll: { message: 'Name references, or say --all-parked --reason <code>.' } as Told,
    allNeedsReason: { message: '--all-parked needs --reason <code>; `parked` shows the codes.' } as Told,
    reasonNeedsAll: { message: '--reason goes with --all-parked only.' } as Told,
    wasIsForOne: {
      message: '--was is what you saw of one document in the ERP, so it takes a reference, not --all-parked.',
    } as Told,
    initNeedsYes: {
      message: 'Without a terminal nothing can be asked: say --yes and the answers as options.',
    } as Told,
    needs: (flag: string): Told => ({ message: `${flag} is needed here.` }),
    notOfAdapter: (flag: string, adapter: string): Told => ({
      message: `${flag} says nothing to the adapter ${adapter}.`,
    }),
  },
  init: {
    describe: 'write sync.config.json to begin with',
    yes: 'ask nothing; take options and usual answers',
    force: 'replace an existing sync.config.json',
    shop: 'id of the shop: up to 4 letters or digits',
    timeZone: 'time zone of the shop (default: Asia/Shanghai)',
    adapter:
      'rest for any ERP with an HTTP/JSON API, odoo, or webhook for whatever takes signed events (default: rest)',
    target: 'name of the target (default: erp, odoo or desk)',
    baseUrl: 'address of the ERP’s API, of Odoo’s web client, or where events are posted',
    path: 'path of its orders (default: /orders)',
    auth: 'none, basic, bearer or apiKey (default: bearer)',
    idempotency: 'none, unique-reference, upsert or request-key (default: none)',
    database: 'Odoo: its database',
    login: 'Odoo: whose API key it is',
    kinds: 'webhook: what it takes, with commas (default: order,return,ticket)',
    config: 'directory to write to (default: this one)',
    questions: {
      shop: 'Id of the shop, up to 4 letters or digits:',
      timeZone: 'Time zone of the shop:',
      adapter: 'What the ERP is',
      target: 'Name of the target:',
      baseUrl: 'Address of the ERP’s API:',
      path: 'Path of its orders:',
      auth: 'How the ERP knows us',
      idempotency: 'What makes a repeated create harmless in this ERP',
      url: 'Address of Odoo’s web client:',
      database: 'Its database:',
      login: 'Login of the bridge’s user:',
      webhookUrl: 'Where events are posted:',
      kinds: (kinds: readonly string[]) => `What it takes, of ${kinds.join(', ')}:`,
    },
    stopped: { message: 'Nothing was written.' } as Told,
    exists: (file: string): Told => ({
      message: `${file} exists already and was left as it is.`,
      remedy: 'Say --force to replace it, or --config <dir> for another directory.',
    }),
    wrong: (field: string, message: string): Told => ({
      message: `Nothing was written: ${field} ${message}.`,
    }),
    written: (file: string) => `wrote ${file}`,
    next: (shop: string, target: string | undefined, dir: string) => [
      'Correct operations.place and operations.find in sync.config.json to what your ERP takes, and mappings/order.jsonata to its fields.',
      'Describe amend and cancel there too: without them edits and cancellations are parked.',
      `npm run sync -- send docs/guides/order.json --dry-run --config ${dir} shows the request an order becomes; nothing is sent.`,
      `npm start -- --config ${dir}`,
      `npm run sync -- secret put shop/${shop}/webhook --new`,
      ...(target === undefined ? [] : [`npm run sync -- secret put target/${target}/erp < credentials.json`]),
      'npm run sync -- doctor',
    ],
    nextOdoo: (shop: string, target: string, dir: string) => [
      'In Odoo: a user for the bridge with an API key, each SKU of the shop as an Internal Reference, and services for the charges (SHIPPING, FEE, DISCOUNT): docs/guides/erp-odoo.md.',
      `npm start -- --config ${dir}`,
      `npm run sync -- connect ${shop}, or without a shop at hand: npm run sync -- secret put shop/${shop}/webhook --new`,
      `echo '{"key": "<the API key>"}' | npm run sync -- secret put target/${target}/erp`,
      `npm run sync -- probe ${target} names what Odoo still lacks.`,
      'npm run sync -- send docs/guides/order.json --dry-run shows the calls an order becomes; without --dry-run it is sent.',
    ],
    nextWebhook: (shop: string, target: string, dir: string) => [
      'Let the receiver verify each message and keep one document for each reference: docs/guides/webhook-target.md has a flow to begin with.',
      `npm start -- --config ${dir}`,
      `npm run sync -- connect ${shop}, or without a shop at hand: npm run sync -- secret put shop/${shop}/webhook --new`,
      `npm run sync -- secret put target/${target}/erp --new makes the secrets that both sides sign with.`,
      `npm run sync -- probe ${target} says whether the receiver takes what is signed rightly, and refuses the rest.`,
    ],
  },
  doctor: {
    describe: 'check configuration, secrets, clock, ERP and queues, and name remedies',
    checks: {
      config: 'configuration',
      mapping: 'mappings',
      running: 'services',
      table: 'ledger',
      secret: 'secret',
      shop: 'shop',
      erp: 'ERP',
      clock: 'clock',
      queue: 'queue',
      'dead-letters': 'dead letters',
      gate: 'gate',
    },
    marks: { ok: 'ok', warning: 'note', wrong: 'WRONG' },
    healthy: 'Everything is in order.',
    sick: 'Something is wrong.',
    running: 'they run',
    configOk: 'it is valid',
    mappingOk: 'every expression compiles',
    mappingRemedy: 'Correct the expression; it is JSONata.',
    unreachable: (what: string): Told => ({
      message: `cannot be reached (${what})`,
      remedy: 'Look whether `npm start` still runs; if it does, start it again.',
    }),
    tableOk: 'the table answers',
    shopOk: ({ platform, bridge, stock_mode: mode, relay }: Health) =>
      `ECShop ${platform.version}, bridge ${bridge.version}, capture by ${bridge.capture}, stock falls at ${mode}, ${relay.pending} waiting`,
    shopEpoch: (shop: string, theirs: string, ours: string): Told => ({
      message: `the bridge is at epoch ${theirs}, and ${ours} is the one that may post`,
      remedy: `If the bridge is the newest installation: npm run sync -- connect ${shop}`,
    }),
    shopOld: (version: string, lacking: readonly BridgeFeature[]): Told => ({
      message: `its bridge (${version}) is older than this: it cannot do ${lacking.join(', ')}`,
      remedy: 'Copy the folder erpsync of this version over the one in the shop; its settings stay.',
    }),
    shopSetAside: (count: number): Told => ({
      message: `the bridge has set ${count} events aside as invalid`,
      remedy: 'See why on erpsync/setup.php, or with: php erpsync/cli.php set-aside',
    }),
    shopClock: (seconds: number): Told => ({
      message: `the shop’s clock is ${Math.abs(seconds)} s ${seconds > 0 ? 'ahead of' : 'behind'} ours`,
      remedy: 'It is measured and allowed for; still, set the shop’s clock by NTP.',
    }),
    erpOk: 'it answers, and does not know what cannot exist',
    erpUnasked: 'not asked: its credentials are not there',
    noLookUp: {
      message: 'not asked: the target has no operations.find',
      remedy:
        'Describe operations.find if the ERP can be searched: without it an unanswered create may need a person.',
    } as Told,
    findsTooMuch: {
      message: 'it claims to have a document under a reference that cannot exist',
      remedy:
        'Correct operations.find: its query must name {reference}, and documents give the reference of each.',
    } as Told,
    misconfigured: 'Correct the target’s address, auth and operations in sync.config.json.',
    clockOk: 'it agrees with the ERP’s',
    clockWrong: (seconds: number): Told => ({
      message: `the ERP’s clock is ${Math.abs(seconds)} s ${seconds > 0 ? 'ahead of' : 'behind'} ours`,
      remedy: 'Set this machine’s clock by NTP; if it is right, tell who runs the ERP.',
    }),
    queue: (waiting: number, inFlight: number): Told => ({
      message: `${waiting} waiting, ${inFlight} in work`,
    }),
    noDeadLetters: 'none',
    deadLetters: (count: number): Told => ({
      message: `${count} messages were put aside`,
      remedy:
        'They could not be read or never ended: see the log, then send their orders again (save them in the shop, or replay).',
    }),
    gate: (state: string, why: string | undefined, since: string | undefined): Told =>
      why === undefined
        ? { message: state }
        : {
            message: `${state} since ${since ?? '?'}: ${why}`,
            remedy: isFailureClass(why) ? EN_FAILURES[why] : 'Wait: it is tried again by itself.',
          },
  },
  probe: {
    describe: 'ask the ERP of a target for everything its adapter needs, and name remedies',
    checks: {
      server: 'server',
      signature: 'signature',
      version: 'version',
      database: 'database',
      login: 'login',
      language: 'language',
      clock: 'clock',
      module: 'module',
      right: 'right',
      'look-up': 'look-up',
      lock: 'lock',
      company: 'company',
      warehouse: 'warehouse',
      pricelist: 'pricelist',
      paymentTerms: 'payment term',
      journal: 'journal',
      tax: 'tax',
      product: 'product',
      customer: 'customer',
    } as Readonly<Record<string, string>>,
  },
  dataMap: {
    describe:
      'which data of people each target gets, found by running the mappings, and where data is kept here',
    field: 'of a person',
    notTaken: '–',
    disclosures: { full: 'whole', partial: 'in part', none: 'not' } satisfies Record<Disclosure, string>,
    fields: {
      name: 'name',
      login: 'login',
      phone: 'phone',
      email: 'e-mail',
      district: 'district',
      street: 'street',
      zipcode: 'postcode',
      birthday: 'birthday',
      invoiceTitle: 'invoice title',
      words: 'what they wrote',
      phoneInWords: '– a phone in it',
      emailInWords: '– an e-mail address in it',
      idNumberInWords: '– an identity number in it',
    } satisfies Record<MappedField, string>,
    where: 'kept here',
    ofPerson: 'of people',
    days: 'days',
    forGood: 'for good',
    stores: {
      row: ['ledger row', 'nothing: references, quantities, numbers of documents'],
      state: ['stored state of a thing', 'what its target may see'],
      request: ['stored request', 'what its target may see'],
      step: ['step of a ticket or return', 'notes, who did it'],
      queue: ['queue and dead-letter queue', 'the whole thing, until it is delivered'],
      log: ['log and metrics', 'nothing: references and codes'],
      tombstone: ['erasure and its receipt', 'keyed hashes'],
    },
  },
  person: {
    group: 'what is held of a person, and its erasure',
    describeExport: 'all that is held of a person, as JSON',
    describeErase: 'erase a person; without --yes only say what would go',
    describeReceipts: 'what was erased, and what was kept and why',
    shop: 'only of this shop; default: of every shop',
    yes: 'erase',
    nobodyMeant: {
      message: 'That is no phone number, no e-mail address and no user id.',
      remedy:
        'Give a phone number with all its digits, an e-mail address, or the number of a member of the shop.',
    } as Told,
    nothing: 'Nothing is held of this person. With erase --yes, what is still on its way will end as erased.',
    waiting: (seconds: number) =>
      `From here on nothing of before is taken in. Waiting ${seconds} s for deliveries that had begun …`,
    kind: 'kind',
    kinds: {
      order: 'order',
      customer: 'customer',
      return: 'return',
      ticket: 'ticket',
      parts: 'parts request',
    } satisfies Record<DocumentKind, string>,
    of: { phone: 'phone', email: 'e-mail', user: 'user' },
    deadLetters: (count: number, unread: number) =>
      `Messages that were put aside and speak of them: ${count}.${unread > 0 ? ` ${unread} more could not be looked at.` : ''}`,
    others: (others: readonly string[]) =>
      `The same things also name: ${list(others)}. If that is the same person, name it too.`,
    stillOpen: (count: number) =>
      `${count} of these orders are still open in the shop. Once erased, their later changes reach no ERP: finish or cancel them first, or by hand.`,
    sayYes:
      'Nothing was erased. With --yes it is, for good. The shop itself is not touched: erase the person there first.',
    receipt: 'receipt',
    at: 'erased at',
    identifiers: 'known by',
    things: 'things',
    states: 'stored states',
    requests: 'stored requests',
    steps: 'notes and names in steps',
    deadLettersRemoved: 'messages put aside',
    kept: 'rows kept',
    why: 'references, quantities, amounts and numbers of documents, which tax and accounting law asks for',
    documentStates: { live: 'live', cancelled: 'cancelled', unknown: 'perhaps there' },
    inErps: 'Nothing was sent to any ERP. Treat these documents there, as its own duties of keeping allow:',
    unread: (count: number) =>
      `${count} messages in dead-letter queues could not be looked at. Redrive or purge them, then erase once more.`,
    noReceipts: 'Nobody was erased.',
  },
  brake: {
    group: 'stock figures that a run would not write without a person',
    describeShow: 'show what the brake of a pool holds',
    describeRelease: 'let the next run of a pool write them, if it is not much worse by then',
    states: {
      tripped: 'held',
      released: 'released, the next run writes',
      passed: 'held nothing in the last run',
    },
    never: (pool: string) => `The brake of the pool ${pool} has never held anything.`,
    counts: ({ changed, zeroed, of }: { changed: number; zeroed: number; of: number }) =>
      `${changed} of ${of} SKUs would change, ${zeroed} of them to 0.`,
    from: 'now',
    to: 'would be',
    more: (count: number) => `and ${count} more; --json has them`,
    remedy: (pool: string) =>
      `Compare some of them with the ERP. If the ERP is wrong, mend it: the next run looks again. If it is right: npm run sync -- brake release ${pool}`,
    released: (pool: string) => `Released. The next run of the pool ${pool} writes, within a minute or two.`,
    nothingHeld: (pool: string): Told => ({
      message: `The brake of the pool ${pool} holds nothing.`,
      remedy: 'Look with `npm run sync -- brake show`; it may be released already.',
    }),
    whichPool: (pools: readonly string[]): Told =>
      pools.length === 0
        ? {
            message: 'The configuration has no pool.',
            remedy: 'Add one under "pools" in sync.config.json.',
          }
        : { message: `Say which pool: ${list(pools)}.` },
  },
  drift: {
    describe: 'show where shop, ledger and ERP differ, as of last night',
    repair: 'deliver anew what differs; the ERP is looked up first',
    release: 'deliver what a new epoch, or a restored database, held back',
    never: 'never compared',
    compared: (orders: number, differences: number) =>
      differences === 0
        ? `${orders} orders compared, no differences`
        : `${orders} orders compared, ${differences} ${differences === 1 ? 'difference' : 'differences'}`,
    states: {
      paused: {
        message: 'Paused: the counter of the shop fell, so its database was restored.',
        remedy: 'Start a new epoch on the setup page of the bridge and connect the shop again.',
      },
      holding: {
        message: 'A new epoch: what differs from the ledger is not delivered by itself.',
        remedy: 'Look through the differences; if the shop is right: npm run sync -- drift <shop> --release',
      },
    } as Readonly<Record<'paused' | 'holding', Told>>,
    day: 'day',
    inShop: 'in the shop',
    seen: 'seen',
    inErp: 'live in the ERP',
    difference: 'difference',
    kinds: {
      'not-seen': 'never delivered',
      'older-content': 'changed since it was delivered',
      'not-in-shop': 'gone from the shop',
      'not-in-erp': 'gone from the ERP',
      'cancelled-in-erp': 'cancelled in the ERP only',
      'live-in-erp': 'live in the ERP only',
      amount: 'other total',
      parked: 'parked',
    } as Readonly<Record<DriftDifference['is'], string>>,
    more: (count: number) => `and ${count} more; --json has them`,
    remedy: (shop: string) => `To deliver them anew: npm run sync -- drift ${shop} --repair`,
    repairing: (count: number) =>
      `To be delivered anew within a minute or two: ${count}. Watch \`status\` and \`parked\`.`,
    postponed: (count: number, target: string) =>
      `Asked for, and delivered as soon as the gate of ${target} opens: ${count}. There is nothing to repeat.`,
    released: (shop: string) =>
      `Released. What differs in ${shop} is delivered within a minute or two; watch \`status\` and \`parked\`.`,
    nothingHeld: (shop: string): Told => ({
      message: `Nothing of ${shop} is held back.`,
      remedy: 'Look with `npm run sync -- drift`; to deliver differences anew there is --repair.',
    }),
    nothingDiffers: (shop: string): Told => ({
      message: `The last comparison of ${shop} found no differences.`,
      remedy: 'It is made every night, and after a new epoch.',
    }),
    noSweep: (shop: string): Told => ({
      message: `${shop} is not swept: its sweepMinutes is 0.`,
      remedy: 'Set it in sync.config.json and deploy, or start again.',
    }),
    whichShop: (shops: readonly string[]): Told => ({ message: `Say which shop: ${list(shops)}.` }),
  },
  run: {
    describe: 'do a scheduled run now: stock <pool>, shipments <target>, aftersales <target> or sweep <shop>',
    ends: {
      done: 'done',
      saved: 'not through yet; it goes on with its next tick',
      'not-due': 'not due',
      busy: 'another run is at it',
      waiting: 'it waits',
      failed: 'failed',
    },
    unknownKind: (kinds: readonly string[]): Told => ({ message: `Say which run: ${list(kinds)}.` }),
    none: {
      stock: {
        message: 'The configuration has no pool.',
        remedy: 'Add one under "pools" in sync.config.json.',
      },
      shipments: {
        message: 'No target of the configuration brings shipments back.',
        remedy: 'Add "shipments" to the target in sync.config.json.',
      },
      sweep: {
        message: 'No shop of the configuration is swept.',
        remedy: 'Set "sweepMinutes" of the shop in sync.config.json.',
      },
      aftersales: {
        message: 'No target of the configuration brings the progress of tickets and returns back.',
        remedy: 'Add "aftersales" to the target in sync.config.json.',
      },
    } satisfies Record<string, Told> as Record<'stock' | 'shipments' | 'sweep' | 'aftersales', Told>,
    which: (kind: string, subjects: readonly string[]): Told => ({
      message: `Say which one, as in \`run ${kind} ${subjects[0] ?? ''}\`: ${list(subjects)}.`,
    }),
    brokeOff: (what: string): Told => ({
      message: `The run broke off: ${what}.`,
      remedy: 'The log of its function tells more; report it.',
    }),
    inAws: (command: string): Told => ({
      message: 'These tools cannot invoke a function in AWS; the AWS CLI does it:',
      remedy: command,
    }),
  },
  newErp: {
    describe: 'write the skeleton of an adapter for another ERP, with its conformance run',
    into: 'the checkout to write to (default: this one)',
    badName: (name: string): Told => ({
      message: `"${name}" is no name for an adapter.`,
      remedy: 'Take small letters, digits and hyphens, e.g. acme or acme-cloud.',
    }),
    exists: (file: string): Told => ({
      message: `${file} exists already; nothing was written.`,
      remedy: 'Take another name, or remove what is there.',
    }),
    notCheckout: (dir: string): Told => ({
      message: `${dir} is no checkout of this project.`,
      remedy: 'Name one with --into.',
    }),
    next: (steps: { contract: string; mapping: string; errors: string; run: string; name: string }) => [
      `${steps.contract}: what a merchant configures.`,
      `shared/contracts/config.ts, shared/adapters/erp/create-gateways.ts and describe-target.ts: a line each for "${steps.name}"; then \`npm run contracts\`.`,
      `${steps.mapping}: the document, the calls, and how answers are read.`,
      `${steps.errors}: what each refusal of this ERP means.`,
      `${steps.run}: the ERP seen from its own side, a double or a test system.`,
      `npx vitest run --project fast ${steps.run} is red until all of that is there.`,
      'docs/guides/adding-an-erp.md goes with you step by step.',
    ],
  },
  send: {
    describe: 'sign an order as the bridge would and post it to the webhook',
    target: 'with --dry-run: only this target',
    dryRun: 'send nothing anywhere; show the decision and the exact ERP request',
    results: {
      accepted: 'accepted',
      'not-subscribed': 'not subscribed: no target takes this kind',
      invalid: 'invalid',
      retry: 'not queued: send it again',
    },
    refused: (status: number, detail: string) =>
      `The webhook refused the request (HTTP ${status}): ${detail}`,
    noAnswer: (status: number): Told => ({
      message: `The webhook gave no answer that can be read (HTTP ${status}).`,
      remedy: 'Run doctor; the log of `npm start` tells more.',
    }),
    emptyLedger: 'Nothing runs here, so this is planned as for a new order.',
  },
  plan: {
    decision: 'decision',
    before: 'ledger',
    failure: 'problem',
    first: 'first',
    looksUp: 'the ERP is asked for the document; supposed here is that it shows what the ledger knows',
    then: 'Then, once that is confirmed:',
    secret: '(from the secret)',
    newEachTime: '(new for each delivery)',
    actions: {
      place: 'place',
      amend: 'amend',
      replace: 'cancel and replace',
      cancel: 'cancel',
      resend: 'send again',
      hold: 'hold',
      park: 'park',
      wait: 'wait',
      nothing: 'nothing',
    },
    becauses: {
      'not-in-erp': 'the ERP does not have it yet.',
      'cancelled-before': 'its earlier document was cancelled.',
      'step-missing': 'a step of its creation is still to come.',
      unanswered: 'an earlier call was never answered.',
      'content-differs': 'the ERP has other content.',
      'cancelled-in-shop': 'it was cancelled in the shop.',
      'deleted-in-shop': 'it was deleted in the shop.',
      'merged-in-shop': 'it was merged into another order.',
      reason: 'a rule says so.',
      claimed: 'another worker is at it.',
      unsettled: 'an earlier call may still take effect.',
      failure: 'the request cannot be built.',
      predecessor: 'an order it was merged from is not settled yet.',
      older: 'a newer version was seen already.',
      erased: 'the person behind it was erased.',
      returned: 'it was returned; its document stays as it is.',
      'same-content': 'the ERP has this content.',
      'nothing-to-cancel': 'there is nothing to cancel.',
      deleted: 'its row in the shop was deleted, which undoes nothing.',
    },
  },
  status: {
    describe: 'show queues, ledger, gates and shops',
    visible: 'waiting',
    inFlight: 'in work',
    delayed: 'delayed',
    deadLetters: 'dead letters',
    oldestParked: 'oldest parked',
    gate: 'gate',
    epoch: 'epoch',
    secrets: 'secrets valid',
    lastSweep: 'last sweep',
    sweeps: { paused: 'paused', holding: 'holds back' } as Readonly<Record<'paused' | 'holding', string>>,
    differences: 'differences',
    noSecret: '(no secret)',
    pool: 'pool',
    lastRun: 'last stock run',
    figures: 'figures',
    runs: { done: 'done', failed: 'failed', braked: 'held by the brake' },
    stockCounts: (counts: Record<string, number>) =>
      `${counts['examined'] ?? 0} examined, ${counts['changed'] ?? 0} changed; unknown: ${counts['unknownInErp'] ?? 0} in the ERP, ${counts['unknownInShop'] ?? 0} in the shops`,
    never: 'never',
  },
  find: {
    describe: 'find an order by its number or reference',
    nothing: (text: string) => `The ledger knows nothing of "${text}".`,
  },
  show: {
    describe: 'show the whole life of an order at each target',
    body: 'also print its stored state, which is about people',
    shopState: 'in the shop',
    shopStateText: ({
      state,
      payment,
      gone,
    }: {
      state: string
      payment?: string | undefined
      gone: boolean
    }) => [state, ...(payment === undefined ? [] : [payment]), ...(gone ? ['deleted'] : [])].join(', '),
    seen: 'newest version',
    applied: 'in the ERP',
    unknown: 'unknown write',
    unknownText: (what: string, deadline: string) => `${what}, no answer by ${deadline}`,
    unsettledUntil: 'unsettled until',
    claimedUntil: 'claimed until',
    wakeAt: 'tried again',
    firstSeen: 'first seen',
    line: 'line',
    ordered: 'ordered',
    sent: 'in ERP',
    shipped: 'shipped',
    when: 'when',
    what: 'what',
    version: 'seq',
  },
  writebacks: {
    heading: 'write-backs',
    kinds: { shipment: 'shipment', cancel: 'cancel', progress: 'progress' },
    statuses: { open: 'on its way', done: 'done', parked: 'parked' },
    kind: 'kind',
    tracking: 'tracking numbers',
    goods: 'goods',
    serials: 'serial numbers',
    step: 'step',
    happened: 'happened',
    person: 'person',
    parts: 'spare parts',
    state: 'state',
    outOfOrder: 'out of order: it changed nothing',
    forTicket: 'for the ticket',
    partsRequest: 'request',
    recordedByHand: 'settled as done by hand',
    notNow: 'A worker is at it now. Try again in a minute.',
    noCommand:
      'Nothing is known of it that a command could be made of. Settle it by hand, then say --was placed.',
    noRehearsal: 'A write-back cannot be rehearsed: the shop says what it would do only when it is asked.',
  },
  cancel: {
    describe: 'cancel an order in the shop, as its admin screen does',
    reason: 'why; the customer sees it',
    refund: 'credit what was paid to the member’s balance; money at a payment gateway is never touched',
    queued: (no: string, shop: string) =>
      `${no} is cancelled in shop ${shop} within a minute; \`show ${no}\` tells how it went.`,
  },
  parked: {
    describe: 'list what needs a person, by reason',
    reason: 'only this reason',
    nothing: 'Nothing is parked.',
    since: 'for',
  },
  replay: {
    describe: 'deliver the newest known state of orders once more',
    dryRun: 'queue nothing; show what would happen',
    was: 'what you saw in the ERP, where a write is unknown; of a write-back: placed = done by hand',
    allParked: 'everything that is parked for --reason',
    reason: 'with --all-parked: the reason, as `parked` shows it',
    body: 'with --dry-run: also print request bodies, which are about people',
    results: {
      queued: 'queued',
      failed: 'the queue did not take it',
      'too-large': 'too large for the queue',
    },
  },
  connect: {
    describe: 'connect a shop with the code that the bridge’s setup shows',
    ask: 'Connect code of the shop:',
    connected: (shop: string) => `${shop} is connected.`,
    url: 'bridge',
    testNow: 'Now press “Test” on the bridge’s setup page, or run: php erpsync/cli.php test',
    empty: {
      message: 'No connect code was given.',
      remedy: 'Paste the code that erpsync/setup.php shows, or pipe it in.',
    } as Told,
    malformed: {
      message: 'Nothing was stored: this is no connect code.',
      remedy: 'Copy the whole code from erpsync/setup.php, or from: php erpsync/cli.php connect-code',
    } as Told,
    badUrl: {
      message: 'Nothing was stored: the address of the bridge in this code is not https.',
      remedy: 'Give the shop a certificate and install the bridge again with its https address.',
    } as Told,
    oldEpoch: (epoch: string): Told => ({
      message: `Nothing was stored: the shop has moved on since the epoch ${epoch}.`,
      remedy: 'Use the code of the newest installation; start a new epoch there if it is the right one.',
    }),
  },
  secret: {
    group: 'put secrets, and see which are there',
    describePut: 'store a secret read from standard input: shop/<id>/webhook or target/<name>/erp',
    describeList: 'show which secrets are there, never their values',
    new: 'make new signing secrets, of a shop or of a target; the ones before stay valid beside them',
    epochOption: 'shops: append an epoch, which alone may post from now on',
    put: (name: string) => `stored ${name}`,
    once: 'This is shown once. Enter it in the shop’s bridge.',
    onceTarget:
      'This is shown once. The receiver verifies with "signing" and signs its progress with "callback".',
    states: {
      put: 'put',
      missing: 'missing',
      incomplete: 'incomplete',
      malformed: 'malformed',
      'not-needed': 'not needed',
    },
    about: secretAbout(
      (names) => `lacks: ${names}`,
      (count, epoch) => `${count} valid, epoch ${epoch}`,
    ),
    putIt: (name: string, flags: string) =>
      name.startsWith('shop/')
        ? `npm run sync -- connect ${name.split('/')[1]}${flags}`
        : `npm run sync -- secret put ${name}${flags} < credentials.json`,
    unknown: (name: string, names: readonly string[]): Told => ({
      message: `There is no secret "${name}"; there are: ${list(names)}.`,
    }),
    epochKnown: (epoch: string): Told => ({ message: `The shop has had the epoch ${epoch} already.` }),
    epochFirst: {
      message: 'There is no secret yet to which an epoch could be added.',
      remedy: 'Say --new beside --epoch, or put the secret the bridge shows.',
    } as Told,
    noEpoch: {
      message: 'A first secret needs its epoch.',
      remedy: 'Give {"secrets": ["whsec_…"], "epochs": ["…"]} as the bridge shows them.',
    } as Told,
    incomplete: (name: string, missing: readonly string[]): Told => ({
      message: `Nothing was stored: ${name} lacks ${list(missing)}.`,
      remedy: `Give everything the target needs in one object, e.g. ${example(missing)}.`,
    }),
    empty: {
      shop: {
        message: 'Standard input held no secret.',
        remedy: 'Pipe it in, or let one be made with --new.',
      } as Told,
      target: {
        message: 'Standard input held no secret.',
        remedy: 'Pipe in the credentials as JSON, e.g. {"token": "…"}.',
      } as Told,
    },
    malformed: {
      shop: (fields: readonly string[]): Told => ({
        message: `Nothing was stored: this is no secret of a shop${fields.length > 0 ? ` (${list(fields)})` : ''}.`,
        remedy: 'Give whsec_… alone, or {"secrets": ["whsec_…"], "epochs": ["…"]}.',
      }),
      target: (fields: readonly string[]): Told => ({
        message: `Nothing was stored: this is no secret of a target${fields.length > 0 ? ` (${list(fields)})` : ''}.`,
        remedy: 'Give an object of texts in JSON, e.g. {"token": "…"}.',
      }),
      webhookKeys: (names: readonly string[]): Told => ({
        message: `Nothing was stored: ${list(names)} must be whsec_…, or two of them with a blank between.`,
        remedy: 'Let them be made with --new.',
      }),
    },
  },
}

export type Texts = typeof en

const ZH_FAILURES: Readonly<Record<ErpFailureClass, string>> = {
  AuthExpired: '请等待：适配器会获取新的令牌。',
  AuthDenied:
    '请检查密钥、权限以及 ERP 的 IP 白名单；用 `npm run sync -- secret put` 放入新密钥。投递会等待并自动继续。',
  RateLimited: '请等待，或调低该目标的 rate.perMinute。',
  Transient: '请等待：会一直重试，直到 ERP 应答。',
  Contended: '请等待：有人正打开着该单据。',
  UnknownOutcome: '请等待：会向 ERP 查询这次写入的结果。',
  DuplicateRef: '请等待：会与已有单据比对。',
  MissingReference: '请在 ERP 中建立它，或更正商店中的编码，然后用 `npm run sync -- replay` 重试。',
  Invalid: '请更正商店中的订单或映射，然后 `npm run sync -- replay`。',
  StateConflict: 'ERP 的单据已进入后续流程。请在 ERP 中人工处理，然后 `npm run sync -- replay`。',
  NotFound: '请等待：会再次查询 ERP。',
  Misconfigured: '请运行 `npm run sync -- doctor` 并更正该目标的配置。投递会等待并自动继续。',
  Unsupported: 'ERP 不支持此操作。请在 ERP 中人工处理，然后 `npm run sync -- replay`。',
  Protocol: '请等待：应答无法读取，会向 ERP 查询结果。',
}

const isFailureClass = (text: string): text is ErpFailureClass => Object.hasOwn(ZH_FAILURES, text)

const ZH_REFUND_REMEDY =
  '加上 --refund 再取消一次，已付款会退到会员余额；或者退款并在商店后台取消，然后 replay <参考号> --was placed。'

const ZH_REASONS: Readonly<Record<ReasonCode, readonly [message: string, remedy: string]>> = {
  unpaid: ['订单尚未付款。', '无需处理：商店报告付款后会继续。'],
  deposit: ['团购只付了定金。', '无需处理：活动成功后会继续。'],
  'cod-unconfirmed': ['货到付款订单等待确认。', '请在商店中确认或取消它。'],
  'late-payment': [
    '订单取消之后才收到付款；其库存和优惠券已经退回。',
    '请在商店中退款并取消；若要发货：npm run sync -- replay <reference>。',
  ],
  unbalanced: [
    '商店的商品总额与各行之和不符。',
    '请在商店中更正订单，或调高该目标的 rules.residualTolerance，然后 replay。',
  ],
  'missing-sku': [
    '有一行没有 SKU 编码。',
    '请在商店中给商品设置编码并保存一次订单，或在映射中补上，然后 replay。',
  ],
  mapping: ['映射拒绝了该订单。', '请更正映射或订单，然后 replay。'],
  'missing-reference': [
    'ERP 不认识订单中引用的某项。',
    '请在 ERP 中建立它，或更正商店中的编码，然后用 replay 重试。',
  ],
  refused: ['ERP 拒绝了该单据。', '请更正商店中的订单或映射，然后 replay。'],
  'too-late-to-amend': ['订单被修改时，ERP 的单据已无法更改。', '请在 ERP 中人工处理差异，然后 replay。'],
  'too-late-to-cancel': [
    '订单被取消时，ERP 的单据已进入后续流程。',
    '请拦下货物并在 ERP 中人工处理，然后 replay。',
  ],
  'amend-unsupported': ['该 ERP 不能更改或取消单据。', '请在 ERP 中人工更改单据，然后 replay。'],
  'cancel-unsupported': ['该 ERP 不能取消单据。', '请在 ERP 中人工取消单据，然后 replay。'],
  'cancelled-in-erp': [
    '单据在 ERP 中被取消，而商店仍需要该订单。',
    '请在商店中取消订单，或重新下单：npm run sync -- replay <reference>。',
  ],
  'missing-in-erp': [
    'ERP 曾确认的单据已不存在。',
    '请查明是谁删除的；然后用 npm run sync -- replay <reference> --was absent 重新下单。',
  ],
  'many-documents': ['ERP 在此参考号下有多张单据。', '请在 ERP 中只保留一张、取消其余，然后 replay。'],
  'reference-collision': [
    'ERP 在此参考号下的单据不属于该订单。',
    '请在 ERP 中改名或移除那张单据，然后 replay。',
  ],
  verify: [
    '不知道 ERP 是否执行了上一次写入，而且无法查询。',
    '请查看 ERP，然后 npm run sync -- replay <reference> --was placed 或 --was absent。',
  ],
  vanished: [
    '订单未经取消就从商店消失。',
    '若是有意删除，请在 ERP 中取消单据；若是数据库被还原，请恢复该订单。',
  ],
  'tombstone-burst': [
    '一小时内收到异常多的、ERP 已有订单的删除。',
    '请确认商店的数据库没有被还原或清空，然后 replay。',
  ],
  'merge-predecessor': [
    '被合并的订单在 ERP 中已进入后续流程，无法取消。',
    '请在 ERP 中人工处理两张单据，然后 replay。',
  ],
  'returned-unplaced': [
    '订单在进入 ERP 之前就已在商店退货。',
    '若账务需要，请在 ERP 中人工录入；否则无需处理。',
  ],
  'shipment-unreadable': [
    'ERP 报告的一次发货无法读取。',
    '请在 ERP 中更正该发货单，系统会重新读取；或在商店后台手工登记，然后 replay <参考号> --was placed。',
  ],
  'shipment-unknown-order': [
    'ERP 的发货单所引用的参考号不属于我们的任何订单。',
    '请更正 ERP 单据上的参考号，系统会重新读取；若不是商店的订单，则 replay <参考号> --was placed。',
  ],
  'shipment-deleted-order': [
    'ERP 发出了一个已在商店删除的订单。',
    '请拦截包裹，或与顾客协商处理；然后 replay <参考号> --was placed。',
  ],
  'shipment-forgotten-order': [
    '所存的订单内容已过期，无法再得知其明细行。',
    '请在商店后台保存该订单一次，使其重新发送，然后 replay。',
  ],
  'shipment-unknown-line': [
    'ERP 发出了订单中没有的商品，或数量超过订购数量。',
    '请在 ERP 中更正发货单，或在商店订单中补上该商品，然后 replay。',
  ],
  'package-in-parts': [
    '礼包只发出了一部分；商店只能整包发货。',
    '等其余部分发出后，在商店后台手工登记；然后 replay <参考号> --was placed。',
  ],
  'shipment-changed': [
    '商店登记发货之后，ERP 又修改了该发货单。',
    '请对照两边，在商店后台更正发货单；然后 replay <参考号> --was placed。',
  ],
  'kind-unsupported': [
    '该目标不能接收这一类内容。',
    '请从该目标的 kinds 中去掉这一类，或配置相应的操作（docs/guides）；然后 replay。',
  ],
  'owned-by-erp': [
    '配置规定这一类以 ERP 为准，因此不把商店的内容发送过去。',
    '无需处理；或修改 sync.config.json 中的 "owners"，然后 replay。',
  ],
  'owned-by-shop': [
    '配置规定这一类以商店为准，因此不把 ERP 的内容写入商店。',
    '无需处理；或修改 sync.config.json 中的 "owners"，然后 replay。',
  ],
  'progress-unreadable': [
    '目标报告了一个无法读取的进度。',
    '请在目标系统中更正，随后会重新读取；或自行告知顾客，然后 replay <目标/编号> --was placed。',
  ],
  'progress-unknown-reference': [
    '目标报告的工单或退货不是由我们交给它的。',
    '请在目标系统中更正引用号，然后 replay；若不属于任何商店，请 replay <目标/编号> --was placed。',
  ],
  'progress-changed': [
    '商店已收到该进度后，目标又修改了它。',
    '请把改动作为新的进度报告；然后 replay <目标/编号> --was placed。',
  ],
  'progress-forgotten': [
    '该退货的已存状态已过期，不再知道它属于哪个订单。',
    '请按引用号 replay 该退货以重新读取，然后 replay 该进度。',
  ],
  'parts-no-target': [
    '服务台申请了配件，但该商店没有接收此类申请的目标。',
    '请在 sync.config.json 中把 "parts" 加入 ERP 目标的 kinds，然后 replay；或手工订购，再 replay <目标/编号> --was placed。',
  ],
  'too-old': ['消息等待超过十天。', '请检查目标是否正常（doctor），然后 replay。'],
}

const zh: Texts = {
  language: 'zh',
  program: '运维 ECShop 商店与 ERP 之间的同步。',
  examples: `示例：
  npm run sync -- doctor
  npm run sync -- send order.json --dry-run
  npm run sync -- find 2026112112345
  npm run sync -- parked`,
  help: {
    titles: { 'Usage:': '用法：', 'Options:': '选项：', 'Commands:': '命令：', 'Arguments:': '参数：' },
    usage: '<命令> [选项]',
    option: '显示帮助',
    command: '显示某个命令的帮助',
  },
  options: {
    json: '机器可读的输出；提示信息写到标准错误',
    config: 'sync.config.json 所在目录（默认正在运行的；与 --stage 同用时为当前目录）',
    data: '`npm start` 的数据目录（默认 .local）',
    stage: '部署到 AWS 的阶段（默认 local，即由 `npm start` 运行的）',
    region: '与 --stage 同用：AWS 区域（默认与各 AWS SDK 相同）',
    profile: '与 --stage 同用：AWS 配置文件中的 profile（默认与各 AWS SDK 相同）',
    shop: '商店 id；有多个商店时必须给出',
    target: '只看这个目标',
  },
  words: {
    shop: '商店',
    target: '目标',
    reference: '参考号',
    number: '订单号',
    status: '状态',
    reason: '原因',
    subject: '对象',
    field: '字段',
    remedy: '处理办法',
    message: '说明',
    erpDocument: 'ERP 单据',
    changed: '变更时间',
    type: '类型',
    result: '结果',
    name: '名称',
    correlationId: '关联 id',
  },
  ago: (ms) => agoIn(['秒', '分钟', '小时', '天'], ms),
  reason: chineseReason,
  statuses: { new: '新', open: '进行中', done: '完成', held: '暂缓', parked: '搁置', erased: '已抹除' },
  documentStates: { live: '有效', cancelled: '已取消' },
  gates: { closed: '放行', open: '拦住', probing: '试探中' },
  failureRemedies: ZH_FAILURES,
  obstacles: {
    erased: { message: '其相关个人信息已抹除，没有可重放的内容。' },
    'no-subject': { message: '保存的状态已过期。', remedy: '请在商店中保存一次该订单，使其重新发送。' },
    'needs-verdict': {
      message: '不知道 ERP 是否执行了上一次写入。',
      remedy: '请查看 ERP，然后给出 --was placed 或 --was absent。',
    },
    'nothing-unknown': { message: '它没有结果未知的写入，--was 无可说明。', remedy: '请不带 --was 重放。' },
  },
  notRunning: (dataDir) => ({
    message: `数据目录 ${dataDir} 没有正在运行的服务。`,
    remedy: '请用 `npm start` 启动，或用 --data 指定另一个数据目录。',
  }),
  endpointsUnreadable: (file) => ({
    message: `无法读取 ${file}：它由另一版本写入。`,
    remedy: '请停止 `npm start` 后重新启动。',
  }),
  restartNeeded: (name) => ({
    message: `正在运行的服务还不认识“${name}”。`,
    remedy: '请停止 `npm start`，用更改后的配置重新启动。',
  }),
  aws: {
    noCredentials: (profile) => ({
      message: profile === undefined ? '这里没有 AWS 凭据。' : `AWS profile“${profile}”没有给出凭据。`,
      remedy:
        '请用 AWS CLI 登录（`aws sso login`、`aws configure`）并用 --profile 指定 profile，或设置 AWS_ACCESS_KEY_ID 和 AWS_SECRET_ACCESS_KEY。',
    }),
    sessionExpired: (profile) => ({
      message: 'AWS 会话已过期，或尚未登录。',
      remedy: `请重新登录：\`aws sso login${profile === undefined ? '' : ` --profile ${profile}`}\`，或用您获取会话的方式。`,
    }),
    credentialsRefused: {
      message: 'AWS 在该区域不接受这些凭据。',
      remedy:
        '请检查密钥、profile 和区域。中国区域的账户与其他账户的密钥互不通用；较新的区域须先在账户中启用。',
    },
    noRegion: {
      message: '没有指定 AWS 区域。',
      remedy: '请用 --region 指定部署所在的区域，或设置 AWS_REGION。',
    },
    noSuchRegion: (region) => ({
      message: `“${region}”不是 AWS 区域。`,
      remedy: '请用 --region 指定部署所在的区域，例如 --region cn-north-1。',
    }),
    stackNotFound: (stack, region, deploy) => ({
      message: `该账户的区域 ${region} 中没有堆栈 ${stack}。`,
      remedy: `请用 --region 指定部署所在的区域，或用 --profile 指定账户。部署：${deploy}`,
    }),
    outputsMissing: (stacks, names, deploy) => ({
      message: `堆栈缺少输出 ${list(names)}（${list(stacks)}）。`,
      remedy: `若部署正在进行，请等它结束，否则请重新部署：${deploy}`,
    }),
    deployNeeded: (name, stage, deploy) => ({
      message: `阶段 ${stage} 还不认识“${name}”。`,
      remedy: `请部署这份配置：${deploy}`,
    }),
    accessDenied: (action) => ({
      message: action === undefined ? 'AWS 拒绝这些凭据访问。' : `这些凭据没有权限 ${action}。`,
      remedy: '请向账户管理者申请；所需的全部权限见 docs/guides/cli.zh-CN.md。',
    }),
    unreachable: (what) => ({
      message: `AWS 没有应答（${what}）。`,
      remedy: '请检查区域是否拼写正确，以及本机能否访问 AWS。',
    }),
    refused: (what) => ({
      message: `AWS 回答 ${what}。`,
      remedy: '请再试一次；若仍如此，DEBUG=1 会显示详细信息。',
    }),
    stack: (status) => ({
      message: status,
      remedy: '请在 CloudFormation 中查看它的事件；部署失败的，请重新部署。',
    }),
    askedFromHere: '（从本机查询，而非从 AWS）',
    noAnswer: (status) => ({
      message: `webhook 的应答无法读取（HTTP ${status}）。`,
      remedy: '请运行 doctor；CloudWatch 中函数 ShopWebhook 的日志有更多信息。',
    }),
  },
  unexpected: (what) => ({
    message: `发生了意外错误：${what}。`,
    remedy: '请加上 DEBUG=1 再运行一次并反馈详细信息。',
  }),
  unreachable: (what) => ({
    message: `正在运行的服务没有应答（${what}）。`,
    remedy: '请查看 `npm start` 是否仍在运行。',
  }),
  configBroken: (message, remedy) => ({ message: `配置不可用：${message}`, remedy }),
  unknownShop: (shop, shops) => ({ message: `配置中没有商店“${shop}”；现有：${list(shops)}。` }),
  unknownTarget: (target, targets) => ({ message: `配置中没有目标“${target}”；现有：${list(targets)}。` }),
  notRouted: (shop, target) => ({
    message: `商店“${shop}”的订单不发往目标“${target}”。`,
    remedy: '请在 sync.config.json 中把它加入该商店的 targets，并把 "order" 加入该目标的 kinds。',
  }),
  noShopSecret: (shop, flags) => ({
    message: `商店“${shop}”的签名密钥尚未放入。`,
    remedy: `npm run sync -- secret put shop/${shop}/webhook --new${flags}`,
  }),
  fileUnreadable: (path) => ({ message: `无法读取 ${path}。` }),
  notJson: (path, place) => ({
    message: `${path} 不是 JSON${place === undefined ? '' : `（${place}）`}。`,
    remedy: '请用会标出 JSON 错误的编辑器打开它。',
  }),
  notAnOrder: (path) => ({
    message: `${path} 既不是 webhook 事件，也不是订单快照。`,
    remedy: '请与 docs/guides/order.json 对照；各字段的说明见 docs/contracts/webhook-v1.md。',
  }),
  usage: {
    'commander.unknownCommand': (name) => `没有命令“${name}”。`,
    'commander.unknownOption': (name) => `没有选项 ${name}。`,
    'commander.missingArgument': (name) => `缺少参数 <${name}>。`,
    'commander.optionMissingArgument': (name) => `选项 ${name} 缺少值。`,
    'commander.excessArguments': () => '参数多于该命令所需。',
    didYouMean: (name) => `是否想输入 ${name}？`,
    help: '用 --help 查看用法。',
    unknownStage: (stage, stages) => ({ message: `没有阶段“${stage}”；现有：${list(stages)}。` }),
    onlyWithStage: (flag) => ({ message: `${flag} 只能与 --stage 同用：不带它时指本机正在运行的服务。` }),
    dataIsLocal: { message: '--data 属于本机运行的服务；AWS 中的阶段没有数据目录。' },
    badOption: (flag, choices) => ({
      message: choices ? `${flag} 只能是：${list(choices)}。` : `${flag} 的值不合适。`,
    }),
    whichShop: (shops) => ({ message: `请用 --shop 指定商店：${list(shops)}。` }),
    cancelNeedsReason: { message: '请用 --reason 说明原因；顾客可见。' },
    whichOrder: (text, references) => ({
      message: `有多个订单的编号是 ${text}；请用参考号指定：${list(references)}。`,
    }),
    whichTarget: (reference, targets) => ({
      message: `多个目标都有 ${reference}；请用 --target 指定：${list(targets)}。`,
    }),
    onlyDryRun: (flag) => ({ message: `${flag} 只能与 --dry-run 同用：事件会投递到商店的所有目标。` }),
    onlyForShops: (flag) => ({ message: `${flag} 只用于商店的密钥。` }),
    referencesOrAll: { message: '请给出参考号，或使用 --all-parked --reason <code>。' },
    allNeedsReason: { message: '--all-parked 需要 --reason <code>；用 `parked` 查看原因代码。' },
    reasonNeedsAll: { message: '--reason 只能与 --all-parked 同用。' },
    wasIsForOne: {
      message: '--was 说明的是您在 ERP 中看到的某一张单据，因此要给出参考号，不能用 --all-parked。',
    },
    initNeedsYes: { message: '没有终端，无法提问：请使用 --yes，并以选项给出答案。' },
    needs: (flag) => ({ message: `这里需要 ${flag}。` }),
    notOfAdapter: (flag, adapter) => ({ message: `${flag} 不用于适配器 ${adapter}。` }),
  },
  init: {
    describe: '生成初始的 sync.config.json',
    yes: '不提问，使用选项和常用答案',
    force: '覆盖已有的 sync.config.json',
    shop: '商店 id：最多 4 个字母或数字',
    timeZone: '商店的时区（默认 Asia/Shanghai）',
    adapter:
      'rest（任何提供 HTTP/JSON 接口的 ERP）、odoo，或 webhook（任何能接收签名事件的系统）（默认 rest）',
    target: '目标名称（默认 erp、odoo 或 desk）',
    baseUrl: 'ERP 接口地址、Odoo 网页端地址，或接收事件的地址',
    path: '订单接口的路径（默认 /orders）',
    auth: 'none、basic、bearer 或 apiKey（默认 bearer）',
    idempotency: 'none、unique-reference、upsert 或 request-key（默认 none）',
    database: 'Odoo 的数据库',
    login: 'Odoo 中 API 密钥所属的用户',
    kinds: 'webhook：接收哪些种类，以逗号分隔（默认 order,return,ticket）',
    config: '写入的目录（默认当前目录）',
    questions: {
      shop: '商店 id，最多 4 个字母或数字：',
      timeZone: '商店的时区：',
      adapter: 'ERP 是哪一种',
      target: '目标名称：',
      baseUrl: 'ERP 接口地址：',
      path: '订单接口的路径：',
      auth: 'ERP 的认证方式',
      idempotency: '该 ERP 如何避免重复创建',
      url: 'Odoo 网页端地址：',
      database: '它的数据库：',
      login: '同步用户的登录名：',
      webhookUrl: '接收事件的地址：',
      kinds: (kinds) => `接收哪些种类（${kinds.join('、')}）：`,
    },
    stopped: { message: '没有写入任何内容。' },
    exists: (file) => ({
      message: `${file} 已存在，保持原样。`,
      remedy: '用 --force 覆盖，或用 --config <dir> 指定其他目录。',
    }),
    wrong: (field, message) => ({ message: `没有写入任何内容：${field} ${message}。` }),
    written: (file) => `已写入 ${file}`,
    next: (shop, target, dir) => [
      '把 sync.config.json 中的 operations.place 和 operations.find 改成您的 ERP 的接口，把 mappings/order.jsonata 改成它的字段。',
      '并在其中描述 amend 和 cancel：否则修改和取消会被搁置。',
      `npm run sync -- send docs/guides/order.json --dry-run --config ${dir} 可查看订单会变成怎样的请求；不会发送任何内容。`,
      `npm start -- --config ${dir}`,
      `npm run sync -- secret put shop/${shop}/webhook --new`,
      ...(target === undefined ? [] : [`npm run sync -- secret put target/${target}/erp < credentials.json`]),
      'npm run sync -- doctor',
    ],
    nextOdoo: (shop, target, dir) => [
      '在 Odoo 中：为同步桥建一个带 API 密钥的用户，商店的每个 SKU 作为产品的“内部参考”，并为各项费用建服务类产品（SHIPPING、FEE、DISCOUNT）：docs/guides/erp-odoo.zh-CN.md。',
      `npm start -- --config ${dir}`,
      `npm run sync -- connect ${shop}；手边没有商店时：npm run sync -- secret put shop/${shop}/webhook --new`,
      `echo '{"key": "<API 密钥>"}' | npm run sync -- secret put target/${target}/erp`,
      `npm run sync -- probe ${target} 会指出 Odoo 中还缺什么。`,
      'npm run sync -- send docs/guides/order.json --dry-run 可查看订单会变成哪些调用；去掉 --dry-run 即发送。',
    ],
    nextWebhook: (shop, target, dir) => [
      '让接收方校验每条消息，并为每个参考号只保留一张单据：docs/guides/webhook-target.zh-CN.md 中有可直接使用的流程。',
      `npm start -- --config ${dir}`,
      `npm run sync -- connect ${shop}；手边没有商店时：npm run sync -- secret put shop/${shop}/webhook --new`,
      `npm run sync -- secret put target/${target}/erp --new 生成双方签名所用的密钥。`,
      `npm run sync -- probe ${target} 会说明接收方是否接受签名正确的消息并拒绝其余。`,
    ],
  },
  doctor: {
    describe: '检查配置、密钥、时钟、ERP 和队列，并给出处理办法',
    checks: {
      config: '配置',
      mapping: '映射',
      running: '服务',
      table: '台账',
      secret: '密钥',
      shop: '商店',
      erp: 'ERP',
      clock: '时钟',
      queue: '队列',
      'dead-letters': '死信',
      gate: '闸门',
    },
    marks: { ok: '正常', warning: '注意', wrong: '有误' },
    healthy: '一切正常。',
    sick: '存在问题。',
    running: '正在运行',
    configOk: '有效',
    mappingOk: '所有表达式均可编译',
    mappingRemedy: '请更正该表达式；语言为 JSONata。',
    unreachable: (what) => ({
      message: `无法连接（${what}）`,
      remedy: '请查看 `npm start` 是否仍在运行；若在运行，请重新启动。',
    }),
    tableOk: '数据表有应答',
    shopOk: ({ platform, bridge, stock_mode: mode, relay }) =>
      `ECShop ${platform.version}，桥接 ${bridge.version}，捕获方式 ${bridge.capture}，库存扣减 ${mode}，待发 ${relay.pending}`,
    shopEpoch: (shop, theirs, ours) => ({
      message: `桥接的 epoch 为 ${theirs}，而允许提交的是 ${ours}`,
      remedy: `若该桥接是最新安装的：npm run sync -- connect ${shop}`,
    }),
    shopOld: (version, lacking) => ({
      message: `商店的桥接（${version}）比本服务旧：不支持 ${lacking.join('、')}`,
      remedy: '用本版本的 erpsync 文件夹覆盖商店中的；设置保留。',
    }),
    shopSetAside: (count) => ({
      message: `桥接因内容无效搁置了 ${count} 个事件`,
      remedy: '原因见 erpsync/setup.php，或运行：php erpsync/cli.php set-aside',
    }),
    shopClock: (seconds) => ({
      message: `商店的时钟比本机${seconds > 0 ? '快' : '慢'} ${Math.abs(seconds)} 秒`,
      remedy: '已测量并作补偿；仍请用 NTP 校准商店的时钟。',
    }),
    erpOk: '有应答，且不认识不存在的参考号',
    erpUnasked: '未查询：没有凭据',
    noLookUp: {
      message: '未查询：该目标没有 operations.find',
      remedy: '若 ERP 可查询，请描述 operations.find：否则没有应答的创建可能需要人工处理。',
    },
    findsTooMuch: {
      message: '它声称在不可能存在的参考号下有单据',
      remedy: '请更正 operations.find：查询必须包含 {reference}，documents 要给出每张单据的 reference。',
    },
    misconfigured: '请更正 sync.config.json 中该目标的地址、auth 和 operations。',
    clockOk: '与 ERP 一致',
    clockWrong: (seconds) => ({
      message: `ERP 的时钟比本机${seconds > 0 ? '快' : '慢'} ${Math.abs(seconds)} 秒`,
      remedy: '请用 NTP 校准本机时钟；若本机正确，请告知 ERP 的管理者。',
    }),
    queue: (waiting, inFlight) => ({ message: `等待 ${waiting}，处理中 ${inFlight}` }),
    noDeadLetters: '无',
    deadLetters: (count) => ({
      message: `有 ${count} 条消息被放到一旁`,
      remedy: '它们无法读取或始终没有结束：请查看日志，然后重新发送其订单（在商店中保存，或 replay）。',
    }),
    gate: (state, why, since) =>
      why === undefined
        ? { message: state }
        : {
            message: `${state}，自 ${since ?? '?'}：${why}`,
            remedy: isFailureClass(why) ? ZH_FAILURES[why] : '请等待：会自动重试。',
          },
  },
  probe: {
    describe: '向目标的 ERP 查询适配器所需的一切，并给出补救办法',
    checks: {
      server: '服务器',
      signature: '签名',
      version: '版本',
      database: '数据库',
      login: '登录',
      language: '语言',
      clock: '时钟',
      module: '模块',
      right: '权限',
      'look-up': '查询',
      lock: '锁定',
      company: '公司',
      warehouse: '仓库',
      pricelist: '价格表',
      paymentTerms: '付款条款',
      journal: '日记账',
      tax: '税',
      product: '产品',
      customer: '客户',
    },
  },
  dataMap: {
    describe: '各目标得到哪些个人信息（实际运行映射得出），以及本系统在哪里保存数据',
    field: '个人信息',
    notTaken: '—',
    disclosures: { full: '完整', partial: '部分', none: '无' },
    fields: {
      name: '姓名',
      login: '登录名',
      phone: '手机',
      email: '电子邮箱',
      district: '区县',
      street: '街道地址',
      zipcode: '邮政编码',
      birthday: '生日',
      invoiceTitle: '发票抬头',
      words: '本人所写内容',
      phoneInWords: '—— 其中的手机号',
      emailInWords: '—— 其中的邮箱',
      idNumberInWords: '—— 其中的身份证号',
    },
    where: '本系统的保存位置',
    ofPerson: '个人信息',
    days: '天数',
    forGood: '长期',
    stores: {
      row: ['台账行', '无：只有参考号、数量、单据号'],
      state: ['保存的状态', '其目标可见的内容'],
      request: ['保存的请求', '其目标可见的内容'],
      step: ['工单或退货的步骤', '备注、经办人'],
      queue: ['队列与死信队列', '完整内容，直到投递完成'],
      log: ['日志与指标', '无：只有参考号和代码'],
      tombstone: ['抹除记录与回执', '带密钥的哈希'],
    },
  },
  person: {
    group: '查看或抹除某个人的信息',
    describeExport: '以 JSON 列出保存的某个人的全部信息',
    describeErase: '抹除某个人；不带 --yes 时只说明会删除什么',
    describeReceipts: '已抹除的内容，以及保留的内容和原因',
    shop: '只限这个商店；默认：全部商店',
    yes: '确认抹除',
    nobodyMeant: {
      message: '这不是手机号、电子邮箱或会员编号。',
      remedy: '请给出完整的手机号、电子邮箱，或商店的会员编号。',
    },
    nothing: '没有保存此人的信息。使用 erase --yes 后，仍在途中的消息会以“已抹除”结束。',
    waiting: (seconds) => `从现在起不再接收此前的内容。等待已开始的投递结束（${seconds} 秒）……`,
    kind: '类型',
    kinds: { order: '订单', customer: '客户', return: '退货', ticket: '工单', parts: '备件申请' },
    of: { phone: '手机', email: '邮箱', user: '会员' },
    deadLetters: (count, unread) =>
      `被移到一旁且涉及此人的消息：${count} 条。${unread > 0 ? `另有 ${unread} 条无法查看。` : ''}`,
    others: (others) => `同样的内容还提到：${list(others)}。若是同一个人，请一并写上。`,
    stillOpen: (count) =>
      `其中 ${count} 个订单在商店中仍未完成。抹除后，其后续变更不会到达任何 ERP：请先完成或取消，或手工处理。`,
    sayYes: '尚未抹除任何内容。加 --yes 即永久抹除。商店本身不受影响：请先在商店中抹除此人。',
    receipt: '回执',
    at: '抹除时间',
    identifiers: '识别信息',
    things: '内容',
    states: '保存的状态',
    requests: '保存的请求',
    steps: '步骤中的备注和姓名',
    deadLettersRemoved: '被移到一旁的消息',
    kept: '保留的记录',
    why: '参考号、数量、金额和单据号，税务与会计法规要求保留',
    documentStates: { live: '有效', cancelled: '已取消', unknown: '可能存在' },
    inErps: '没有向任何 ERP 发送内容。请在 ERP 中按其自身的保存义务处理以下单据：',
    unread: (count) => `死信队列中有 ${count} 条消息无法查看。请重新投递或清空后，再抹除一次。`,
    noReceipts: '没有抹除过任何人。',
  },
  brake: {
    group: '需要人工确认才会写入的库存数',
    describeShow: '显示某个库存池被刹车拦下的内容',
    describeRelease: '放行：若情况没有明显变坏，下一次执行就写入',
    states: { tripped: '已拦下', released: '已放行，下一次执行时写入', passed: '上一次执行没有拦下任何内容' },
    never: (pool) => `库存池 ${pool} 的刹车从未拦下任何内容。`,
    counts: ({ changed, zeroed, of }) => `${of} 个 SKU 中有 ${changed} 个会改变，其中 ${zeroed} 个会变成 0。`,
    from: '现在',
    to: '将变成',
    more: (count) => `另有 ${count} 条，见 --json`,
    remedy: (pool) =>
      `请抽查几条并与 ERP 核对。若 ERP 有误，请先修正，下一次执行会重新计算；若无误：npm run sync -- brake release ${pool}`,
    released: (pool) => `已放行。库存池 ${pool} 的下一次执行会在一两分钟内写入。`,
    nothingHeld: (pool) => ({
      message: `库存池 ${pool} 的刹车没有拦下任何内容。`,
      remedy: '用 `npm run sync -- brake show` 查看；可能已经放行。',
    }),
    whichPool: (pools) =>
      pools.length === 0
        ? { message: '配置中没有库存池。', remedy: '请在 sync.config.json 的 "pools" 下添加。' }
        : { message: `请说明是哪个库存池：${list(pools)}。` },
  },
  drift: {
    describe: '显示商店、台账与 ERP 的差异（截至昨夜）',
    repair: '把有差异的重新投递；投递前先查询 ERP',
    release: '投递因新 epoch 或数据库恢复而被暂扣的内容',
    never: '尚未核对',
    compared: (orders, differences) =>
      differences === 0
        ? `核对 ${orders} 个订单，没有差异`
        : `核对 ${orders} 个订单，有 ${differences} 处差异`,
    states: {
      paused: {
        message: '已暂停：商店的计数器变小了，说明数据库被恢复过。',
        remedy: '请在桥接安装页开始新的 epoch，并重新连接该商店。',
      },
      holding: {
        message: '新的 epoch：与台账不同的内容不会自动投递。',
        remedy: '请检查各项差异；若以商店为准：npm run sync -- drift <商店> --release',
      },
    },
    day: '日期',
    inShop: '商店',
    seen: '台账已有',
    inErp: 'ERP 有效单据',
    difference: '差异',
    kinds: {
      'not-seen': '从未投递',
      'older-content': '投递之后又有修改',
      'not-in-shop': '商店中已不存在',
      'not-in-erp': 'ERP 中已不存在',
      'cancelled-in-erp': '仅在 ERP 中被取消',
      'live-in-erp': '仅在 ERP 中仍有效',
      amount: '金额不同',
      parked: '已搁置',
    },
    more: (count) => `另有 ${count} 条，见 --json`,
    remedy: (shop) => `重新投递：npm run sync -- drift ${shop} --repair`,
    repairing: (count) => `${count} 条将在一两分钟内重新投递；请留意 \`status\` 和 \`parked\`。`,
    postponed: (count, target) =>
      `已要求重新投递，${target} 的闸门放行后会自动投递：${count} 条。无需重复执行。`,
    released: (shop) => `已放行。${shop} 的差异将在一两分钟内投递；请留意 \`status\` 和 \`parked\`。`,
    nothingHeld: (shop) => ({
      message: `${shop} 没有被暂扣的内容。`,
      remedy: '用 `npm run sync -- drift` 查看；要重新投递差异请用 --repair。',
    }),
    nothingDiffers: (shop) => ({
      message: `${shop} 上次核对没有发现差异。`,
      remedy: '每晚以及每次新 epoch 之后都会核对。',
    }),
    noSweep: (shop) => ({
      message: `${shop} 不做巡查：其 sweepMinutes 为 0。`,
      remedy: '请在 sync.config.json 中设置，然后部署或重新启动。',
    }),
    whichShop: (shops) => ({ message: `请说明是哪个商店：${list(shops)}。` }),
  },
  run: {
    describe: '立即执行一次定时任务：stock <库存池>、shipments <目标>、aftersales <目标> 或 sweep <商店>',
    ends: {
      done: '完成',
      saved: '尚未执行完，下一次定时会接着执行',
      'not-due': '未到时间',
      busy: '另一次执行正在进行',
      waiting: '正在等待',
      failed: '失败',
    },
    unknownKind: (kinds) => ({ message: `请说明执行哪一种：${list(kinds)}。` }),
    none: {
      stock: { message: '配置中没有库存池。', remedy: '请在 sync.config.json 的 "pools" 下添加。' },
      shipments: {
        message: '配置中没有取回发货信息的目标。',
        remedy: '请在 sync.config.json 中为该目标添加 "shipments"。',
      },
      sweep: {
        message: '配置中没有定时核对的商店。',
        remedy: '请在 sync.config.json 中设置该商店的 "sweepMinutes"。',
      },
      aftersales: {
        message: '配置中没有取回工单与退货进度的目标。',
        remedy: '请在 sync.config.json 中为该目标添加 "aftersales"。',
      },
    },
    which: (kind, subjects) => ({
      message: `请指明哪一个，例如 \`run ${kind} ${subjects[0] ?? ''}\`：${list(subjects)}。`,
    }),
    brokeOff: (what) => ({
      message: `执行中断：${what}。`,
      remedy: '该函数的日志有更多信息；请报告此问题。',
    }),
    inAws: (command) => ({ message: '本工具不能调用 AWS 中的函数，请使用 AWS CLI：', remedy: command }),
  },
  newErp: {
    describe: '为另一种 ERP 生成适配器骨架及其一致性测试',
    into: '写入哪个检出目录（默认当前项目）',
    badName: (name) => ({
      message: `“${name}”不能用作适配器名称。`,
      remedy: '请使用小写字母、数字和连字符，例如 acme 或 acme-cloud。',
    }),
    exists: (file) => ({
      message: `${file} 已存在；没有写入任何内容。`,
      remedy: '请换一个名称，或移走现有文件。',
    }),
    notCheckout: (dir) => ({ message: `${dir} 不是本项目的检出目录。`, remedy: '请用 --into 指定。' }),
    next: (steps) => [
      `${steps.contract}：商家要配置的内容。`,
      `shared/contracts/config.ts、shared/adapters/erp/create-gateways.ts 与 describe-target.ts：为“${steps.name}”各加一行；然后 \`npm run contracts\`。`,
      `${steps.mapping}：单据、调用，以及如何读取应答。`,
      `${steps.errors}：该 ERP 的每种拒绝意味着什么。`,
      `${steps.run}：从 ERP 一侧看到的情形，可用替身或测试系统。`,
      `npx vitest run --project fast ${steps.run} 在全部完成之前为红色。`,
      'docs/guides/adding-an-erp.md 逐步说明。',
    ],
  },
  send: {
    describe: '像 bridge 一样签名订单并发送到 webhook',
    target: '与 --dry-run 同用：只看这个目标',
    dryRun: '不向任何地方发送；显示决定和确切的 ERP 请求',
    results: {
      accepted: '已接收',
      'not-subscribed': '未订阅：没有目标接收此类',
      invalid: '无效',
      retry: '未入队：请重新发送',
    },
    refused: (status, detail) => `webhook 拒绝了请求（HTTP ${status}）：${detail}`,
    noAnswer: (status) => ({
      message: `webhook 的应答无法读取（HTTP ${status}）。`,
      remedy: '请运行 doctor；`npm start` 的日志有更多信息。',
    }),
    emptyLedger: '这里没有正在运行的服务，因此按新订单规划。',
  },
  plan: {
    decision: '决定',
    before: '台账',
    failure: '问题',
    first: '首先',
    looksUp: '会先向 ERP 查询该单据；此处假定查询结果与台账一致',
    then: '上一步确认之后：',
    secret: '（取自密钥）',
    newEachTime: '（每次投递都不同）',
    actions: {
      place: '下单',
      amend: '修改',
      replace: '取消并重新下单',
      cancel: '取消',
      resend: '重发',
      hold: '暂缓',
      park: '搁置',
      wait: '等待',
      nothing: '无需操作',
    },
    becauses: {
      'not-in-erp': 'ERP 还没有它。',
      'cancelled-before': '它先前的单据已取消。',
      'step-missing': '创建过程还差一步。',
      unanswered: '先前的一次调用没有得到应答。',
      'content-differs': 'ERP 中的内容不同。',
      'cancelled-in-shop': '它已在商店中取消。',
      'deleted-in-shop': '它已在商店中删除。',
      'merged-in-shop': '它已并入另一张订单。',
      reason: '规则如此。',
      claimed: '另一个进程正在处理它。',
      unsettled: '先前的一次调用仍可能生效。',
      failure: '请求无法生成。',
      predecessor: '被合并的订单尚未处理完。',
      older: '已见过更新的版本。',
      erased: '相关个人信息已抹除。',
      returned: '它已退货；单据保持原样。',
      'same-content': 'ERP 已有此内容。',
      'nothing-to-cancel': '没有可取消的单据。',
      deleted: '商店中的记录已删除，但这不会撤销已发生的事。',
    },
  },
  status: {
    describe: '显示队列、台账、闸门和商店',
    visible: '等待',
    inFlight: '处理中',
    delayed: '延迟',
    deadLetters: '死信',
    oldestParked: '最早搁置',
    gate: '闸门',
    epoch: 'epoch',
    secrets: '有效密钥数',
    lastSweep: '上次巡查',
    sweeps: { paused: '已暂停', holding: '暂扣中' },
    differences: '差异数',
    noSecret: '（无密钥）',
    pool: '库存池',
    lastRun: '上次库存核对',
    figures: '数目',
    runs: { done: '完成', failed: '失败', braked: '被刹车拦下' },
    stockCounts: (counts) =>
      `核对 ${counts['examined'] ?? 0} 个，改变 ${counts['changed'] ?? 0} 个；ERP 中未知 ${counts['unknownInErp'] ?? 0} 个，商店中未知 ${counts['unknownInShop'] ?? 0} 个`,
    never: '从未',
  },
  find: {
    describe: '按订单号或参考号查找订单',
    nothing: (text) => `台账中没有“${text}”。`,
  },
  show: {
    describe: '显示订单在每个目标的完整经过',
    body: '同时打印保存的状态，其中有个人信息',
    shopState: '商店中',
    shopStateText: ({ state, payment, gone }) =>
      [
        ZH_ORDER_STATES[state] ?? state,
        ...(payment === undefined ? [] : [ZH_PAYMENTS[payment] ?? payment]),
        ...(gone ? ['已删除'] : []),
      ].join('，'),
    seen: '最新版本',
    applied: 'ERP 中的版本',
    unknown: '结果未知的写入',
    unknownText: (what, deadline) => `${what}，至 ${deadline} 没有应答`,
    unsettledUntil: '在此之前可能仍生效',
    claimedUntil: '占用至',
    wakeAt: '再次尝试',
    firstSeen: '首次收到',
    line: '行',
    ordered: '订购',
    sent: 'ERP 中',
    shipped: '已发货',
    when: '时间',
    what: '事件',
    version: 'seq',
  },
  writebacks: {
    heading: '回写',
    kinds: { shipment: '发货', cancel: '取消', progress: '进度' },
    statuses: { open: '进行中', done: '已完成', parked: '已搁置' },
    kind: '类型',
    tracking: '运单号',
    goods: '商品',
    serials: '序列号',
    step: '进度',
    happened: '发生时间',
    person: '处理人',
    parts: '配件',
    state: '状态',
    outOfOrder: '不合顺序：未改变状态',
    forTicket: '所属工单',
    partsRequest: '申请',
    recordedByHand: '已按人工处理结案',
    notNow: '正有工作进程在处理，请一分钟后重试。',
    noCommand: '没有可据以生成命令的内容。请手工处理，然后使用 --was placed。',
    noRehearsal: '回写无法预演：商店只有在收到请求时才知道会怎样。',
  },
  cancel: {
    describe: '在商店中取消订单，与后台操作相同',
    reason: '原因；顾客可见',
    refund: '把已付款退到会员余额；支付网关中的款项不受影响',
    queued: (no, shop) => `${no} 将在一分钟内于商店 ${shop} 取消；用 \`show ${no}\` 查看结果。`,
  },
  parked: {
    describe: '按原因列出需要人工处理的订单',
    reason: '只看这个原因',
    nothing: '没有被搁置的订单。',
    since: '已有',
  },
  replay: {
    describe: '把订单的最新已知状态再投递一次',
    dryRun: '不入队；显示会发生什么',
    was: '写入结果未知时，您在 ERP 中看到的情况；对回写：placed 表示已手工完成',
    allParked: '因 --reason 而搁置的全部订单',
    reason: '与 --all-parked 同用：`parked` 所示的原因代码',
    body: '与 --dry-run 同用：同时打印请求内容，其中有个人信息',
    results: { queued: '已入队', failed: '队列没有接收', 'too-large': '超过队列的大小限制' },
  },
  connect: {
    describe: '用桥接安装页显示的连接码连接一个商店',
    ask: '商店的连接码：',
    connected: (shop) => `${shop} 已连接。`,
    url: '桥接地址',
    testNow: '现在请在桥接安装页点击“测试”，或运行：php erpsync/cli.php test',
    empty: {
      message: '没有给出连接码。',
      remedy: '请粘贴 erpsync/setup.php 显示的连接码，或通过管道输入。',
    },
    malformed: {
      message: '未保存：这不是连接码。',
      remedy: '请从 erpsync/setup.php 复制完整的连接码，或运行：php erpsync/cli.php connect-code',
    },
    badUrl: {
      message: '未保存：该连接码中的桥接地址不是 https。',
      remedy: '请为商店配置证书，并以其 https 地址重新安装桥接。',
    },
    oldEpoch: (epoch) => ({
      message: `未保存：商店在 epoch ${epoch} 之后已有更新。`,
      remedy: '请使用最新安装的连接码；若该安装才是正确的，请在那里开始新的 epoch。',
    }),
  },
  secret: {
    group: '放入密钥，查看有哪些密钥',
    describePut: '保存从标准输入读取的密钥：shop/<id>/webhook 或 target/<name>/erp',
    describeList: '显示有哪些密钥，绝不显示其值',
    new: '为商店或目标生成新的签名密钥；之前的一个同时保持有效',
    epochOption: '商店：追加一个 epoch，此后只有它可以发送',
    put: (name) => `已保存 ${name}`,
    once: '仅显示这一次。请填入商店的 bridge。',
    onceTarget: '仅显示这一次。接收方用 "signing" 校验消息，用 "callback" 为进度签名。',
    states: {
      put: '已放入',
      missing: '缺失',
      incomplete: '不完整',
      malformed: '格式有误',
      'not-needed': '不需要',
    },
    about: secretAbout(
      (names) => `缺少：${names}`,
      (count, epoch) => `${count} 个有效，epoch ${epoch}`,
    ),
    putIt: en.secret.putIt,
    unknown: (name, names) => ({ message: `没有密钥“${name}”；现有：${list(names)}。` }),
    epochKnown: (epoch) => ({ message: `该商店已有过 epoch ${epoch}。` }),
    epochFirst: {
      message: '还没有可追加 epoch 的密钥。',
      remedy: '请在 --epoch 之外加上 --new，或放入 bridge 显示的密钥。',
    },
    noEpoch: {
      message: '首个密钥需要 epoch。',
      remedy: '请按 bridge 所示给出 {"secrets": ["whsec_…"], "epochs": ["…"]}。',
    },
    incomplete: (name, missing) => ({
      message: `没有保存：${name} 缺少 ${list(missing)}。`,
      remedy: `请在一个对象中给出该目标所需的全部内容，例如 ${example(missing)}。`,
    }),
    empty: {
      shop: { message: '标准输入中没有密钥。', remedy: '请用管道传入，或用 --new 生成。' },
      target: { message: '标准输入中没有密钥。', remedy: '请用管道传入 JSON 凭据，例如 {"token": "…"}。' },
    },
    malformed: {
      shop: (fields) => ({
        message: `没有保存：这不是商店的密钥${fields.length > 0 ? `（${list(fields)}）` : ''}。`,
        remedy: '请只给出 whsec_…，或 {"secrets": ["whsec_…"], "epochs": ["…"]}。',
      }),
      target: (fields) => ({
        message: `没有保存：这不是目标的密钥${fields.length > 0 ? `（${list(fields)}）` : ''}。`,
        remedy: '请给出值为文本的 JSON 对象，例如 {"token": "…"}。',
      }),
      webhookKeys: (names) => ({
        message: `没有保存：${list(names)} 必须是 whsec_…，或以空格分隔的两个。`,
        remedy: '请用 --new 生成。',
      }),
    },
  },
}

const ZH_ORDER_STATES: Readonly<Record<string, string>> = {
  placed: '已下单',
  confirmed: '已确认',
  cancelled: '已取消',
  void: '无效',
  returned: '已退货',
}
const ZH_PAYMENTS: Readonly<Record<string, string>> = { unpaid: '未付款', paying: '付款中', paid: '已付款' }

const ALL: Readonly<Record<Language, Texts>> = { en, zh }

export const textsOf = (language: Language): Texts => ALL[language]
