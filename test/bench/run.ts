import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Table from 'cli-table3'
import { BenchCloud } from './bench-cloud.ts'
import { checkout } from './checkout.ts'
import { deliveries } from './deliveries.ts'
import type { Figure, Summary } from './figures.ts'
import { imports } from './imports.ts'
import { longOrder } from './long-order.ts'
import { odoo, planOf } from './odoo.ts'
import { stock } from './stock.ts'
import { webhook } from './webhook.ts'

// Measures on loopback, in emulators; see docs/benchmarks.md. It fails when a run was not correct, never when it was slow.
// `npm run bench -- checkout` measures that alone; `npm run bench -- stock` takes some minutes, `npm run bench -- odoo …` an
// Odoo of yours.

const LONGEST_MS = 600_000
const REPORTS = fileURLToPath(new URL('../../reports', import.meta.url))

/** The webhook is last: what it leaves in a queue nobody takes would never let the others end. */
const measurements = { checkout, imports, 'long order': longOrder, deliveries, webhook }

const wanted = process.argv.slice(2)
const onOdoo = wanted[0] === 'odoo'
const onStock = wanted[0] === 'stock'
const unknown = onOdoo || onStock ? [] : wanted.filter((name) => !(name in measurements))
if (unknown.length > 0) throw new Error(`no such measurement: ${unknown.join(', ')}`)

async function measure(bench: BenchCloud): Promise<Record<string, Figure[]>> {
  const results: Record<string, Figure[]> = {}
  for (const [name, run] of Object.entries(measurements)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue
    console.log(`${name} …`)
    results[name] = await run(bench)
  }
  return results
}

const load = () =>
  loadavg()
    .map((value) => value.toFixed(1))
    .join(' ')

const machineNow = () => ({
  cores: availableParallelism(),
  cpu: cpus()[0]?.model ?? 'unknown',
  node: process.version,
  platform: `${process.platform} ${process.arch}`,
  loadBefore: load(),
})

async function main(): Promise<void> {
  const startedAt = new Date()
  const machine = machineNow()
  const bench = await BenchCloud.start()
  const abort = (why: string) => {
    console.error(why)
    void bench.stop().finally(() => process.exit(1))
  }
  const left = LONGEST_MS - (Date.now() - startedAt.getTime())
  const timer = setTimeout(() => abort(`Not done after ${LONGEST_MS / 1000} s.`), left)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => abort(signal))
  try {
    report('bench.json', startedAt, machine, await measure(bench))
  } finally {
    clearTimeout(timer)
    await bench.stop()
  }
}

async function mainOnOdoo(): Promise<void> {
  const startedAt = new Date()
  const machine = machineNow()
  report('bench-odoo.json', startedAt, machine, { odoo: await odoo(planOf(wanted.slice(1))) })
}

async function mainOnStock(): Promise<void> {
  const startedAt = new Date()
  const machine = machineNow()
  report('bench-stock.json', startedAt, machine, { stock: await stock() })
}

function report(file: string, startedAt: Date, machine: object, results: Record<string, Figure[]>): void {
  const said = {
    startedAt: startedAt.toISOString(),
    seconds: Math.round((Date.now() - startedAt.getTime()) / 1000),
    machine: { ...machine, loadAfter: load() },
    results,
  }
  mkdirSync(REPORTS, { recursive: true })
  writeFileSync(join(REPORTS, file), `${JSON.stringify(said, undefined, 2)}\n`)
  print(said)
}

function print({
  machine,
  seconds,
  results,
}: {
  machine: object
  seconds: number
  results: Record<string, Figure[]>
}) {
  const table = new Table({
    head: ['', 'what', 'unit', 'median', 'min – max', 'rounds', 'ratio to', 'median', 'min – max'],
    style: { head: [], border: [], compact: true },
  })
  for (const [measurement, figures] of Object.entries(results)) {
    for (const { name, unit, value, ratio } of figures) {
      const other = ratio ? [ratio.to, short(ratio.median), range(ratio)] : ['', '', '']
      table.push([measurement, name, unit, short(value.median), range(value), value.rounds, ...other])
    }
  }
  console.log(table.toString())
  console.log(`${JSON.stringify(machine)}, ${seconds} s`)
  if (!onOdoo)
    console.log('On loopback, in emulators: ratios compare, the numbers themselves say nothing about Lambda.')
}

const range = ({ min, max, rounds }: Summary) => (rounds > 1 ? `${short(min)} – ${short(max)}` : '')

/** Two digits that count, or three from one on. */
const short = (value: number) =>
  value >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(value >= 1 ? 3 : 2)))

await (onOdoo ? mainOnOdoo() : onStock ? mainOnStock() : main())
