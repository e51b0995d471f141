import { type StockReport, StockReportSchema } from '#contracts/stock-run.ts'
import type { Notes } from '#ports/notes.ts'

const nameOf = (pool: string): string => `stock-report:${pool}`

/** How the last run of the pool ended. */
export async function readStockReport(pool: string, notes: Notes): Promise<StockReport | undefined> {
  const note = await notes.read(nameOf(pool))
  return note && StockReportSchema.parse(JSON.parse(note.text))
}

export async function writeStockReport(pool: string, report: StockReport, notes: Notes): Promise<void> {
  const rev = (await notes.read(nameOf(pool)))?.rev ?? 0
  await notes.write(nameOf(pool), rev, JSON.stringify(report))
}
