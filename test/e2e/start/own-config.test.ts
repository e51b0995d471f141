import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { freePorts, killGroup, leftOf, npmStart } from '../../support/npm-start.ts'

test('npm start -- --config runs the bridge alone, says which secrets it lacks, and stops on Ctrl-C', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'start-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  const config = join(dir, 'config')
  cpSync(join(import.meta.dirname, '../../../local/demo/config'), config, { recursive: true })
  const [port = 0] = await freePorts(1)
  const data = join(dir, 'data')

  const run = npmStart(['--config', config, '--data', data, '--api-port', `${port}`], { npm: false })
  onTestFinished(() => killGroup(run))
  await run.line(/^Ctrl-C stops it/)
  const url = `http://127.0.0.1:${port}/v1/shops/demo/events`
  expect(run.lines).toContain(`  webhook of demo: ${url}`)
  expect(run.lines.filter((line) => line.startsWith('  npm run sync'))).toEqual([
    `  npm run sync -- connect demo --data ${data}`,
    `  npm run sync -- secret put target/desk/erp --data ${data}`,
    `  npm run sync -- secret put target/erp/erp --data ${data}`,
  ])
  expect(run.lines.join('\n')).not.toContain('demo ERP')

  const answer = await fetch(url, { method: 'POST', body: '{}' })
  expect(await answer.json()).toMatchObject({ code: 'shop-not-ready' })

  killGroup(run, 'SIGINT')
  expect(await run.exit).toEqual({ code: 0, signal: null })
  expect(leftOf(run)).toEqual([])
})
