import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { createClient } from '#adapters/shop/ecshop/client.ts'
import { signBridgeCall } from '#adapters/shop/ecshop/signature.ts'
import { BRIDGE_PROBLEMS, type BridgeProblemCode } from '#contracts/bridge.ts'
import { ManualClock } from '../../../../support/manual-clock.ts'
import { type ScriptedAnswer, type SentRequest, scriptedFetch } from '../../../../support/scripted-fetch.ts'

const URL = 'https://shop.example/erpsync/v1/'
const secretOf = (text: string) => `brsec_${Buffer.from(text.padEnd(32, '.')).toString('base64')}`
const [OLD, NEW] = [secretOf('old'), secretOf('new')]
const NOW = Date.parse('2026-11-22T01:00:00Z')
const GoodSchema = z.object({ good: z.string() })
const GOOD = { body: { good: 'yes' } }

const problem = (code: string, more: object = {}): ScriptedAnswer => ({
  status: BRIDGE_PROBLEMS[code as BridgeProblemCode].status,
  body: { code, message: 'It is so.', remedy: 'Do that.', ...more },
})

function client(answers: readonly ScriptedAnswer[], secrets: readonly string[] = [NEW]) {
  const { fetch, sent } = scriptedFetch(...answers)
  const clock = new ManualClock(NOW)
  let count = 0
  const exchange = createClient({
    access: async () => ({ url: URL, secrets }),
    clock,
    fetch,
    nonce: () => `nonce-of-the-test-${++count}`,
  })
  const deadline = () => clock.now() + 5_000
  return {
    sent,
    clock,
    read: () => exchange({ file: 'health.php', manner: 'read' }, GoodSchema, deadline()),
    find: () =>
      exchange(
        { file: 'orders.php', query: { id: '7', stamp: undefined, view: 'full' }, manner: 'read' },
        GoodSchema,
        deadline(),
      ),
    write: () =>
      exchange({ file: 'shipments.php', body: { text: '样例' }, manner: 'write' }, GoodSchema, deadline()),
    late: () => exchange({ file: 'shipments.php', body: {}, manner: 'write' }, GoodSchema, NOW - 1),
  }
}

const header = (request: SentRequest | undefined, name: string) => request?.headers[`x-erpsync-${name}`] ?? ''

function signed(request: SentRequest | undefined, secret: string): boolean {
  if (!request) return false
  const { pathname, search } = new globalThis.URL(request.url)
  const call = {
    method: request.method,
    path: `${pathname.slice('/erpsync'.length)}${search}`,
    timestamp: Number(header(request, 'timestamp')),
    nonce: header(request, 'nonce'),
    body: request.body ?? '',
  }
  return signBridgeCall(secret, call) === header(request, 'signature')
}

const failureOf = async (answer: ReturnType<ReturnType<typeof client>['read']>) => {
  const { is, ...rest } = await answer
  return is === 'failed' && 'failure' in rest ? rest.failure : undefined
}

describe('a call to the bridge', () => {
  it('is signed with its path from v1 on, its query and the exact body', async () => {
    const { sent, find, write } = client([GOOD, GOOD])
    await find()
    await write()
    expect(sent.map(({ method, url, body }) => [method, url, body])).toEqual([
      ['GET', `${URL}orders.php?id=7&view=full`, undefined],
      ['POST', `${URL}shipments.php`, '{"text":"样例"}'],
    ])
    expect(sent.map((request) => signed(request, NEW))).toEqual([true, true])
    expect(header(sent[0], 'timestamp')).toBe(String(NOW / 1000))
    expect(header(sent[0], 'nonce')).not.toBe(header(sent[1], 'nonce'))
  })

  it('gives the answer that fits', async () => {
    expect(await client([GOOD]).read()).toEqual({ is: 'ok', value: { good: 'yes' } })
  })

  it('sends nothing once its deadline has passed', async () => {
    const { sent, late } = client([GOOD])
    expect(await failureOf(late())).toMatchObject({ class: 'Unavailable', code: 'deadline' })
    expect(sent).toHaveLength(0)
  })

  it('is denied before a shop is connected', async () => {
    const exchange = createClient({ access: async () => undefined, clock: new ManualClock(NOW) })
    const answer = await exchange({ file: 'health.php', manner: 'read' }, GoodSchema, NOW + 1)
    expect(answer).toMatchObject({ is: 'failed', failure: { class: 'AuthDenied', code: 'not-connected' } })
  })
})

describe('a shop with another clock', () => {
  const wrongClock = problem('wrong-clock', { server_time: '2026-11-22T03:00:00Z' })

  it('is called once more by its own time, and by it from then on', async () => {
    const { sent, clock, read } = client([wrongClock, GOOD, GOOD])
    expect(await read()).toMatchObject({ is: 'ok' })
    clock.advance(60_000)
    await read()
    expect(sent.map((request) => Number(header(request, 'timestamp')) - NOW / 1000)).toEqual([0, 7200, 7260])
    expect(sent.map((request) => signed(request, NEW))).toEqual([true, true, true])
  })

  it('is not called a third time', async () => {
    const { sent, read } = client([wrongClock, wrongClock, GOOD])
    expect(await failureOf(read())).toMatchObject({ class: 'AuthDenied', code: 'wrong-clock' })
    expect(sent).toHaveLength(2)
  })
})

describe('a refused signature', () => {
  it('goes out once more with another nonce when the nonce was taken', async () => {
    const { sent, write } = client([problem('replayed'), GOOD])
    expect(await write()).toMatchObject({ is: 'ok' })
    expect(header(sent[0], 'nonce')).not.toBe(header(sent[1], 'nonce'))
  })

  it('goes out once more only', async () => {
    const { sent, write } = client([problem('replayed'), problem('replayed'), GOOD])
    expect(await failureOf(write())).toMatchObject({ class: 'AuthDenied', code: 'replayed' })
    expect(sent).toHaveLength(2)
  })

  it('tries the other secret while it is replaced, and stays with the one that fits', async () => {
    const { sent, read } = client([problem('bad-signature'), GOOD, GOOD], [OLD, NEW])
    expect(await read()).toMatchObject({ is: 'ok' })
    await read()
    expect(sent.map((request) => signed(request, NEW))).toEqual([false, true, true])
  })

  it('is denied when no secret fits', async () => {
    const { sent, read } = client([problem('bad-signature'), problem('bad-signature')], [OLD, NEW])
    expect(await failureOf(read())).toMatchObject({ class: 'AuthDenied', code: 'bad-signature' })
    expect(sent).toHaveLength(2)
  })
})

describe('a refusal', () => {
  const classOf = (code: string): string => {
    if (code === 'internal-error') return 'Unknown'
    if (code === 'busy') return 'Unavailable'
    if (BRIDGE_PROBLEMS[code as BridgeProblemCode].status === 401) return 'AuthDenied'
    return ['not-installed', 'not-bound', 'restored'].includes(code) ? 'AuthDenied' : 'Refused'
  }

  it.each(Object.keys(BRIDGE_PROBLEMS))('of %s is a value with the words of the bridge', async (code) => {
    const answers = [problem(code), problem(code)]
    expect(await failureOf(client(answers).write())).toEqual({
      class: classOf(code),
      code,
      message: 'It is so.',
      remedy: 'Do that.',
    })
  })

  it('names the field', async () => {
    const answer = problem('invalid-field', { field: 'lines.0.rec_id' })
    expect(await failureOf(client([answer]).write())).toMatchObject({ field: 'lines.0.rec_id' })
  })

  it('repeats no telephone number', async () => {
    const answer = problem('not-found', { message: 'There is no 13900000000.' })
    expect(await failureOf(client([answer]).read())).toMatchObject({ message: 'There is no ….' })
  })
})

describe('an answer that is none of the bridge', () => {
  const html = (status: number): ScriptedAnswer => ({ status, body: '<html>样例</html>' })

  it.each<[string, ScriptedAnswer, string, string]>([
    ['a page with 200', html(200), 'Unavailable', 'Unknown'],
    ['a JSON of something else', { body: { other: 1 } }, 'Unavailable', 'Unknown'],
    ['a page with 404', html(404), 'Unavailable', 'Unavailable'],
    ['a page with 403', html(403), 'AuthDenied', 'AuthDenied'],
    ['a page with 401', html(401), 'AuthDenied', 'AuthDenied'],
    [
      'a redirect',
      { status: 302, headers: { location: 'https://elsewhere.example/' } },
      'Unavailable',
      'Unavailable',
    ],
    ['a page with 502', html(502), 'Unavailable', 'Unknown'],
    ['a broken connection', new TypeError('terminated'), 'Unavailable', 'Unknown'],
    [
      'a refused connection',
      new TypeError('fetch failed', { cause: Object.assign(new Error('no'), { code: 'ECONNREFUSED' }) }),
      'Unavailable',
      'Unavailable',
    ],
    ['more than 4 MiB', { body: `{"good":"${'x'.repeat(4_194_304)}"}` }, 'Unavailable', 'Unknown'],
  ])(
    '%s fails a read, and leaves open what a write did where it may have',
    async (_what, answer, read, write) => {
      expect(await failureOf(client([answer]).read())).toMatchObject({ class: read })
      expect(await failureOf(client([answer]).write())).toMatchObject({ class: write })
    },
  )

  it('names the field that does not fit', async () => {
    expect(await failureOf(client([{ body: { good: 1 } }]).read())).toMatchObject({
      code: 'unreadable',
      field: 'good',
    })
  })
})
