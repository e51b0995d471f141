import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RestTarget } from '#contracts/rest-target.ts'
import { compileExpression } from './expression.ts'

export interface MappingProblem {
  readonly file: string
  readonly is: 'unreadable' | 'broken'
  /** A sentence naming the file, and the line and token where it does not compile. */
  readonly problem: string
}

/** What of the mapping files a target names cannot be read or does not compile. Nothing is sent. */
export function mappingProblems({ operations }: RestTarget, configDir: string): MappingProblem[] {
  const { place, steps, amend, cancel, find } = operations
  const names = [place, ...steps, amend, cancel, find].flatMap((operation) => operation?.mapping ?? [])
  return [...new Set(names)]
    .filter((name) => name !== 'default' && name !== 'none')
    .flatMap((name) => problemOf(name, configDir) ?? [])
}

function problemOf(file: string, configDir: string): MappingProblem | undefined {
  let text: string
  try {
    text = readFileSync(join(configDir, file), 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : ''
    return { file, is: 'unreadable', problem: `${file} cannot be read${code}` }
  }
  const compiled = compileExpression(text.replace(/^\uFEFF/, ''), file)
  return compiled.ok ? undefined : { file, is: 'broken', problem: compiled.problem }
}
