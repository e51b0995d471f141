import type { Log } from '#ports/runtime.ts'

/** Keeps what was logged. */
export class RecordedLog implements Log {
  readonly lines: { level: string; code: string; message: string; fields: Record<string, unknown> }[] = []

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
