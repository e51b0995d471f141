import { expect, test } from 'vitest'
import { readOptions } from '../../../local/options.ts'

test('npm start needs no option', () => {
  expect(readOptions([])).toEqual({
    ok: true,
    options: {
      help: false,
      once: false,
      webhooks: true,
      schedules: true,
      config: undefined,
      data: undefined,
      ports: { api: 4010, erp: 4020, shop: 4030, desk: 4040 },
    },
  })
})

test('each port has a flag of its own', () => {
  const read = readOptions([
    '--api-port',
    '5010',
    '--erp-port=5020',
    '--shop-port',
    '5030',
    '--desk-port',
    '5040',
  ])
  expect(read).toMatchObject({
    ok: true,
    options: { ports: { api: 5010, erp: 5020, shop: 5030, desk: 5040 } },
  })
})

test('either fast path of the demo can be switched off', () => {
  expect(readOptions(['--no-webhooks'])).toMatchObject({
    ok: true,
    options: { webhooks: false, schedules: true },
  })
  expect(readOptions(['--no-schedules'])).toMatchObject({
    ok: true,
    options: { webhooks: true, schedules: false },
  })
})

test.each([
  [['--onse'], { is: 'unknown', flag: '--onse' }],
  [['-x'], { is: 'unknown', flag: '-x' }],
  [['once'], { is: 'unknown', flag: 'once' }],
  [['--data'], { is: 'no-value', flag: '--data' }],
  [['--api-port', 'http'], { is: 'not-a-port', flag: '--api-port' }],
  [['--erp-port', '0'], { is: 'not-a-port', flag: '--erp-port' }],
  [['--shop-port', '65536'], { is: 'not-a-port', flag: '--shop-port' }],
  [['--once', '--config', 'here'], { is: 'demo-only', flag: '--once' }],
  [['--config', 'here', '--no-webhooks'], { is: 'demo-only', flag: '--no-webhooks' }],
  [['--no-schedules', '--config', 'here'], { is: 'demo-only', flag: '--no-schedules' }],
  [['--no-webhooks', '--no-schedules'], { is: 'nothing-left', flag: '--no-schedules' }],
])('%j is refused by naming what is wrong', (args, objection) => {
  expect(readOptions(args)).toEqual({ ok: false, ...objection })
})
