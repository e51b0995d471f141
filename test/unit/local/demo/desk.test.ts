import { createHmac } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { close, listen } from '../../../../local/cloud/listen.ts'
import { DemoDesk } from '../../../../local/demo/desk.ts'

const SECRET = `whsec_${Buffer.alloc(24, 7).toString('base64')}`
const REFERENCE = 'ECdemo-T301'

const signed = (body: string, secret = SECRET, id = 'msg_1', at = Math.floor(Date.now() / 1000)) => ({
  'webhook-id': id,
  'webhook-timestamp': String(at),
  'webhook-signature': `v1,${createHmac('sha256', Buffer.from(secret.slice(6), 'base64'))
    .update(`${id}.${at}.${body}`)
    .digest('base64')}`,
})

const ticket = (content = 'it gives no light') =>
  JSON.stringify({
    type: 'ticket.placed',
    data: { reference: REFERENCE, ticket: { title: 'a lamp', content }, purchases: [], parts: [] },
  })

describe('the demo desk', () => {
  let dataDir: string
  let desk: DemoDesk
  beforeEach(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'desk-'))
    desk = new DemoDesk({ dataDir, newSecret: () => SECRET })
    await desk.listen(0)
  })
  afterEach(async () => {
    await desk.close()
    rmSync(dataDir, { recursive: true, force: true })
  })
  const post = (body: string, headers: Record<string, string>) =>
    fetch(`${desk.url}/hooks`, { method: 'POST', body, headers })

  it('keeps one ticket for a reference, in the state it was told last, and has it again after a restart', async () => {
    const first: unknown = await (await post(ticket(), signed(ticket()))).json()
    const later = ticket('it flickers')
    expect(await (await post(later, signed(later))).json()).toEqual(first)
    expect(desk.tickets()).toMatchObject([{ reference: REFERENCE, ticket: { content: 'it flickers' } }])
    const again = new DemoDesk({ dataDir, newSecret: () => 'whsec_other' })
    expect([again.tickets(), again.secrets]).toEqual([desk.tickets(), desk.secrets])
  })

  it.each<[what: string, headers: (body: string) => Record<string, string>]>([
    ['no signature', () => ({})],
    ['another secret', (body) => signed(body, `whsec_${Buffer.alloc(24, 8).toString('base64')}`)],
    ['a signature of another body', () => signed('{}')],
    ['an old signature', (body) => signed(body, SECRET, 'msg_1', 1_700_000_000)],
  ])('refuses a message with %s', async (_, headers) => {
    expect((await post(ticket(), headers(ticket()))).status).toBe(401)
    expect(desk.tickets()).toEqual([])
  })

  it('takes a signed test of the connection, and keeps nothing of it', async () => {
    const body = JSON.stringify({ type: 'connection.test', data: {} })
    expect((await post(body, signed(body))).ok).toBe(true)
    expect([desk.tickets(), desk.customers()]).toEqual([[], []])
  })

  it('tells its steps signed, each later than the one before', async () => {
    const heard: { body: string; headers: NodeJS.Dict<string | string[]> }[] = []
    const bridge = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        heard.push({ body: Buffer.concat(chunks).toString('utf8'), headers: request.headers })
        response.writeHead(202).end()
      })
    })
    desk.tellTo(`${await listen(bridge)}/progress`)
    const steps = [desk.note(REFERENCE, { step: 'accepted' }), desk.note(REFERENCE, { step: 'closed' })]
    expect(await desk.tell(steps)).toBe(202)
    await close(bridge)
    const [call] = heard
    const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signature } = call?.headers ?? {}
    expect(signature).toBe(signed(call?.body ?? '', SECRET, String(id), Number(at))['webhook-signature'])
    expect(JSON.parse(call?.body ?? '')).toMatchObject({
      steps: [
        { of: 'ticket', id: 'DESK-1', step: 'accepted', reference: REFERENCE },
        { of: 'ticket', id: 'DESK-2', step: 'closed' },
      ],
    })
    expect(Date.parse(steps[1]?.at ?? '')).toBeGreaterThan(Date.parse(steps[0]?.at ?? ''))
  })
})
