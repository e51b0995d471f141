import type { Language } from '#runtime/language.ts'
import type { CloudErrorCode } from './cloud/cloud-error.ts'

interface Share {
  readonly right: number
  readonly of: number
}

/** As `tallyAfterSales` counts them. */
const AFTER_SALES = {
  customers: ['customers', '客户'],
  returns: ['returns', '退货'],
  returnSteps: ['steps of returns', '退货进度'],
  tickets: ['tickets', '工单'],
  ticketSteps: ['steps of tickets', '工单进度'],
  parts: ['requests for parts', '备件申请'],
} as const

interface AfterSale extends Share {
  readonly what: keyof typeof AFTER_SALES
}

const english = {
  help: `npm start                    the demo: a shop, an ERP and the bridge between them, on this machine
npm start -- --once          plays the story once and exits: 0 if nothing was lost or doubled
npm start -- --config <dir>  the bridge alone, with the configuration in <dir>

  --no-webhooks       the demo shop tells of nothing: what changed is only fetched
  --no-schedules      nothing is fetched: only what the demo shop tells arrives
  --data <dir>        where everything is kept (default: .local)
  --api-port <port>   port of the webhooks  (default: 4010)
  --erp-port <port>   port of the demo ERP  (default: 4020)
  --shop-port <port>  port of the demo shop (default: 4030)
  --desk-port <port>  port of the demo desk (default: 4040)`,
  seeHelp: 'See: npm start -- --help',
  unknownFlag: (flag: string) => `There is no option ${flag}.`,
  flagWithoutValue: (flag: string) => `${flag} needs a value.`,
  flagNotAPort: (flag: string) => `${flag} needs a port between 1 and 65535.`,
  demoOnly: (flag: string) => `${flag} is for the demo: leave it out, or --config.`,
  nothingLeft: 'Without webhooks and without schedules nothing would ever arrive: leave one of them.',

  configMissing: (file: string) =>
    `There is no readable ${file}; name the folder that holds sync.config.json with --config.`,
  configNotJson: (file: string) => `${file} is not JSON; an editor that marks JSON errors shows where.`,
  configInvalid: (file: string, field: string, message: string, more: number) =>
    `${file} is not usable: ${field}: ${message}${more > 0 ? ` (and ${more} more)` : ''}.`,
  mappingMissing: (file: string, target: string) =>
    `The target "${target}" names the mapping ${file}, and there is no such file.`,
  mappingBroken: (message: string, target: string) =>
    `A mapping of the target "${target}" cannot be used: ${message}`,
  portInUse: (port: number, flag: string, free: number) =>
    `Port ${port} is in use by another program. Stop it, or choose another port: npm start -- ${flag} ${free}`,
  dataInUse: (dir: string) =>
    `Another npm start uses ${dir}. Stop it, or keep this one apart: npm start -- --data <dir>`,
  dataOutdated: (dir: string) =>
    `The data in ${dir} was written by another version. Delete that folder, or choose another: npm start -- --data <dir>`,
  cannotStart: (code: CloudErrorCode, message: string) =>
    `The embedded cloud cannot start (${code}): ${message}`,
  notBuilt: (message: string) => `The functions could not be built: ${message}`,

  demoTitle:
    'ecshop-erp-sync: the demo. Shop, ERP, people and numbers are invented; the bridge between them is the real one.',
  ownTitle: (dir: string) => `ecshop-erp-sync on this machine, with the configuration in ${dir}.`,
  building: 'Building the functions and their stacks: this takes a moment, once.',
  ready: (seconds: string) => `Ready in ${seconds} s.`,
  stopHint: 'Ctrl-C stops it; the next npm start goes on where it was.',
  stopped: 'Stopped.',

  finishing: 'Finishing what was still open when it was stopped …',
  finished: (seconds: string) => `Nothing is open any more, after ${seconds} s.`,
  unfinished: (open: string) => `Still open, and left to go on by itself: ${open}`,

  story: 'The story',
  placedPaid: 'placed and paid',
  killed: (pids: string) =>
    `the ERP has just written it, and its answer never arrives: the worker was killed in mid-call (SIGKILL, pid ${pids})`,
  queueKeeps: 'its message is still in the queue and comes back within 30 s; the story goes on meanwhile',
  willHang: 'placed and paid; the ERP will write it and then say nothing',
  hung: 'the ERP has written it and hangs: for the bridge it is unknown whether the order exists',
  arrived: 'delivered',
  foundAgain: 'the bridge looked before writing again, and found it: not sent a second time',
  placedUnpaid: 'placed, not paid yet',
  held: 'held: the ERP gets it when it is paid',
  paid: 'paid',
  edited: 'edited in the shop: one piece more',
  amended: 'delivered: the ERP has changed its document',
  cancelled: 'cancelled in the shop',
  cancelledInErp: 'delivered: the ERP has cancelled its document',
  duplicate: 'sent twice more: the same bytes, and the same content under a new version',
  outOfOrder: 'edited, and the older state arrives after the newer one',
  unknownSku: (sku: string) => `placed and paid, with an item the ERP does not know: ${sku}`,
  parked: 'parked: it waits for a person, and holds up nobody',
  waiting: 'waiting for the message of the killed worker to come back …',
  withoutWebhooks: '(without webhooks: the sweep alone fetches what changed in the shop)',
  withoutSchedules: '(without schedules: webhooks alone, and nothing comes back from the ERP)',
  webhookLost: 'placed and paid, and its webhook gets lost: nobody tells the bridge',
  swept: 'delivered all the same: the sweep found it in the shop’s list of changes',
  shelfCounted: (warehouse: string, before: number, now: number) =>
    `counted anew in the ERP: ${now} instead of ${before} in warehouse ${warehouse}`,
  stockArrived: (before: number, now: number) => `in the shop: ${now} instead of ${before}`,
  partLeft: (tracking: string) => `one piece leaves the ERP’s warehouse in two parcels: ${tracking}`,
  restLeft: (tracking: string) => `the rest leaves: ${tracking}`,
  parcelsShown: (delivery: string) =>
    `in the shop’s order, with carrier and tracking numbers: delivery note ${delivery}`,
  registered: 'somebody who has been a guest so far registers, with the same phone number',
  customerKnown: (no: string) =>
    `a customer in the ERP (${no}), which is told who it may be the same as, and in the desk, with half the phone number`,
  sentBack: 'it comes back, and the shop’s people enter that',
  returnKnown: (no: string) =>
    `the return is in the ERP: ${no}; there it is received, inspected and refunded`,
  noted: (text: string) => `in the order’s log: ${text}`,
  asked: (order: string) => `somebody leaves a message about ${order}: the lamp gives no light`,
  ticketKnown: (no: string, serial: string, endsOn: string) =>
    `at the desk: ${no}, serial number ${serial}, under warranty until ${endsOn}`,
  replied: (text: string) => `in reply to the message: ${text}`,
  partsConfirmed: (sku: string, no: string) =>
    `spare part ${sku}: reserved in the ERP (${no}), and the desk knows`,
  partsRefused: (sku: string, why: string) => `spare part ${sku}: refused (${why}), and the desk knows`,
  partsLeft: (tracking: string) =>
    `the spare part leaves the ERP’s warehouse; the desk has its tracking number: ${tracking}`,
  openCustomer: (no: string) => `the customer ${no}`,
  openReturn: (no: string) => `the return of ${no}`,
  openTicket: (no: string) => `the ticket ${no}`,
  openParts: 'requests for spare parts',
  openAfterSales: 'customers, returns, tickets or their progress that are not where they belong',
  poisoned: 'from now on the ERP answers every stock figure with 0',
  brakeTripped: (changed: number, of: number) =>
    `the brake holds it: ${changed} of ${of} SKUs would change, none of them is written; an alarm is raised`,
  brakeReleased: 'the ERP is itself again, and a person releases the brake',
  brakePassed: 'the next run counts anew and passes',
  brakeFailed: 'the brake let zeros of a broken ERP into the shop',
  openBrake: 'the brake of the stock',
  openStock: (sku: string) => `the stock of ${sku}`,
  openShipment: (no: string) => `the shipment of ${no}`,
  openWayBack: 'stock or shipments that are not in the shop as the ERP has them',
  stuck: (open: string) => `Something did not come to its end in time. Open: ${open}`,
  openOutbox: (no: string, why: string) => `${no} not accepted by the webhook (${why})`,
  openRow: (no: string, state: string) => `${no} ${state}`,
  openQueue: 'messages in the queue',
  neverSeen: 'not seen by the bridge',
  storyTook: (seconds: string) => `Counted in the ERP after ${seconds} s:`,

  columns: ['order', 'the shop says', 'the ERP has', 'live documents', 'equal content'],
  shopWants: (amount: string) => `paid, ${amount}`,
  shopCancelled: 'cancelled',
  shopReturned: 'returned',
  shopUnpaid: 'not paid',
  erpNothing: 'nothing',
  erpDocument: (no: string, status: string) => `${no} ${status}`,
  erpStatus: {
    open: 'open',
    confirmed: 'confirmed',
    'partly-shipped': 'partly shipped',
    shipped: 'shipped',
    cancelled: 'cancelled',
  },
  parkedMark: (code: string) => `parked: ${code}`,
  yes: 'yes',
  no: 'no',
  notApplicable: '-',
  earlier: (orders: number, lost: number, doubled: number, parked: number) =>
    `Earlier orders (${orders}): lost ${lost}, doubled ${doubled}, parked ${parked}`,
  wayBack: (skus: Share, shipments: Share) =>
    `The way back: the stock of ${skus.right} of ${skus.of} SKUs is what the ERP has left, ${shipments.right} of ${shipments.of} shipments are in the shop’s orders`,
  afterSales: (shares: readonly AfterSale[]) =>
    `After the sale, there once and equal: ${shares.map(({ what, right, of }) => `${right} of ${of} ${AFTER_SALES[what][0]}`).join(', ')}`,
  verdict: (lost: number, doubled: number, parked: number) =>
    `lost ${lost}, doubled ${doubled}, parked ${parked}`,

  webhook: (shop: string) => `webhook of ${shop}`,
  demoShop: 'demo shop',
  demoErp: 'demo ERP',
  demoDesk: 'demo desk',
  configFolder: 'configuration',
  dataFolder: 'data and logs',
  reloads: 'a saved mapping counts from the next delivery',
  tryNext: 'Try next:',
  putSecrets: 'Nothing is taken or delivered before its secret is there. Put each from standard input:',
}

/** Everything `npm start` says. */
export type Texts = typeof english

const chinese: Texts = {
  help: `npm start                    演示：本机上的商店、ERP 以及二者之间的同步桥
npm start -- --once          只演示一遍后退出：没有丢失、没有重复则退出码为 0
npm start -- --config <目录>  只运行同步桥，使用 <目录> 中的配置

  --no-webhooks        演示商店不发通知：变更只靠定时抓取
  --no-schedules       不做定时抓取：只处理演示商店发来的通知
  --data <目录>        数据存放处（默认 .local）
  --api-port <端口>    Webhook 端口（默认 4010）
  --erp-port <端口>    演示 ERP 端口（默认 4020）
  --shop-port <端口>   演示商店端口（默认 4030）
  --desk-port <端口>   演示服务台端口（默认 4040）`,
  seeHelp: '用法见：npm start -- --help',
  unknownFlag: (flag) => `没有选项 ${flag}。`,
  flagWithoutValue: (flag) => `${flag} 需要一个值。`,
  flagNotAPort: (flag) => `${flag} 需要 1 到 65535 之间的端口号。`,
  demoOnly: (flag) => `${flag} 只用于演示：请去掉它，或去掉 --config。`,
  nothingLeft: '既无通知又无定时抓取，什么都不会到达：请保留其一。',

  configMissing: (file) => `无法读取 ${file}；请用 --config 指定 sync.config.json 所在的目录。`,
  configNotJson: (file) => `${file} 不是合法的 JSON；请用能标出 JSON 错误的编辑器打开。`,
  configInvalid: (file, field, message, more) =>
    `${file} 无法使用：${field}：${message}${more > 0 ? `（另有 ${more} 处）` : ''}。`,
  mappingMissing: (file, target) => `目标“${target}”引用的映射文件 ${file} 不存在。`,
  mappingBroken: (message, target) => `目标“${target}”的映射无法使用：${message}`,
  portInUse: (port, flag, free) =>
    `端口 ${port} 已被其他程序占用。请停止该程序，或换一个端口：npm start -- ${flag} ${free}`,
  dataInUse: (dir) => `另一个 npm start 正在使用 ${dir}。请先停止它，或另选目录：npm start -- --data <目录>`,
  dataOutdated: (dir) =>
    `${dir} 中的数据由另一版本写成。请删除该目录，或另选目录：npm start -- --data <目录>`,
  cannotStart: (code, message) => `内嵌云无法启动（${code}）：${message}`,
  notBuilt: (message) => `函数构建失败：${message}`,

  demoTitle: 'ecshop-erp-sync 演示：商店、ERP、人物和数字均为虚构，中间的同步桥是真实的。',
  ownTitle: (dir) => `ecshop-erp-sync 正在本机运行，配置目录：${dir}`,
  building: '正在构建函数和资源栈：只需一次，请稍候。',
  ready: (seconds) => `已就绪，用时 ${seconds} 秒。`,
  stopHint: '按 Ctrl-C 停止；下次 npm start 会从停下的地方继续。',
  stopped: '已停止。',

  finishing: '正在处理上次停止时尚未完成的部分……',
  finished: (seconds) => `全部处理完毕，用时 ${seconds} 秒。`,
  unfinished: (open) => `仍未完成，将自行继续：${open}`,

  story: '演示过程',
  placedPaid: '已下单并付款',
  killed: (pids) => `ERP 刚写入，应答永远收不到了：工作进程在调用途中被强制结束（SIGKILL，pid ${pids}）`,
  queueKeeps: '消息仍在队列中，30 秒内会重新出现；演示继续进行',
  willHang: '已下单并付款；ERP 写入之后将不再应答',
  hung: 'ERP 已写入但没有应答：同步桥无法得知订单是否存在',
  arrived: '已投递',
  foundAgain: '同步桥在重写之前先查询并找到了单据：没有再次发送',
  placedUnpaid: '已下单，尚未付款',
  held: '暂缓：付款后才进入 ERP',
  paid: '已付款',
  edited: '在商店中修改：多买一件',
  amended: '已投递：ERP 已修改其单据',
  cancelled: '在商店中取消',
  cancelledInErp: '已投递：ERP 已取消其单据',
  duplicate: '又发送了两次：一次字节完全相同，一次内容相同但版本更新',
  outOfOrder: '已修改，而较旧的状态在较新的状态之后才到达',
  unknownSku: (sku) => `已下单并付款，其中有 ERP 不认识的商品：${sku}`,
  parked: '搁置：等待人工处理，不影响其他订单',
  waiting: '等待被结束进程的消息重新出现……',
  withoutWebhooks: '（不发通知：商店的变更只由补漏扫描取回）',
  withoutSchedules: '（不做定时抓取：只有通知，ERP 的数据不会返回）',
  webhookLost: '已下单并付款，通知却丢失了：无人告知同步桥',
  swept: '仍已投递：补漏扫描在商店的变更清单中找到了它',
  shelfCounted: (warehouse, before, now) => `ERP 重新盘点：仓库 ${warehouse} 由 ${before} 改为 ${now}`,
  stockArrived: (before, now) => `商店库存：由 ${before} 改为 ${now}`,
  partLeft: (tracking) => `ERP 仓库先发一件，分两个包裹：${tracking}`,
  restLeft: (tracking) => `其余发出：${tracking}`,
  parcelsShown: (delivery) => `商店订单中已有承运商和运单号：发货单 ${delivery}`,
  registered: '一位一直以访客身份购买的人注册了，手机号相同',
  customerKnown: (no) => `已是 ERP 中的客户（${no}），ERP 得知可能与谁为同一人；服务台也有，手机号只见一半`,
  sentBack: '货物退回，商店管理员登记退货',
  returnKnown: (no) => `退货已在 ERP 中：${no}；在那里收货、验货、退款`,
  noted: (text) => `订单操作日志：${text}`,
  asked: (order) => `有人就 ${order} 留言：台灯不亮`,
  ticketKnown: (no, serial, endsOn) => `服务台：${no}，序列号 ${serial}，保修至 ${endsOn}`,
  replied: (text) => `留言的回复：${text}`,
  partsConfirmed: (sku, no) => `备件 ${sku}：ERP 已预留（${no}），服务台已知`,
  partsRefused: (sku, why) => `备件 ${sku}：被拒（${why}），服务台已知`,
  partsLeft: (tracking) => `备件从 ERP 仓库发出；服务台已有运单号：${tracking}`,
  openCustomer: (no) => `客户 ${no}`,
  openReturn: (no) => `${no} 的退货`,
  openTicket: (no) => `工单 ${no}`,
  openParts: '备件申请',
  openAfterSales: '客户、退货、工单或其进度不在应在之处',
  poisoned: '从现在起，ERP 对所有库存一律回答 0',
  brakeTripped: (changed, of) =>
    `刹车已拦住：${of} 个 SKU 中有 ${changed} 个将被改动，一个也没有写入，并发出告警`,
  brakeReleased: 'ERP 恢复正常，人工放开刹车',
  brakePassed: '下一轮重新计算并通过',
  brakeFailed: '刹车让故障 ERP 的零库存进入了商店',
  openBrake: '库存刹车',
  openStock: (sku) => `${sku} 的库存`,
  openShipment: (no) => `${no} 的发货`,
  openWayBack: '商店中的库存或发货与 ERP 不一致',
  stuck: (open) => `有订单未能按时完成。未完成：${open}`,
  openOutbox: (no, why) => `${no} 未被 Webhook 接收（${why}）`,
  openRow: (no, state) => `${no} ${state}`,
  openQueue: '队列中仍有消息',
  neverSeen: '同步桥尚未见到',
  storyTook: (seconds) => `${seconds} 秒后在 ERP 中清点：`,

  columns: ['订单', '商店', 'ERP', '有效单据数', '内容一致'],
  shopWants: (amount) => `已付款，${amount}`,
  shopCancelled: '已取消',
  shopReturned: '已退货',
  shopUnpaid: '未付款',
  erpNothing: '无',
  erpDocument: (no, status) => `${no} ${status}`,
  erpStatus: {
    open: '草稿',
    confirmed: '已确认',
    'partly-shipped': '部分发货',
    shipped: '已发货',
    cancelled: '已取消',
  },
  parkedMark: (code) => `搁置：${code}`,
  yes: '是',
  no: '否',
  notApplicable: '-',
  earlier: (orders, lost, doubled, parked) =>
    `此前的订单（${orders} 张）：丢失 ${lost}，重复 ${doubled}，搁置 ${parked}`,
  wayBack: (skus, shipments) =>
    `返回方向：${skus.of} 个 SKU 中 ${skus.right} 个的库存与 ERP 余量一致，${shipments.of} 次发货中 ${shipments.right} 次已在商店订单中`,
  afterSales: (shares) =>
    `售后，仅有一份且内容一致：${shares.map(({ what, right, of }) => `${AFTER_SALES[what][1]} ${right}/${of}`).join('，')}`,
  verdict: (lost, doubled, parked) => `丢失 ${lost}，重复 ${doubled}，搁置 ${parked}`,

  webhook: (shop) => `${shop} 的 Webhook`,
  demoShop: '演示商店',
  demoErp: '演示 ERP',
  demoDesk: '演示服务台',
  configFolder: '配置',
  dataFolder: '数据与日志',
  reloads: '保存映射文件后，从下一次投递起生效',
  tryNext: '接下来可以试试：',
  putSecrets: '放入密钥之前不会接收或投递任何内容。请从标准输入逐个放入：',
}

export const TEXTS: Readonly<Record<Language, Texts>> = { en: english, zh: chinese }
