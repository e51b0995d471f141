import * as z from 'zod'
import { appendLine, readLines } from './lines-file.ts'

export const ErpStepSchema = z.object({
  id: z.string(),
  of: z.enum(['ticket', 'return']),
  reference: z.string(),
  at: z.iso.datetime(),
  step: z.string(),
  person: z.string().optional(),
  note: z.string().optional(),
  fee: z.string().optional(),
})
export type ErpStep = z.infer<typeof ErpStepSchema>

/** How far the demo ERP has got with what came back, step by step. */
export class ErpProgress {
  readonly #steps: ErpStep[]
  readonly #file: string | undefined

  /** @param file they survive in it */
  constructor(file?: string) {
    this.#file = file
    this.#steps = readLines(file).map((line) => ErpStepSchema.parse(JSON.parse(line)))
  }

  steps(): readonly ErpStep[] {
    return this.#steps
  }

  add(step: Omit<ErpStep, 'id'>): ErpStep {
    const added = { id: `STEP-${FIRST_STEP + this.#steps.length}`, ...step }
    appendLine(this.#file, added)
    this.#steps.push(added)
    return added
  }
}

const FIRST_STEP = 1
