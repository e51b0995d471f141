import { describe, expect, it } from 'vitest'
import type { ConnectCode } from '#contracts/secrets.ts'
import { SECRET } from '../../support/a-webhook-request.ts'
import { EPOCH } from '../../support/an-order.ts'
import { aCli } from '../../support/cli.ts'

const key = (kind: string, byte: number) => `${kind}_${Buffer.alloc(32, byte).toString('base64')}`
const CODE: ConnectCode = {
  v: 1,
  url: 'https://shop.example/erpsync/v1/',
  epoch: 'e-20261122-aaaaaa',
  webhook: key('whsec', 1),
  bridge: key('brsec', 2),
}
const encoded = (code: object) => `${Buffer.from(JSON.stringify(code)).toString('base64')}\n`

describe('connect', () => {
  it('puts both secrets of a shop from one code, and shows none of them', async () => {
    const cli = aCli({ secrets: false })
    const run = await cli.run('connect A1', { stdin: encoded(CODE) })
    expect(run.exit).toBe(0)
    expect(await cli.secrets.shop('A1')).toEqual({ secrets: [CODE.webhook], epochs: [CODE.epoch] })
    expect(await cli.secrets.bridge('A1')).toEqual({ url: CODE.url, secrets: [CODE.bridge] })
    expect(run.out).toContain(CODE.epoch)
    expect(run.out + run.err).not.toMatch(/whsec_|brsec_/)
  })

  it('appends the epoch of a new installation, and keeps the keys before valid for what is under way', async () => {
    const cli = aCli()
    await cli.run('connect A1', { stdin: encoded(CODE) })
    expect(await cli.secrets.shop('A1')).toEqual({
      secrets: [CODE.webhook, SECRET],
      epochs: [EPOCH, CODE.epoch],
    })
    const again = { ...CODE, bridge: key('brsec', 3) }
    await cli.run('connect A1', { stdin: encoded(again) })
    expect((await cli.secrets.bridge('A1'))?.secrets).toEqual([again.bridge, CODE.bridge])
  })

  it('changes nothing when the same code is given twice', async () => {
    const cli = aCli()
    await cli.run('connect A1', { stdin: encoded(CODE) })
    const before = [await cli.secrets.shop('A1'), await cli.secrets.bridge('A1')]
    expect((await cli.run('connect A1', { stdin: encoded(CODE) })).exit).toBe(0)
    expect([await cli.secrets.shop('A1'), await cli.secrets.bridge('A1')]).toEqual(before)
  })

  it('asks where a person sits, so that no key stays in the shell’s history', async () => {
    const cli = aCli({ secrets: false })
    const asked: string[] = []
    const ask = async (question: string) => {
      asked.push(question)
      return encoded(CODE)
    }
    expect((await cli.run('connect A1', { ask })).exit).toBe(0)
    expect(asked).toHaveLength(1)
  })

  it.each([
    ['nothing', '', 'No connect code'],
    ['something else', 'hunter2', 'this is no connect code'],
    ['a code cut short', encoded(CODE).slice(0, 60), 'this is no connect code'],
    ['an address without TLS', encoded({ ...CODE, url: 'http://shop.example/erpsync/v1/' }), 'not https'],
    ['a key of the wrong direction', encoded({ ...CODE, bridge: CODE.webhook }), 'no connect code'],
  ])('refuses %s, stores nothing and quotes nothing', async (_what, stdin, sentence) => {
    const cli = aCli({ secrets: false })
    const { exit, out, err } = await cli.run('connect A1', { stdin })
    expect({ exit, out }).toEqual({ exit: 1, out: '' })
    expect(err).toContain(sentence)
    expect(err).not.toMatch(/hunter2|whsec_|brsec_/)
    expect([await cli.secrets.shop('A1'), await cli.secrets.bridge('A1')]).toEqual([undefined, undefined])
  })

  it('refuses the code of an installation that another has replaced', async () => {
    const cli = aCli()
    await cli.run('connect A1', { stdin: encoded(CODE) })
    const run = await cli.run('connect A1', { stdin: encoded({ ...CODE, epoch: EPOCH }) })
    expect(run.exit).toBe(1)
    expect(run.err).toContain(EPOCH)
    expect((await cli.secrets.shop('A1'))?.epochs).toEqual([EPOCH, CODE.epoch])
  })

  it('names the shops there are', async () => {
    const run = await aCli().run('connect B2', { stdin: encoded(CODE) })
    expect(run.exit).toBe(1)
    expect(run.err).toContain('A1')
  })
})
