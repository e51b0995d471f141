import { fifoHandler } from '#runtime/sqs.ts'
import { deliverBatch } from './deps.ts'

export const handler = fifoHandler(deliverBatch)
