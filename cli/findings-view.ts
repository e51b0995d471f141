import type { Cli } from './command.ts'
import type { Result } from './context.ts'
import { type Texts, textsOf } from './texts.ts'
import type { Told } from './told.ts'

/** One thing that was looked at. */
export interface Finding {
  readonly check: string
  /** What it was, for a person. */
  readonly label: (t: Texts) => string
  /** The target, shop, secret, file or record it is about. */
  readonly about?: string
  readonly is: 'ok' | 'warning' | 'wrong'
  readonly say: (t: Texts) => Told
}

/** A line each, then the remedies; the exit code says whether anything is wrong. */
export function showFindings(findings: readonly Finding[], { t, format }: Cli): Result {
  const wrong = findings.some(({ is }) => is === 'wrong')
  const marks = {
    ok: format.colors.green(t.doctor.marks.ok),
    warning: format.colors.yellow(t.doctor.marks.warning),
    wrong: format.colors.red(t.doctor.marks.wrong),
  }
  const lines = findings.map(({ is, label, about, say }) => [marks[is], label(t), about, say(t).message])
  const remedies = findings.flatMap(({ label, about, say }) => {
    const { remedy } = say(t)
    return remedy === undefined ? [] : [`${label(t)} ${about ?? ''}: ${remedy}`.replace(' :', ':')]
  })
  return {
    json: { healthy: !wrong, findings: findings.map(inEnglish) },
    text: [
      format.table([], lines),
      ...(remedies.length > 0
        ? [`${t.words.remedy}\n${remedies.map((remedy) => `  ${remedy}`).join('\n')}`]
        : []),
      wrong ? t.doctor.sick : t.doctor.healthy,
    ].join('\n\n'),
    exit: wrong ? 1 : 0,
  }
}

function inEnglish({ check, about, is, say }: Finding) {
  return { check, ...(about === undefined ? {} : { about }), is, ...say(textsOf('en')) }
}
