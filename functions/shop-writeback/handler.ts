import { fifoHandler } from '#runtime/sqs.ts'
import { applyBatch } from './deps.ts'

export const handler = fifoHandler(applyBatch)
