import { AsyncLocalStorage } from 'node:async_hooks'
import { Logger } from '@aws-lambda-powertools/logger'
import type { Log } from '#ports/runtime.ts'
import { withoutPeople } from './without-people.ts'

/** What every line of one request or record carries. */
export interface LogContext {
  readonly correlationId: string
}

const context = new AsyncLocalStorage<LogContext>()

/** Every line logged by `run`, and by whatever it awaits, carries this context; parallel records keep their own. */
export const inLogContext = <T>(fields: LogContext, run: () => T): T => context.run(fields, run)

/** Structured lines on standard output: code, message, correlation id and fields, without people. */
export function createLog(service: string): Log {
  const logger = new Logger({ serviceName: service })
  const write =
    (level: 'info' | 'warn' | 'error') =>
    (code: string, message: string, fields: Record<string, unknown> = {}): void =>
      logger[level](message, { ...withoutPeople(fields), ...context.getStore(), code })
  return { info: write('info'), warn: write('warn'), error: write('error') }
}
