import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Webhook } from 'standardwebhooks'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { loadConfig } from '#runtime/config-file.ts'
import { SECRET } from '../../support/a-webhook-request.ts'
import { aCli } from '../../support/cli.ts'

const TARGET = 'target/desk/erp'
const OTHER = `whsec_${Buffer.alloc(32, 9).toString('base64')}`
const config = JSON.stringify({
  version: 1,
  shops: { A1: { targets: ['desk'] } },
  targets: {
    desk: { adapter: 'webhook', kinds: ['ticket', 'order'], webhook: { url: 'https://desk.example.com/in' } },
  },
})
const aDesk = () => aCli({ config })

describe('init of a webhook target', () => {
  it('writes a target that is valid, and says the way to the first event', async () => {
    const cli = aCli({ running: false })
    const run = await cli.run(
      'init --yes --shop A1 --adapter webhook --base-url https://desk.example.com/in --config new',
    )
    expect(run).toMatchObject({ exit: 0, err: '' })
    expect(run.out).toContain('secret put target/desk/erp --new')
    expect(run.out).toContain('probe desk')
    expect(existsSync(join(cli.dir, 'new/mappings'))).toBe(false)
    expect(loadConfig(join(cli.dir, 'new')).targets['desk']).toMatchObject({
      adapter: 'webhook',
      kinds: ['order', 'return', 'ticket'],
      webhook: { url: 'https://desk.example.com/in' },
    })
    const planned = await cli.run([
      'send',
      join(import.meta.dirname, '../../../docs/guides/order.json'),
      '--dry-run',
      '--config',
      'new',
    ])
    expect(planned).toMatchObject({ exit: 0, err: '' })
    expect(planned.out).toContain('POST https://desk.example.com/in')
    expect(planned.out).toContain('webhook-signature: (from the secret)')
    expect(planned.out).toContain('"type": "order.placed"')
  })

  it('takes the kinds it is told, and none that there are not', async () => {
    const cli = aCli({ running: false })
    const init = 'init --yes --adapter webhook --base-url https://desk.example.com/in --config new'
    expect((await cli.run(`${init} --kinds ticket,invoice`)).exit).toBe(1)
    await cli.run([...init.split(' '), '--kinds', 'ticket, parts'])
    expect(loadConfig(join(cli.dir, 'new')).targets['desk']?.kinds).toEqual(['ticket', 'parts'])
    expect(await cli.run(`${init} --force --auth basic`)).toMatchObject({
      exit: 2,
      err: '--auth says nothing to the adapter webhook.',
    })
  })
})

describe('the secrets of a webhook target', () => {
  it('are made and shown once, and the ones before stay valid beside them', async () => {
    const cli = aDesk()
    const first = await cli.run(`secret put ${TARGET} --new`)
    expect(first.exit).toBe(0)
    const stored = await cli.secrets.target('desk')
    expect(Object.keys(stored ?? {}).sort()).toEqual(['callback', 'signing'])
    expect(stored?.['signing']).not.toBe(stored?.['callback'])
    expect(first.out).toContain(stored?.['signing'])
    expect(first.out).toContain(stored?.['callback'])

    cli.secrets.putTarget('desk', { signing: OTHER, callback: OTHER })
    await cli.run(`secret put ${TARGET} --new`)
    const renewed = await cli.secrets.target('desk')
    expect(renewed?.['signing']).toBe(`${stored?.['signing']} ${OTHER}`)
    expect(renewed?.['callback']).toBe(`${stored?.['callback']} ${OTHER}`)
  })

  it.each([
    ['{"callback":"whsec_short"}', 'lacks signing'],
    ['{"signing":"pass-word"}', 'signing must be whsec_'],
    [JSON.stringify({ signing: SECRET, callback: 'pass-word' }), 'callback must be whsec_'],
    [JSON.stringify({ signing: `${SECRET} ${SECRET} ${SECRET}` }), 'signing must be whsec_'],
  ])('are refused in another form, and not repeated: %s', async (stdin, sentence) => {
    const cli = aDesk()
    const { exit, err } = await cli.run(`secret put ${TARGET}`, { stdin })
    expect(exit).toBe(1)
    expect(err).toContain(sentence)
    expect(err).not.toContain('pass-word')
    expect(await cli.secrets.target('desk')).toBeUndefined()
  })

  it('that are stored in another form are a finding', async () => {
    const cli = aDesk()
    cli.secrets.putTarget('desk', { signing: 'pass-word' })
    expect((await cli.run('secret list')).out).toMatch(/target\/desk\/erp +malformed/)
  })

  it('are made for the callbacks of any other target as well, beside its own', async () => {
    const cli = aCli()
    cli.secrets.putTarget('erp', { token: 'invented' })
    expect((await cli.run('secret put target/erp/erp --new')).exit).toBe(0)
    const stored = await cli.secrets.target('erp')
    expect(stored).toMatchObject({ token: 'invented', callback: expect.stringMatching(/^whsec_/) })
  })
})

const FindingsSchema = z.object({ findings: z.array(z.object({ check: z.string(), is: z.string() })) })

async function probed(receiver: (right: boolean) => Response) {
  const cli = aDesk()
  cli.secrets.putTarget('desk', { signing: SECRET })
  const asked: unknown[] = []
  const run = await cli.run('probe desk --json', {
    clock: { now: () => Date.now() },
    fetch: async (_url, init) => {
      const body = typeof init?.body === 'string' ? init.body : ''
      const headers = Object.fromEntries(new Headers(init?.headers))
      asked.push(JSON.parse(body))
      return receiver(verifies(body, headers))
    },
  })
  const { findings } = FindingsSchema.parse(run.json())
  return { exit: run.exit, asked, of: (name: string) => findings.find(({ check }) => check === name)?.is }
}

function verifies(body: string, headers: Record<string, string>): boolean {
  try {
    new Webhook(SECRET).verify(body, headers)
    return true
  } catch {
    return false
  }
}

describe('probe of a webhook target', () => {
  it('is content with a receiver that tells a right signature from a wrong one', async () => {
    const { exit, asked, of } = await probed((right) => new Response('', { status: right ? 200 : 401 }))
    expect({ exit, server: of('server'), signature: of('signature') }).toEqual({
      exit: 0,
      server: 'ok',
      signature: 'ok',
    })
    expect(asked).toMatchObject([
      { type: 'connection.test', data: {} },
      { type: 'connection.test', data: {} },
    ])
  })

  it.each([
    ['takes whatever comes', () => new Response('ok'), 'ok', 'warning'],
    [
      'refuses a wrong signature as bad content',
      (right: boolean) => new Response('', { status: right ? 200 : 400 }),
      'ok',
      'warning',
    ],
    ['refuses us', () => new Response('', { status: 401 }), 'wrong', undefined],
    ['shows a log-in page', () => new Response('<!doctype html><title>Log in</title>'), 'wrong', undefined],
    [
      'is elsewhere',
      () => new Response('', { status: 308, headers: { location: 'https://example.com' } }),
      'wrong',
      undefined,
    ],
  ])('says so of one that %s', async (_what, receiver, server, signature) => {
    const { of } = await probed(receiver)
    expect([of('server'), of('signature')]).toEqual([server, signature])
  })
})
