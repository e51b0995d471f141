import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cruise } from '../support/arch.ts'

const project = fileURLToPath(new URL('../..', import.meta.url))

const lawful = {
  'shared/contracts/order.ts': `
    import * as z from 'zod'
    export const OrderSchema = z.object({})
    export type Order = z.infer<typeof OrderSchema>`,
  'shared/domain/decide.ts': `
    import type { Order } from '#contracts/order.ts'
    export const decide = (order: Order) => order`,
  'shared/adapters/http/send.ts': `export const send = 1`,
  'shared/adapters/erp/a/gateway.ts': `
    import { send } from '#adapters/http/send.ts'
    export const gateway = send`,
  'functions/take/env.ts': `export type Env = { STAGE: string }; export const env = 1`,
  'functions/take/handler.ts': `
    import { gateway } from '#adapters/erp/a/gateway.ts'
    export const handler = gateway`,
  'infra/app.ts': `
    import type { Env } from '../functions/take/env.ts'
    export const app: Env = { STAGE: 'x' }`,
  'local/start.ts': `
    import { handler } from '../functions/take/handler.ts'
    export const start = handler`,
  'test/start.test.ts': `
    import { start } from '../local/start.ts'
    export const tested = start`,
}

const forbidden: [what: string, file: string, code: string, rule: string][] = [
  [
    'a contract that imports the domain',
    'shared/contracts/a.ts',
    `import type { decide } from '../domain/decide.ts'`,
    'layer-shared-contracts',
  ],
  [
    'a contract that imports a library other than zod',
    'shared/contracts/b.ts',
    `import { createHash } from 'node:crypto'`,
    'contracts-need-only-zod',
  ],
  [
    'a domain that imports an adapter',
    'shared/domain/a.ts',
    `import { gateway } from '#adapters/erp/a/gateway.ts'`,
    'layer-shared-domain',
  ],
  [
    'a domain that imports a Node module',
    'shared/domain/b.ts',
    `import { createHash } from 'node:crypto'`,
    'domain-is-pure',
  ],
  ['a domain that imports a library', 'shared/domain/c.ts', `import * as z from 'zod'`, 'domain-is-pure'],
  [
    'a domain that imports a parser',
    'shared/domain/d.ts',
    `import { OrderSchema } from '#contracts/order.ts'`,
    'domain-takes-types-from-contracts',
  ],
  ['a cycle', 'shared/domain/e.ts', `import { back } from './f.ts'; export const e = back`, 'no-cycle'],
  [
    'a port with code',
    'shared/ports/a.ts',
    `import { decide } from '../domain/decide.ts'`,
    'ports-are-types',
  ],
  [
    'a use case that reads the disk',
    'shared/app/a.ts',
    `import { readFileSync } from 'node:fs'`,
    'app-has-no-io',
  ],
  [
    'a use case that imports an adapter',
    'shared/app/b.ts',
    `import { gateway } from '#adapters/erp/a/gateway.ts'`,
    'layer-shared-app',
  ],
  [
    'a use case that imports a library',
    'shared/app/c.ts',
    `import middy from '@middy/core'`,
    'app-has-no-library',
  ],
  ['an import of nothing', 'shared/app/d.ts', `import { gone } from './gone.ts'`, 'no-unknown-import'],
  [
    'an adapter that imports its neighbour',
    'shared/adapters/erp/b/gateway.ts',
    `import { gateway } from '../a/gateway.ts'`,
    'adapters-are-strangers',
  ],
  [
    'an adapter that imports another kind of adapter',
    'shared/adapters/sqs/queue.ts',
    `import { gateway } from '../erp/a/gateway.ts'`,
    'adapters-are-strangers',
  ],
  [
    'an adapter that imports a function',
    'shared/adapters/sqs/send.ts',
    `import { handler } from '../../../functions/take/handler.ts'`,
    'layer-shared-adapters',
  ],
  [
    'a runtime that imports an adapter',
    'shared/runtime/a.ts',
    `import { gateway } from '#adapters/erp/a/gateway.ts'`,
    'layer-shared-runtime',
  ],
  [
    'a product that needs a development dependency',
    'shared/runtime/b.ts',
    `import fc from 'fast-check'`,
    'product-needs-only-its-dependencies',
  ],
  [
    'a function that imports another',
    'functions/give/handler.ts',
    `import { handler } from '../take/handler.ts'`,
    'functions-are-strangers',
  ],
  [
    'a function that imports local',
    'functions/give/deps.ts',
    `import { start } from '../../local/start.ts'`,
    'layer-functions',
  ],
  [
    'infrastructure that runs an environment',
    'infra/a.ts',
    `import { env } from '../functions/take/env.ts'`,
    'infra-takes-types-of-env',
  ],
  [
    'infrastructure that imports a handler',
    'infra/b.ts',
    `import { handler } from '../functions/take/handler.ts'`,
    'layer-infra',
  ],
  [
    'an operator command that imports local',
    'cli/main.ts',
    `import { start } from '../local/start.ts'`,
    'layer-cli',
  ],
  [
    'anything that imports a test',
    'local/a.ts',
    `import { tested } from '../test/start.test.ts'`,
    'layer-local',
  ],
]

describe('the layer rules', () => {
  let root = ''
  let clean: ReturnType<typeof cruise>
  let planted: ReturnType<typeof cruise>

  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'layers-'))
    symlinkSync(join(project, 'node_modules'), join(root, 'node_modules'))
    write(
      'package.json',
      JSON.stringify({
        type: 'module',
        imports: { '#contracts/*': './shared/contracts/*', '#adapters/*': './shared/adapters/*' },
        dependencies: { zod: '*', '@middy/core': '*' },
        devDependencies: { 'fast-check': '*' },
      }),
    )
    for (const [file, code] of Object.entries(lawful)) write(file, code)
    clean = cruise(root)
    for (const [, file, code] of forbidden) write(file, `${code}\nexport const planted = 1`)
    write('shared/domain/f.ts', `import { planted } from './e.ts'; export const back = planted`)
    planted = cruise(root)
  }, 60_000)

  afterAll(() => rmSync(root, { recursive: true, force: true }))

  function write(file: string, text: string) {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), text)
  }

  it('accept a tree that keeps to them, having seen all of it', () => {
    expect(clean.violations).toEqual([])
    expect(clean.modules).toBeGreaterThanOrEqual(Object.keys(lawful).length)
  })

  it.each(forbidden)('refuse %s', (_, file, _code, rule) => {
    expect(planted.violations.map((violation) => violation.split(' -> ')[0])).toContain(`${rule}: ${file}`)
  })

  it('blame nobody but the planted files', () => {
    const guilty = new Set(
      planted.violations.map((violation) => violation.replace(/^.*?: (.*) -> .*$/, '$1')),
    )
    expect([...guilty].sort()).toEqual([...new Set(forbidden.map(([, file]) => file))].sort())
  })
})
