import type { TargetConfig } from '#contracts/config.ts'
import type { Subject } from '#contracts/delivery-message.ts'
import type { Disclosure } from '#contracts/privacy.ts'
import type { DocumentKind } from '#contracts/scalars.ts'
import { disclosed } from '#domain/disclose.ts'
import { identityOf } from '#domain/identity.ts'
import { type SamplePerson, thingsOf } from '#domain/sample-person.ts'
import type { ErpGateways } from '#ports/erp-gateway.ts'
import { shortHash } from './content-hash.ts'
import { matterOf } from './matter.ts'

const SOMEBODY: SamplePerson = {
  login: 'jia_login',
  name: '贾样例',
  phone: '13900001234',
  email: 'jia@one.example',
  district: '甲样区',
  street: '甲样路 1 号',
  zipcode: '210001',
  birthday: '1980-01-02',
  invoiceTitle: '甲样发票抬头',
  words: '甲样的话',
}
const SOMEBODY_ELSE: SamplePerson = {
  login: 'yi_login',
  name: '易范本',
  phone: '13600005678',
  email: 'yi@two.example',
  district: '乙范区',
  street: '乙范街 2 号',
  zipcode: '510002',
  birthday: '1991-03-04',
  invoiceTitle: '乙范发票抬头',
  words: '乙范的话',
}
const ID_NUMBER = '110101199003077619'

/** What is looked for, each in a field of its own, or in words that somebody wrote. */
export const MAPPED_FIELDS = [
  'name',
  'login',
  'phone',
  'email',
  'district',
  'street',
  'zipcode',
  'birthday',
  'invoiceTitle',
  'words',
  'phoneInWords',
  'emailInWords',
  'idNumberInWords',
] as const
export type MappedField = (typeof MAPPED_FIELDS)[number]

/** Somebody who differs in one field only, and the value that is looked for. */
function differing(field: MappedField): { person: SamplePerson; value: string } {
  const inWords = (value: string) => ({ person: { ...SOMEBODY, words: `${SOMEBODY.words} ${value}` }, value })
  if (field === 'phoneInWords') return inWords(SOMEBODY_ELSE.phone)
  if (field === 'emailInWords') return inWords(SOMEBODY_ELSE.email)
  if (field === 'idNumberInWords') return inWords(ID_NUMBER)
  return { person: { ...SOMEBODY, [field]: SOMEBODY_ELSE[field] }, value: SOMEBODY_ELSE[field] }
}

export interface MappedKind {
  readonly kind: DocumentKind
  /** Undefined: the target cannot take this kind as it is configured. */
  readonly fields: Readonly<Record<MappedField, Disclosure>> | undefined
  /** What the mapping failed on. */
  readonly failure?: string
}

/**
 * What of a person leaves for a target, kind by kind. Found by building the very requests for somebody invented, and again with
 * one field changed: what the request shows of the change, left. `partial`: it changed, and does not have the value whole.
 */
export async function dataMap(
  target: Pick<TargetConfig, 'kinds' | 'privacy' | 'rules'>,
  gateways: ErpGateways,
): Promise<MappedKind[]> {
  const built = async (subject: Subject, kind: DocumentKind) => {
    const around = { purchases: [], parts: [] }
    const matter = matterOf(disclosed(subject, target.privacy), kind, gateways, target.rules, around)
    if (!matter?.thing) return undefined
    const { sourceId, reference } = identityOf(subject, shortHash)
    return matter.thing.place({ reference, identity: sourceId }, matter.gateway.describe().steps[0])
  }
  const mapped = async (kind: DocumentKind): Promise<MappedKind> => {
    const usual = await built(thingsOf('A1', SOMEBODY)[kind], kind)
    if (!usual) return { kind, fields: undefined }
    if (!usual.ok) return { kind, fields: undefined, failure: usual.failure.message }
    const before = textOf(usual.request)
    const entries = await Promise.all(
      MAPPED_FIELDS.map(async (field) => {
        const { person, value } = differing(field)
        const changed = await built(thingsOf('A1', person)[kind], kind)
        const after = changed?.ok ? textOf(changed.request) : before
        return [field, shows(before, after, value, field)] as const
      }),
    )
    return { kind, fields: Object.fromEntries(entries) as Record<MappedField, Disclosure> }
  }
  return Promise.all(target.kinds.map(mapped))
}

/** Without its idempotency key, which is another one for every change. */
const textOf = ({ content, bytes }: { content?: unknown; bytes: string }): string =>
  content === undefined ? bytes : JSON.stringify(content)

function shows(before: string, after: string, value: string, field: MappedField): Disclosure {
  if (after.includes(value)) return 'full'
  if (before === after) return 'none'
  // What stands for something taken out of a text says that there was something, and no more.
  return field.endsWith('InWords') && after.replaceAll(/[\s*]/g, '') === before.replaceAll(/[\s*]/g, '')
    ? 'none'
    : 'partial'
}
