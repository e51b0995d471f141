import type { Log } from '#ports/runtime.ts'

export interface LogLine {
  readonly level: 'info' | 'warn' | 'error'
  readonly code: string
  readonly message: string
  readonly fields: Record<string, unknown>
}

/** Keeps what was logged. */
export class RecordingLog implements Log {
  readonly lines: LogLine[] = []

  info(code: string, message: string, fields: Record<string, unknown> = {}): void {
    this.lines.push({ level: 'info', code, message, fields })
  }

  warn(code: string, message: string, fields: Record<string, unknown> = {}): void {
    this.lines.push({ level: 'warn', code, message, fields })
  }

  error(code: string, message: string, fields: Record<string, unknown> = {}): void {
    this.lines.push({ level: 'error', code, message, fields })
  }
}
