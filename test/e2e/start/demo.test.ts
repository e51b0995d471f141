import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import * as z from 'zod'
import { EndpointsSchema } from '#contracts/endpoints.ts'
import {
  freePorts,
  killGroup,
  leftOf,
  npmStart,
  type Started,
  type StartOptions,
} from '../../support/npm-start.ts'

const ListSchema = z.object({
  orders: z.array(
    z.object({ reference: z.string(), status: z.string(), body: z.looseObject({ order_no: z.string() }) }),
  ),
})

let dataDir: string
let ports: number[]
const started: Started[] = []

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'start-'))
  ports = await freePorts(4)
})
afterAll(() => rmSync(dataDir, { recursive: true, force: true }))
afterEach(() => {
  for (const one of started) killGroup(one)
})

function start(args: readonly string[] = [], options: StartOptions = {}): Started {
  const [api = 0, erp = 0, shop = 0, desk = 0] = ports
  const where = ['--data', dataDir, '--api-port', `${api}`, '--erp-port', `${erp}`]
  const others = ['--shop-port', `${shop}`, '--desk-port', `${desk}`]
  const one = npmStart([...where, ...others, ...args], options)
  started.push(one)
  return one
}

const readEndpoints = () =>
  EndpointsSchema.parse(JSON.parse(readFileSync(join(dataDir, 'endpoints.json'), 'utf8')))
const secondsIn = (line: string) => Number(/([\d.]+) (?:s|秒)/.exec(line)?.[1])
const ordersIn = (lines: readonly string[]) => new Set(lines.flatMap((line) => /\b\d{13}\b/.exec(line) ?? []))

async function erpOrders(query = '') {
  const response = await fetch(`http://127.0.0.1:${ports[1]}/orders${query}`)
  return ListSchema.parse(await response.json()).orders
}

/** One machine for all: each start goes on where the one before ended. */
describe('npm start', () => {
  let first: ReadonlySet<string>
  let second: ReadonlySet<string>

  test('plays the story once and ends with 0 when the ERP has everything once', async () => {
    const run = start(['--once'])
    expect(await run.exit).toEqual({ code: 0, signal: null })
    expect(run.lines.at(-1)).toBe('lost 0, doubled 0, parked 1')
    expect(secondsIn(await run.line(/^Ready in/))).toBeLessThan(30)
    expect(secondsIn(await run.line(/^Counted in the ERP/))).toBeLessThan(120)

    const rows = run.lines.filter((line) => line.startsWith('│ 2'))
    expect(rows).toHaveLength(11)
    expect(rows.filter((row) => /│ SO-\d+ confirmed +│ 1 +│ yes +│/.test(row))).toHaveLength(7)
    expect(rows.filter((row) => /│ SO-\d+ shipped +│ 1 +│ yes +│/.test(row))).toHaveLength(2)
    expect(rows.filter((row) => /│ returned +│ SO-\d+ shipped/.test(row))).toHaveLength(1)
    expect(rows.filter((row) => /│ cancelled +│ SO-\d+ cancelled +│ 0 +│ - +│/.test(row))).toHaveLength(1)
    expect(rows.filter((row) => /│ parked: missing-reference +│ 0 +│ - +│/.test(row))).toHaveLength(1)
    expect(run.lines.filter((line) => line.includes('looked before writing again'))).toHaveLength(2)
    expect(run.lines.join('')).not.toContain('\u001b')
    first = ordersIn(run.lines)

    const [lost] = ordersIn([await run.line(/its webhook gets lost/)])
    expect(run.lines).toContainEqual(
      expect.stringMatching(`${lost}  delivered all the same: the sweep found it`),
    )
    expect(await run.line(/counted anew in the ERP/)).toContain('420 instead of 600')
    expect(await run.line(/ {2}in the shop: /)).toContain('820 instead of 1000')
    expect(run.lines.filter((line) => line.includes('carrier and tracking numbers'))).toHaveLength(2)
    expect(await run.line(/the brake holds it/)).toContain(
      '4 of 4 SKUs would change, none of them is written',
    )
    expect(run.lines.findIndex((line) => line.includes('counts anew and passes'))).toBeGreaterThan(
      run.lines.findIndex((line) => line.includes('a person releases the brake')),
    )
    expect(run.lines.at(-3)).toBe(
      'The way back: the stock of 4 of 4 SKUs is what the ERP has left, 3 of 3 shipments are in the shop’s orders',
    )
    expect(run.lines.at(-2)).toBe(
      'After the sale, there once and equal: 1 of 1 customers, 1 of 1 returns, 3 of 3 steps of returns, 1 of 1 tickets, 5 of 5 steps of tickets, 2 of 2 requests for parts',
    )
    expect(
      run.lines.filter((line) => /in the order’s log: 【已(收到退货|验货|退款)】/.test(line)),
    ).toHaveLength(3)
    expect(await run.line(/at the desk: CASE-/)).toMatch(
      /serial number SN-\d+-1, under warranty until 20\d\d-/,
    )
    expect(run.lines.filter((line) => line.includes('in reply to the message'))).toEqual(
      ['已受理', '检测中', '等待配件', '维修中', '已完结'].map((step) => expect.stringContaining(step)),
    )
    expect(await run.line(/spare part PART-SHADE: refused/)).toContain('only 0 are free')
    expect(await run.line(/spare part PART-SOCKET: reserved/)).toMatch(/PR-\d+/)
  })

  test('is ready within seconds when started again, and goes on with new orders', async () => {
    const run = start()
    expect(secondsIn(await run.line(/^Ready in/))).toBeLessThan(20)
    expect(run.lines.join('\n')).not.toContain('Building')

    const endpoints = readEndpoints()
    expect(endpoints).toMatchObject({
      stage: 'demo',
      apiUrl: `http://127.0.0.1:${ports[0]}`,
      demo: {
        erpUrl: `http://127.0.0.1:${ports[1]}`,
        shopUrl: `http://127.0.0.1:${ports[2]}`,
        deskUrl: `http://127.0.0.1:${ports[3]}`,
      },
    })
    const kept = new Set((await erpOrders()).map(({ body }) => body.order_no))
    expect([...first].filter((no) => !kept.has(no))).toHaveLength(1)

    await run.line(/SIGKILL/)
    await run.line(/will write it and then say nothing/)
    process.kill(endpoints.pid, 'SIGKILL')
    await run.exit
    second = ordersIn(run.lines)
    expect(second.size).toBeGreaterThan(0)
    expect([...second].filter((no) => first.has(no))).toEqual([])
  })

  test('finishes what a killed process left open, and counts a document that is there twice, in Chinese', async () => {
    const run = start(['--once'], { language: 'zh' })
    await run.line(/正在处理上次停止时尚未完成的部分/)
    await run.line(/全部处理完毕/)
    for (const no of second) {
      expect((await erpOrders(`?order_no=${no}`)).map(({ status }) => status)).toEqual(['confirmed'])
    }

    const no = /\b\d{13}\b/.exec(await run.line(/ {2}已付款$/))?.[0]
    expect(no).toBeDefined()
    let [document] = await erpOrders(`?order_no=${no}`)
    while (document?.status !== 'confirmed') {
      await delay(50)
      document = (await erpOrders(`?order_no=${no}`))[0]
    }
    const doubling = await fetch(`http://127.0.0.1:${ports[1]}/control/duplicate`, {
      method: 'POST',
      body: JSON.stringify({ reference: document.reference }),
    })
    expect(doubling.status).toBe(201)

    expect(await run.exit).toEqual({ code: 1, signal: null })
    expect(run.lines.at(-1)).toBe('丢失 0，重复 1，搁置 1')
    expect(run.lines.at(-4)).toBe(`此前的订单（${first.size + second.size} 张）：丢失 0，重复 0，搁置 1`)
    expect(run.lines.filter((line) => line.includes(`│ ${no} `))).toEqual([
      expect.stringMatching(/│ SO-\d+ 已确认, SO-\d+ 草稿 +│ 2 +│ 是 +│/),
    ])
  })

  test('stops on Ctrl-C with 0 and leaves no process behind', async () => {
    const run = start([], { npm: false })
    await run.line(/then say nothing/)
    killGroup(run, 'SIGINT')
    expect(await run.exit).toEqual({ code: 0, signal: null })
    expect(run.lines.at(-1)).toBe('Stopped.')
    expect(leftOf(run)).toEqual([])
    expect(existsSync(join(dataDir, 'endpoints.json'))).toBe(false)
  })

  test('leaves its short times to itself: the same configuration as one’s own gets those for a real ERP', async () => {
    const deadline = () =>
      Number(
        /"CALL_DEADLINE_MS": "(\d+)"/.exec(
          readFileSync(join(dataDir, 'cdk.out/Sync.template.json'), 'utf8'),
        )?.[1],
      )
    const short = deadline()
    const run = start(['--config', join(dataDir, 'demo/config')], { npm: false })
    await run.line(/^Ctrl-C stops it/)
    expect(readEndpoints().stage).toBe('local')
    expect(deadline()).toBeGreaterThan(short)
  })
})
