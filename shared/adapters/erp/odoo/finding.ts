import type { ErpFailure } from '#domain/erp-failure.ts'
import type { ProbeFinding } from '#ports/erp-target.ts'

/** A sentence and what to do about it; without the second there is nothing to do. */
export type Words = readonly [message: string, remedy?: string]

export const finding = (
  check: string,
  is: ProbeFinding['is'],
  about: string | undefined,
  en: Words,
  zh: Words,
): ProbeFinding => ({
  check,
  is,
  ...(about === undefined ? {} : { about }),
  en: told(en),
  zh: told(zh),
})

const told = ([message, remedy]: Words) => ({ message, ...(remedy === undefined ? {} : { remedy }) })

/** The look itself failed. */
export function unanswered(
  check: string,
  about: string | undefined,
  { class: kind, message }: ErpFailure,
): ProbeFinding {
  const sentence = `${kind}: ${message}`
  const [en, zh] =
    kind === 'AuthDenied'
      ? [
          'Give the user the rights that docs/guides/erp-odoo.md lists.',
          '请授予 docs/guides/erp-odoo.zh-CN.md 所列权限。',
        ]
      : kind === 'Misconfigured'
        ? ['Look at odoo.url and odoo.database.', '请检查 odoo.url 与 odoo.database。']
        : ['Try again; look whether Odoo answers from this machine.', '请重试，并检查本机能否访问 Odoo。']
  return finding(check, 'wrong', about, [sentence, en], [sentence, zh])
}
