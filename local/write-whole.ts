import { renameSync, writeFileSync } from 'node:fs'

/** Writes a file that only its owner reads: all of it or, if we die meanwhile, nothing. */
export function writeWhole(file: string, text: string): void {
  const next = `${file}.next`
  writeFileSync(next, text, { mode: 0o600 })
  renameSync(next, file)
}
