import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

const subproject = fileURLToPath(new URL('../php-versions', import.meta.url))

export const bridge = fileURLToPath(new URL('../..', import.meta.url))

/** Fetches the PHPs that are not the machine's, from their own lock file. */
export function installPhpVersions(): void {
  if (existsSync(join(subproject, 'node_modules/@php-wasm/universal'))) return
  const { status, stderr } = spawnSync('npm', ['ci', '--ignore-scripts'], {
    cwd: subproject,
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`npm ci in bridge/ecshop/test/php-versions failed:\n${stderr}`)
}

export interface PhpProgram {
  /** The bridge's folder, as the program finds it. */
  readonly at: string
  /** What a program prints. Throws if it ends with an error. */
  run(code: string): Promise<string>
}

/** PHP of the machine; '5-2', '8-3' as WebAssembly, which reaches no database. */
export function phpProgram(version: 'machine' | '5-2' | '8-3'): PhpProgram {
  const isMachine = version === 'machine'
  const [command, args] = isMachine
    ? ['php', ['-d', 'display_errors=1', '-d', 'html_errors=0']]
    : [process.execPath, [join(subproject, 'run.mjs'), version, bridge]]
  return {
    at: isMachine ? bridge.replace(/\/$/, '') : '/bridge',
    async run(code) {
      const child = spawn(command, args, { cwd: subproject, stdio: 'pipe' })
      child.stdin
        .on('error', () => {})
        .end(`<?php error_reporting(-1); ini_set('html_errors', '0');\n${code}`)
      const [output, errors, [status]] = await Promise.all([
        text(child.stdout),
        text(child.stderr),
        once(child, 'exit'),
      ])
      if (status !== 0) throw new Error(`PHP ${version} ended with ${String(status)}:\n${output}\n${errors}`)
      return output
    },
  }
}
