import type { GateReport } from './gate.ts'

/** What a batch holds of a gate while it runs: counts its tokens and collects its reports until it leaves, once. */
export function createPermit(
  slots: number,
  tokens: number,
  leave: (reports: readonly GateReport[], unusedTokens: number) => Promise<void>,
) {
  let unused = tokens
  let left: Promise<void> | undefined
  const reports: GateReport[] = []
  return {
    slots,
    take(): boolean {
      if (unused === 0) return false
      unused -= 1
      return true
    },
    report(failure: GateReport): void {
      reports.push(failure)
    },
    leave(): Promise<void> {
      left ??= leave(reports, unused)
      return left
    },
  }
}
