/** Milliseconds since the epoch. */
export interface Clock {
  now(): number
}

/** Unique tokens: claim owners, correlation ids. */
export interface Ids {
  next(): string
}

/** Uniform in [0, 1). */
export interface Random {
  next(): number
}

/** `code` is UPPER_SNAKE and stable; fields hold references and numbers, never people or bodies. */
export interface Log {
  info(code: string, message: string, fields?: Record<string, unknown>): void
  warn(code: string, message: string, fields?: Record<string, unknown>): void
  error(code: string, message: string, fields?: Record<string, unknown>): void
}
