import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import * as z from 'zod'
import { defineCommand } from '../command.ts'
import { CliFailure } from '../failure.ts'

const TEMPLATES = join(import.meta.dirname, '../new-erp')
const CHECKOUT = join(import.meta.dirname, '../..')
const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/
const PORT = 'shared/ports/erp-gateway.ts'

/** Each template and where it goes. */
const filesOf = (name: string) =>
  ({
    'contract.ts': `shared/contracts/${name}-target.ts`,
    'gateway.ts': `shared/adapters/erp/${name}/gateway.ts`,
    'client.ts': `shared/adapters/erp/${name}/client.ts`,
    'mapping.ts': `shared/adapters/erp/${name}/mapping.ts`,
    'errors.ts': `shared/adapters/erp/${name}/errors.ts`,
    'README.md': `shared/adapters/erp/${name}/README.md`,
    'run.test.ts': `test/conformance/run-${name}.test.ts`,
  }) as const

export const newErp = defineCommand({
  name: 'new-erp <name>',
  describe: (t) => t.newErp.describe,
  args: z.tuple([z.string()]),
  options: (t) => [['--into <dir>', t.newErp.into]],
  schema: z.object({ into: z.string().optional() }),
  anywhere: true,
  run: async ([name], { into }, cli) => {
    if (!NAME.test(name)) throw new CliFailure('usage', (t) => t.newErp.badName(name), 2)
    const root = into === undefined ? CHECKOUT : cli.path(into)
    if (!existsSync(join(root, PORT)))
      throw new CliFailure('not-a-checkout', (t) => t.newErp.notCheckout(root))
    const files = filesOf(name)
    const there = Object.values(files).find((file) => existsSync(join(root, file)))
    if (there !== undefined) throw new CliFailure('exists', (t) => t.newErp.exists(there))

    for (const [template, file] of Object.entries(files)) {
      const text = readFileSync(join(TEMPLATES, `${template}.template`), 'utf8')
      mkdirSync(dirname(join(root, file)), { recursive: true })
      writeFileSync(join(root, file), text.replaceAll('__name__', name).replaceAll('__Name__', pascal(name)))
    }
    const steps = cli.t.newErp.next({
      name,
      contract: files['contract.ts'],
      mapping: files['mapping.ts'],
      errors: files['errors.ts'],
      run: files['run.test.ts'],
    })
    return {
      json: { written: Object.values(files), steps },
      text: [
        ...Object.values(files).map((file) => cli.t.init.written(file)),
        '',
        ...steps.map((step, index) => `${index + 1}. ${step}`),
      ].join('\n'),
    }
  },
})

const pascal = (name: string) =>
  name
    .split('-')
    .map((part) => `${part[0]?.toUpperCase() ?? ''}${part.slice(1)}`)
    .join('')
