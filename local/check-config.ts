import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { compileExpression } from '#adapters/erp/rest/expression.ts'
import { type SyncConfig, SyncConfigSchema, type TargetConfig } from '#contracts/config.ts'

export type ConfigProblem =
  | { readonly is: 'missing'; readonly file: string }
  | { readonly is: 'not-json'; readonly file: string }
  | {
      readonly is: 'invalid'
      readonly file: string
      readonly field: string
      readonly message: string
      readonly more: number
    }
  | { readonly is: 'mapping-missing'; readonly file: string; readonly target: string }
  | { readonly is: 'mapping-broken'; readonly message: string; readonly target: string }

export type CheckedConfig =
  | { readonly ok: true; readonly config: SyncConfig }
  | { readonly ok: false; readonly problem: ConfigProblem }

/** Everything that would otherwise show only at the first order: the file, its fields, the mappings it names. */
export function checkConfig(dir: string): CheckedConfig {
  const file = join(dir, 'sync.config.json')
  const text = read(file)
  if (text === undefined) return { ok: false, problem: { is: 'missing', file } }
  const json = parseJson(text)
  if (json === undefined) return { ok: false, problem: { is: 'not-json', file } }
  const parsed = SyncConfigSchema.safeParse(json)
  if (!parsed.success) {
    const [first, ...more] = parsed.error.issues
    const field = first?.path.join('.') || 'sync.config.json'
    const message = first?.message ?? ''
    return { ok: false, problem: { is: 'invalid', file, field, message, more: more.length } }
  }
  for (const [target, config] of Object.entries(parsed.data.targets)) {
    const problem = problemOfMappings(dir, target, config)
    if (problem) return { ok: false, problem }
  }
  return { ok: true, config: parsed.data }
}

function problemOfMappings(dir: string, target: string, { rest }: TargetConfig): ConfigProblem | undefined {
  const { place, steps, amend, cancel, find } = rest.operations
  const names = [place, ...steps, amend, cancel, find].flatMap((operation) => operation?.mapping ?? [])
  for (const name of new Set(names.filter((mapping) => mapping.endsWith('.jsonata')))) {
    const text = read(join(dir, name))
    if (text === undefined) return { is: 'mapping-missing', file: join(dir, name), target }
    const compiled = compileExpression(text.replace(/^\uFEFF/, ''), name)
    if (!compiled.ok) return { is: 'mapping-broken', message: compiled.problem, target }
  }
  return undefined
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

/** Undefined stands for "not JSON": no JSON text means it. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
