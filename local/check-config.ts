import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describeTarget } from '#adapters/erp/describe-target.ts'
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

function problemOfMappings(dir: string, target: string, config: TargetConfig): ConfigProblem | undefined {
  const [first] = describeTarget(config).mappingProblems(dir)
  if (!first) return undefined
  return first.is === 'unreadable'
    ? { is: 'mapping-missing', file: join(dir, first.file), target }
    : { is: 'mapping-broken', message: first.problem, target }
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
