import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { MappingProblem } from '#ports/erp-target.ts'
import { compileExpression } from './expression.ts'

/** Why a mapping file beside the configuration cannot be used. */
export function mappingFileProblem(file: string, configDir: string): MappingProblem | undefined {
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
