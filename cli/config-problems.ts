import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { compileExpression } from '#adapters/erp/rest/expression.ts'
import type { TargetConfig } from '#contracts/config.ts'
import { targetGateway } from './target-gateway.ts'

/** What of a target’s expressions and mapping files does not compile, as sentences naming the place. Nothing is sent. */
export async function configProblems(target: TargetConfig, configDir: string): Promise<string[]> {
  const files = await Promise.all(mappingFiles(target).map((name) => mappingProblem(name, configDir)))
  // Any build tells of the first broken expression before it does anything else.
  const gateway = targetGateway(target, configDir, {
    fetch: globalThis.fetch,
    clock: { now: () => 0 },
    ids: { next: () => '' },
  })
  const document = { id: '0', state: 'live', step: gateway.describe().steps[0] } as const
  const built = await gateway.cancel({ reference: 'EC-0-0', document, reason: '' })
  const broken = !built.ok && built.failure.class === 'Misconfigured' ? [built.failure.message] : []
  return [...new Set([...files.flatMap((problem) => problem ?? []), ...broken])]
}

function mappingFiles({ rest }: TargetConfig): string[] {
  const { place, steps, amend, cancel, find } = rest.operations
  const names = [place, ...steps, amend, cancel, find].flatMap((operation) => operation?.mapping ?? [])
  return [...new Set(names)].filter((name) => name !== 'default' && name !== 'none')
}

async function mappingProblem(name: string, configDir: string): Promise<string | undefined> {
  let text: string
  try {
    text = await readFile(join(configDir, name), 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : ''
    return `${name} cannot be read${code}`
  }
  const compiled = compileExpression(text.replace(/^\uFEFF/, ''), name)
  return compiled.ok ? undefined : compiled.problem
}
