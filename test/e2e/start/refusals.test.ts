import { once } from 'node:events'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { lock } from '../../../local/lock.ts'
import { freePorts, killGroup, npmStart, type StartOptions } from '../../support/npm-start.ts'

const demoConfig = join(import.meta.dirname, '../../../local/demo/config')

let dir: string
let configDir: string
let file: string

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'start-'))
  configDir = join(dir, 'config')
  file = join(configDir, 'sync.config.json')
  cpSync(demoConfig, configDir, { recursive: true })
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

/** All it said, and how it ended. */
async function refusal(args: readonly string[], options: StartOptions = {}) {
  const run = npmStart(['--data', join(dir, 'data'), ...args], { npm: false, ...options })
  onTestFinished(() => killGroup(run))
  const { code } = await run.exit
  return { code, said: run.lines }
}

function changeConfig(change: (text: string) => string) {
  writeFileSync(file, change(readFileSync(file, 'utf8')))
}

describe('npm start, in one sentence and with exit code 1,', () => {
  test('names the port that is in use and the flag that changes it', async () => {
    const [api = 0, erp = 0, shop = 0, desk = 0] = await freePorts(4)
    const server = createServer().listen(shop, '127.0.0.1')
    onTestFinished(() => void server.close())
    await once(server, 'listening')

    const ports = [
      '--api-port',
      `${api}`,
      '--erp-port',
      `${erp}`,
      '--shop-port',
      `${shop}`,
      '--desk-port',
      `${desk}`,
    ]
    expect(await refusal(ports)).toEqual({
      code: 1,
      said: [
        `Port ${shop} is in use by another program. Stop it, or choose another port: npm start -- --shop-port ${shop + 1}`,
      ],
    })
  })

  test('says that another one uses the folder', async () => {
    const release = lock(dir)
    onTestFinished(() => release?.())
    expect(await refusal(['--config', configDir, '--data', dir])).toEqual({
      code: 1,
      said: [`Another npm start uses ${dir}. Stop it, or keep this one apart: npm start -- --data <dir>`],
    })
  })

  test('says which configuration file is missing', async () => {
    rmSync(file)
    expect(await refusal(['--config', configDir])).toEqual({
      code: 1,
      said: [`There is no readable ${file}; name the folder that holds sync.config.json with --config.`],
    })
  })

  test('says which file is not JSON', async () => {
    changeConfig((text) => text.slice(0, -10))
    expect(await refusal(['--config', configDir])).toEqual({
      code: 1,
      said: [`${file} is not JSON; an editor that marks JSON errors shows where.`],
    })
  })

  test('says which field is wrong, in Chinese where the locale is', async () => {
    changeConfig((text) => text.replace('"targets": ["erp", "desk"]', '"targets": []'))
    expect(await refusal(['--config', configDir], { language: 'zh' })).toEqual({
      code: 1,
      said: [`${file} 无法使用：shops.demo.targets：数值过小：期望 array >=1 项（另有 1 处）。`],
    })
  })

  test('says which mapping is missing', async () => {
    rmSync(join(configDir, 'mappings'), { recursive: true })
    expect(await refusal(['--config', configDir])).toEqual({
      code: 1,
      said: [
        `The target "erp" names the mapping ${join(configDir, 'mappings/order.jsonata')}, and there is no such file.`,
      ],
    })
  })

  test('says where a mapping cannot be read', async () => {
    writeFileSync(join(configDir, 'mappings/order.jsonata'), '{\n  "order_id": reference,,\n}')
    const { code, said } = await refusal(['--config', configDir])
    expect(code).toBe(1)
    expect(said).toHaveLength(1)
    expect(said[0]).toMatch(
      /^A mapping of the target "erp" cannot be used: mappings\/order\.jsonata, line 2, at ","/,
    )
  })

  test('names an option there is not', async () => {
    expect(await refusal(['--onse'])).toEqual({
      code: 1,
      said: ['There is no option --onse. See: npm start -- --help'],
    })
  })
})
