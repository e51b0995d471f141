import { execFile } from 'node:child_process'
import { cpSync, existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { aCli } from '../../support/cli.ts'

const CHECKOUT = join(import.meta.dirname, '../../..')
const run = promisify(execFile)

/** What the skeleton builds upon, where nothing of this checkout is touched. */
function aCheckout(dir: string): string {
  const copy = join(dir, 'checkout')
  for (const entry of ['shared', 'test', 'package.json', 'tsconfig.json', 'vitest.config.ts'])
    cpSync(join(CHECKOUT, entry), join(copy, entry), { recursive: true })
  symlinkSync(join(CHECKOUT, 'node_modules'), join(copy, 'node_modules'))
  return copy
}

const ReportSchema = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  testResults: z.array(
    z.object({
      assertionResults: z.array(
        z.object({ fullName: z.string(), status: z.string(), failureMessages: z.array(z.string()) }),
      ),
    }),
  ),
})

/** Its output, also where it fails. */
const outputOf = (cwd: string, tool: string, ...args: string[]) =>
  run(process.execPath, [join(CHECKOUT, 'node_modules', tool), ...args], {
    cwd,
    maxBuffer: 16_777_216,
  }).catch((error: unknown) => z.object({ stdout: z.string(), stderr: z.string() }).parse(error))

describe('new-erp', () => {
  it('writes a skeleton that compiles, whose conformance run is red and says what is to do', {
    timeout: 180_000,
  }, async () => {
    const cli = aCli()
    const copy = aCheckout(cli.dir)
    const made = await cli.run('new-erp acme-cloud --into checkout')
    expect(made.exit).toBe(0)
    expect(made.out).toContain('wrote shared/adapters/erp/acme-cloud/gateway.ts')
    expect(made.out).toContain('docs/guides/adding-an-erp.md')

    const runner = 'test/conformance/run-acme-cloud.test.ts'
    const only = { extends: './tsconfig.json', include: ['shared', runner] }
    writeFileSync(join(copy, 'tsconfig.only.json'), JSON.stringify(only))
    const compiled = await outputOf(copy, 'typescript/bin/tsc', '-p', 'tsconfig.only.json')
    expect(compiled).toEqual({ stdout: '', stderr: '' })

    await outputOf(
      copy,
      'vitest/vitest.mjs',
      'run',
      '--project=fast',
      '--reporter=json',
      '--outputFile=report.json',
      runner,
    )
    const report = ReportSchema.parse(JSON.parse(readFileSync(join(copy, 'report.json'), 'utf8')))
    const tests = report.testResults.flatMap(({ assertionResults }) => assertionResults)
    expect(report.numPassedTests).toBe(0)
    expect(tests.map(({ fullName }) => fullName)).toContain(
      'the ERP gateway for AcmeCloud a create makes one live document',
    )
    const saying = tests.filter(({ failureMessages }) =>
      /to do: (mapping\.ts|errors\.ts|run-acme-cloud\.test\.ts)/.test(failureMessages.join('\n')),
    )
    expect(saying).toHaveLength(tests.length)
  })

  it('writes over nothing', async () => {
    const cli = aCli()
    const copy = aCheckout(cli.dir)
    await cli.run('new-erp acme --into checkout')
    const mapping = join(copy, 'shared/adapters/erp/acme/mapping.ts')
    writeFileSync(mapping, 'mine')
    const again = await cli.run('new-erp acme --into checkout')
    expect(again).toMatchObject({ exit: 1, err: expect.stringContaining('exists already') })
    expect(readFileSync(mapping, 'utf8')).toBe('mine')
  })

  it.each(['Acme', 'acme_cloud', '../acme', '9acme', 'acme-'])('takes no name like %s', async (name) => {
    const cli = aCli()
    expect(await cli.run(['new-erp', name, '--into', '.'])).toMatchObject({ exit: 2 })
  })

  it('writes only into a checkout of this project', async () => {
    const cli = aCli()
    const made = await cli.run('new-erp acme --into .')
    expect(made).toMatchObject({ exit: 1, err: expect.stringContaining('is no checkout') })
    expect(existsSync(join(cli.dir, 'shared'))).toBe(false)
  })
})
