import { describe, expect, it } from 'vitest'
import { languageOf } from '#runtime/language.ts'
import type { Place } from '../../../cli/place.ts'
import { aCli } from '../../support/cli.ts'

const COMMANDS = [
  'init',
  'doctor',
  'send',
  'status',
  'find',
  'show',
  'parked',
  'replay',
  'secret put',
  'secret list',
]

describe('the command line', () => {
  it.each(COMMANDS)('explains %s, its options and --json', async (name) => {
    const { exit, out, err } = await aCli().run(`${name} --help`)
    expect({ exit, err }).toEqual({ exit: 0, err: '' })
    expect(out).toContain(`Usage: npm run sync -- ${name}`)
    expect(out).toMatch(/--json +\S/)
  })

  it('explains itself, and takes no command as a wrong one', async () => {
    const cli = aCli()
    const help = await cli.run('--help')
    for (const name of COMMANDS) expect(help.out).toContain(name.split(' ')[0])
    expect(await cli.run([])).toMatchObject({ exit: 2, out: '', err: help.out })
  })

  it.each([
    ['fnd 1', 'There is no command "fnd". Did you mean find?'],
    ['find', 'The argument <number> is missing.'],
    ['find 1 2', 'There are more arguments than this command takes.'],
    ['status --fast', 'There is no option --fast.'],
    ['parked --target', 'The option --target <name> lacks its value.'],
    ['replay r --was lost', '--was takes one of: placed, absent.'],
    ['secret', ''],
  ])('answers "%s" with one sentence and code 2', async (command, sentence) => {
    const { exit, out, err } = await aCli().run(command)
    expect({ exit, out }).toEqual({ exit: 2, out: '' })
    expect(err).toContain(sentence)
  })

  it('gives errors as data too, in English whatever the locale is', async () => {
    const run = await aCli({ running: false }).run('status --json', { language: 'zh' })
    expect(run.exit).toBe(1)
    expect(run.err).toContain('没有正在运行的服务')
    expect(run.json()).toMatchObject({
      error: { code: 'not-running', remedy: expect.stringContaining('npm start') },
    })
  })

  it.each(['status', 'find 1', 'show 1', 'parked', 'replay 1', 'secret list', 'secret put x', 'send o.json'])(
    'says in one sentence that nothing runs: %s',
    async (command) => {
      const cli = aCli({ running: false })
      cli.file('o.json', { order_id: '1', order_sn: '2', lines: [] })
      const { exit, out, err } = await cli.run(command)
      expect({ exit, out }).toEqual({ exit: 1, out: '' })
      expect(err.split('\n')).toEqual([
        `Nothing runs with the data directory ${cli.dir}/.local.`,
        'Start it with `npm start`, or name another data directory with --data.',
      ])
    },
  )

  it('looks for the data directory that was named', async () => {
    const asked: Place[] = []
    const cli = aCli()
    await cli.run('status --data other', {
      connect: async (place) => {
        asked.push(place)
        return undefined
      },
    })
    expect(asked).toMatchObject([{ is: 'local', dataDir: `${cli.dir}/other` }])
  })

  it('never shows a stack, unless it is asked to debug', async () => {
    const cli = aCli()
    const broken = async () => {
      throw new RangeError('secret detail')
    }
    const quiet = await cli.run('status', { connect: broken })
    expect(quiet).toMatchObject({ exit: 1, out: '' })
    expect(quiet.err).toContain('This should not have happened: RangeError.')
    expect(quiet.err).not.toContain('secret detail')
    expect(quiet.err).not.toMatch(/\n\s+at /)
    expect((await cli.run('status', { connect: broken, debug: true })).err).toMatch(/secret detail\n\s+at /)
  })

  it('tells a service that does not answer from a fault', async () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' })
    const wrapped = new Error('the secret could not be read', { cause: refused })
    const { exit, err } = await aCli().run('status', {
      connect: async () => {
        throw wrapped
      },
    })
    expect(exit).toBe(1)
    expect(err).toContain('The running services do not answer (ECONNREFUSED).')
  })

  it.each([
    ['{', 'sync.config.json is not JSON.'],
    ['{"version":2}', 'sync.config.json is not usable: version'],
    [
      '{"version":1,"shops":{"A1":{"targets":["crm"]}},"targets":{}}',
      'shops.A1.targets.0: names the target "crm"',
    ],
  ])('says what is wrong with the configuration %s', async (config, sentence) => {
    const cli = aCli()
    cli.file('config/sync.config.json', config)
    for (const command of ['status', 'parked', 'send order.json --dry-run', 'secret list']) {
      cli.file('order.json', { order_id: '1', order_sn: '2', lines: [] })
      const { exit, out, err } = await cli.run(command)
      expect({ exit, out }).toEqual({ exit: 1, out: '' })
      expect(err).toContain(sentence)
    }
  })

  it('speaks Chinese where the locale does', async () => {
    const { out } = await aCli().run('--help', { language: 'zh' })
    expect(out).toContain('用法：')
    expect(out).toContain('检查配置、密钥、时钟')
    expect((await aCli().run('fnd', { language: 'zh' })).err).toContain('没有命令“fnd”')
    expect(languageOf({ LC_ALL: 'zh_CN.UTF-8', LANG: 'en_US' }, 'en-US')).toBe('zh')
    expect(languageOf({ LC_ALL: '', LC_MESSAGES: 'zh_TW', LANG: 'C' }, 'en-US')).toBe('zh')
    expect(languageOf({ LANG: 'C.UTF-8' }, 'zh-CN')).toBe('en')
    expect(languageOf({}, 'zh-Hans-CN')).toBe('zh')
  })
})
