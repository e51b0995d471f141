import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { describe, expect, it, onTestFinished } from 'vitest'
import * as z from 'zod'
import { RestTargetSchema } from '#contracts/rest-target.ts'
import { connectLocal } from '../../../cli/connect-local.ts'
import { close, listen } from '../../../local/cloud/listen.ts'
import { aCli } from '../../support/cli.ts'
import { demoRestTarget } from '../../support/demo-rest-target.ts'

const erp = { adapter: 'rest', rest: z.encode(RestTargetSchema, demoRestTarget('http://127.0.0.1:9')) }
const TWO_SHOPS = JSON.stringify({
  version: 1,
  shops: { A1: { targets: ['erp'] }, B2: { targets: ['erp'] }, C3: { targets: ['erp'], sweepMinutes: 0 } },
  targets: { erp },
  pools: { main: { target: 'erp', shops: { A1: {} } } },
})

describe('run', () => {
  it('does the only run of a kind, due or not, and says how it ended', async () => {
    const { run, runs } = aCli({ config: TWO_SHOPS })
    runs.push({ is: 'done', counts: { examined: 12, changed: 3 } })
    expect(await run('run stock')).toMatchObject({
      exit: 0,
      out: 'stock:main: done — examined 12, changed 3',
    })
  })

  it('goes on from the place that was saved until it is through', async () => {
    const { run, runs } = aCli({ config: TWO_SHOPS })
    runs.push({ is: 'saved', counts: {} }, { is: 'saved', counts: {} }, { is: 'done', counts: { pages: 3 } })
    expect((await run('run sweep B2 --json')).json()).toEqual({
      run: 'sweep:B2',
      is: 'done',
      counts: { pages: 3 },
    })
  })

  it.each([
    [{ is: 'failed', why: 'the shop is not connected' }, 1, 'sweep:A1: failed — the shop is not connected'],
    [{ is: 'waiting', why: 'the ERP is down' }, 0, 'sweep:A1: it waits — the ERP is down'],
    [{ is: 'busy' }, 0, 'sweep:A1: another run is at it'],
  ])('says of %j: exit %i, %s', async (end, exit, out) => {
    const { run, runs } = aCli()
    runs.push(end)
    expect(await run('run sweep')).toMatchObject({ exit, out })
  })

  it.each([
    ['run sweep', 2, 'Say which one, as in `run sweep A1`: A1, B2.'],
    ['run sweep C3', 2, 'Say which one, as in `run sweep A1`: A1, B2.'],
    ['run everything', 2, 'Say which run: stock, shipments, aftersales, sweep.'],
    ['run shipments', 1, 'No target of the configuration brings shipments back.'],
  ])('refuses `%s` in one sentence', async (command, exit, sentence) => {
    const { run } = aCli({ config: TWO_SHOPS })
    const refused = await run(command)
    expect(refused).toMatchObject({ exit, out: '' })
    expect(refused.err.split('\n')[0]).toBe(sentence)
  })
})

describe('a run on this machine', () => {
  /** What `npm start` serves for an Invoke. */
  async function connected(answer: { headers?: Record<string, string>; body: unknown }) {
    const asked: unknown[] = []
    const server = createServer((request, response) => {
      void text(request).then((body) => {
        asked.push([request.method, request.url, JSON.parse(body)])
        response.writeHead(200, answer.headers).end(JSON.stringify(answer.body))
      })
    })
    const url = await listen(server)
    onTestFinished(() => close(server))
    const { dir, file, configDir, ...cli } = aCli({ config: TWO_SHOPS })
    file('endpoints.json', {
      stage: 'demo',
      pid: process.pid,
      configDir,
      apiUrl: url,
      webhookUrls: {},
      endpoints: { dynamodb: url, sqs: url, secretsmanager: url },
      tableName: 'ledger',
      queueUrls: {},
      dlqUrls: {},
      writebackQueueUrl: url,
      writebackDlqUrl: url,
      runnerUrls: { stock: `${url}/stock` },
      secretPrefix: '/demo',
    })
    const connect = () => connectLocal({ dataDir: dir }, { clock: cli.clock, ids: { next: () => 'id' } })
    return { asked, run: (command: string) => cli.run(command, { connect }) }
  }

  it('is invoked with what its schedule says, and that it is due now', async () => {
    const { asked, run } = await connected({ body: { is: 'done', counts: {} } })
    expect(await run('run stock main')).toMatchObject({ exit: 0, out: 'stock:main: done' })
    expect(asked).toEqual([['POST', '/stock', { pool: 'main', now: true }]])
  })

  it('that breaks off is told with its reason', async () => {
    const headers = { 'x-amz-function-error': 'Unhandled' }
    const { run } = await connected({ headers, body: { errorType: 'TypeError', errorMessage: 'unforeseen' } })
    expect(await run('run stock main')).toMatchObject({
      exit: 1,
      err: expect.stringMatching(/^The run broke off: unforeseen\./),
    })
  })

  it('that what runs does not know yet asks for a restart', async () => {
    const { run } = await connected({ body: {} })
    expect(await run('run sweep A1')).toMatchObject({
      exit: 1,
      err: expect.stringMatching(/^What runs does not know "sweep:A1" yet\./),
    })
  })
})
