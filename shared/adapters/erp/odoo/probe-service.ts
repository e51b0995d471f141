import * as z from 'zod'
import type { OdooTarget } from '#contracts/odoo-target.ts'
import type { ProbeFinding } from '#ports/erp-target.ts'
import type { Attempt } from './attempt.ts'
import { finding, unanswered } from './finding.ts'
import { IdSchema, search, TextSchema } from './records.ts'
import type { Session } from './session.ts'

const IdsSchema = z.array(z.object({ id: IdSchema }))

/** What tickets, returns and parts need, as far as the target is configured to take them. */
export async function serviceFindings(
  session: Session,
  { tickets, returns, parts }: OdooTarget,
  mayCredit: () => Promise<Attempt<boolean>>,
): Promise<ProbeFinding[]> {
  const asked = [
    ...(tickets ? [ticketFindings(session, tickets)] : []),
    ...(returns ? [returnFindings(session, returns, mayCredit)] : []),
    ...(parts ? [partsFindings(session, parts)] : []),
  ]
  return (await Promise.all(asked)).flat()
}

async function ticketFindings(
  session: Session,
  { project, stages }: NonNullable<OdooTarget['tickets']>,
): Promise<ProbeFinding[]> {
  const found = await session.read(search('project.project', [['name', '=', project]], ['id']), IdsSchema)
  if (!found.ok) {
    const lacks = found.failure.class === 'Misconfigured' || found.failure.class === 'NotFound'
    return [
      lacks
        ? finding(
            'module',
            'wrong',
            'project',
            ['it is not installed', 'Install the app Project, or take odoo.tickets out.'],
            ['未安装', '请安装“项目”应用，或去掉 odoo.tickets。'],
          )
        : unanswered('project', project, found.failure),
    ]
  }
  const [one, another] = found.value
  if (!one || another)
    return [
      finding(
        'project',
        'wrong',
        project,
        [
          one
            ? 'more than one project has this name'
            : 'there is no such project, or the user may not see it',
          'Correct odoo.tickets.project; give the user the right “Project: User”, and let all employees see the project.',
        ],
        [
          one ? '有多个项目叫此名称' : '没有此项目，或该用户看不到',
          '请更正 odoo.tickets.project；授予该用户“项目：用户”权限，并让所有员工可见该项目。',
        ],
      ),
    ]
  const read = await session.read(
    search('project.task.type', [['project_ids', 'in', [one.id]]], ['name']),
    z.array(z.object({ name: TextSchema })),
  )
  if (!read.ok) return [unanswered('stage', project, read.failure)]
  const names = new Set(read.value.map(({ name }) => name))
  const missing = Object.values(stages)
    .flat()
    .filter((name) => !names.has(name))
  return [
    finding('project', 'ok', project, ['it is there'], ['存在']),
    ...missing.map((name) =>
      finding(
        'stage',
        'wrong',
        name,
        [
          `no stage of “${project}” has this name: the step it stands for is never told to the shop`,
          'Correct odoo.tickets.stages; names are those in English (en_US).',
        ],
        [
          `“${project}”没有此阶段：它代表的进度不会告知商店`,
          '请更正 odoo.tickets.stages；名称取英文（en_US）形式。',
        ],
      ),
    ),
    await trackingFinding(session),
  ]
}

/** Without it only the stage that a task is in is known, not those it went through since it was looked at. */
async function trackingFinding(session: Session): Promise<ProbeFinding> {
  const read = await session.read(search('mail.tracking.value', [['id', '=', 0]], ['id']), IdsSchema)
  if (read.ok) return finding('right', 'ok', 'mail.tracking.value', ['read'], ['read'])
  if (read.failure.class !== 'AuthDenied') return unanswered('right', 'mail.tracking.value', read.failure)
  return finding(
    'right',
    'warning',
    'mail.tracking.value',
    [
      'the user may not read what was tracked: of two moves of a task between two looks only the last is told, and not who made it',
      'As an administrator, add an access right (Settings, Technical, Access Rights): mail.tracking.value, group “Project: User”, read.',
    ],
    [
      '该用户不能读取变更记录：两次查询之间的多次阶段变更只会告知最后一次，且不知是谁',
      '请以管理员身份添加访问权限（设置 → 技术 → 访问权限）：mail.tracking.value，组“项目：用户”，仅读取。',
    ],
  )
}

async function returnFindings(
  session: Session,
  { creditNotes, refundProduct }: NonNullable<OdooTarget['returns']>,
  mayCredit: () => Promise<Attempt<boolean>>,
): Promise<ProbeFinding[]> {
  if (creditNotes === 'none') return []
  const may = await mayCredit()
  if (!may.ok) return [unanswered('right', 'account.move', may.failure)]
  const right = may.value
    ? finding('right', 'ok', 'account.move', ['create'], ['create'])
    : finding(
        'right',
        'wrong',
        'account.move',
        [
          'the user may not make credit notes',
          'Give the user the right “Invoicing: Billing”, or set odoo.returns.creditNotes to "none".',
        ],
        ['该用户不能创建贷记单', '请授予“开票：开单”权限，或把 odoo.returns.creditNotes 设为 "none"。'],
      )
  if (refundProduct === undefined)
    return [
      right,
      finding(
        'product',
        'warning',
        'odoo.returns.refundProduct',
        [
          'money given back without goods is only noted on the order',
          'Name a product of the type “Service”.',
        ],
        ['没有货物的退款只会备注在订单上', '请指定一个类型为“服务”的产品。'],
      ),
    ]
  const read = await session.read(
    search('product.product', [['default_code', '=', refundProduct]], ['id']),
    IdsSchema,
  )
  if (!read.ok) return [right, unanswered('product', refundProduct, read.failure)]
  const [one, another] = read.value
  return [
    right,
    one && !another
      ? finding('product', 'ok', refundProduct, ['it is there'], ['存在'])
      : finding(
          'product',
          'wrong',
          refundProduct,
          [
            one
              ? 'more than one product has this Internal Reference'
              : 'no product has this Internal Reference',
            'Correct odoo.returns.refundProduct.',
          ],
          [
            one ? '有多个产品使用此内部参考' : '没有产品使用此内部参考',
            '请更正 odoo.returns.refundProduct。',
          ],
        ),
  ]
}

async function partsFindings(
  session: Session,
  { operation, warehouse }: NonNullable<OdooTarget['parts']>,
): Promise<ProbeFinding[]> {
  const read = await session.read(
    search(
      'stock.picking.type',
      [['name', '=', operation], ...(warehouse === undefined ? [] : [['warehouse_id.code', '=', warehouse]])],
      ['id'],
    ),
    IdsSchema,
  )
  if (!read.ok) return [unanswered('operation', operation, read.failure)]
  const [one, another] = read.value
  return [
    one && !another
      ? finding('operation', 'ok', operation, ['it is there'], ['存在'])
      : finding(
          'operation',
          'wrong',
          operation,
          [
            one ? 'more than one operation type has this name' : 'no operation type has this name',
            'Correct odoo.parts.operation, and name its warehouse in odoo.parts.warehouse.',
          ],
          [
            one ? '有多个作业类型叫此名称' : '没有此作业类型',
            '请更正 odoo.parts.operation，并在 odoo.parts.warehouse 中指定其仓库。',
          ],
        ),
  ]
}
