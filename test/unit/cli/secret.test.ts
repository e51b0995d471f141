import { describe, expect, it } from 'vitest'
import { SECRET } from '../../support/a-webhook-request.ts'
import { EPOCH } from '../../support/an-order.ts'
import { aCli } from '../../support/cli.ts'
import { demoRestTarget } from '../../support/demo-rest-target.ts'

const SHOP = 'shop/A1/webhook'
const TARGET = 'target/erp/erp'
const OTHER = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const basic = () => aCli({ rest: demoRestTarget('http://127.0.0.1:9', { auth: { type: 'basic' } }) })

describe('secret put of a shop', () => {
  it('makes a first secret with its epoch, and prints it once', async () => {
    const cli = aCli({ secrets: false })
    const run = await cli.run(`secret put ${SHOP} --new --json`)
    expect(run.exit).toBe(0)
    const stored = await cli.secrets.shop('A1')
    expect(run.json()).toEqual({
      name: SHOP,
      secret: stored?.secrets[0],
      epoch: stored?.epochs[0],
      secretsValid: 1,
    })
    expect(stored?.epochs[0]).toMatch(/^e-20261121-[0-9a-f]{6}$/)
  })

  it('keeps the secret before valid beside a new one, and the epoch, so that the shop goes on posting', async () => {
    const cli = aCli()
    const { out } = await cli.run(`secret put ${SHOP} --new`)
    const stored = await cli.secrets.shop('A1')
    expect(stored).toEqual({ secrets: [expect.stringMatching(/^whsec_/), SECRET], epochs: [EPOCH] })
    expect(out).toContain(String(stored?.secrets[0]))
    expect(out).not.toContain(SECRET)
    await cli.run(`secret put ${SHOP}`, { stdin: `${OTHER}\n` })
    expect((await cli.secrets.shop('A1'))?.secrets).toEqual([OTHER, stored?.secrets[0]])
  })

  it('appends an epoch, alone or with a new secret', async () => {
    const cli = aCli()
    await cli.run(`secret put ${SHOP} --epoch e-2027`)
    expect(await cli.secrets.shop('A1')).toEqual({ secrets: [SECRET], epochs: [EPOCH, 'e-2027'] })
    await cli.run(`secret put ${SHOP} --new --epoch e-2028`)
    expect(await cli.secrets.shop('A1')).toEqual({
      secrets: [expect.stringMatching(/^whsec_/), SECRET],
      epochs: [EPOCH, 'e-2027', 'e-2028'],
    })
  })

  it('takes the whole value as JSON from standard input', async () => {
    const cli = aCli({ secrets: false })
    const value = { secrets: [OTHER, SECRET], epochs: ['e-one', 'e-two'] }
    const run = await cli.run(`secret put /ecshop-erp-sync/local/${SHOP}`, { stdin: JSON.stringify(value) })
    expect(run.exit).toBe(0)
    expect(await cli.secrets.shop('A1')).toEqual(value)
    expect(run.out + run.err).not.toContain('whsec_')
  })

  it.each([
    ['', 'Standard input held no secret.'],
    ['whsec_short', 'this is no secret of a shop'],
    ['{"secrets":["hunter2hunter2"],"epochs":["e-1"]}', 'no secret of a shop (secrets.0)'],
    [OTHER, 'A first secret needs its epoch.'],
  ])('refuses %s and never quotes it', async (stdin, sentence) => {
    const cli = aCli({ secrets: false })
    const { exit, out, err } = await cli.run(`secret put ${SHOP}`, { stdin })
    expect({ exit, out }).toEqual({ exit: 1, out: '' })
    expect(err).toContain(sentence)
    expect(err).not.toContain('hunter2')
    expect(await cli.secrets.shop('A1')).toBeUndefined()
  })

  it('refuses an epoch the shop has had, one without a secret, and one no bridge could mint', async () => {
    expect(await aCli().run(`secret put ${SHOP} --epoch ${EPOCH}`)).toMatchObject({ exit: 1 })
    expect(await aCli({ secrets: false }).run(`secret put ${SHOP} --epoch e-2027`)).toMatchObject({ exit: 1 })
    expect(await aCli().run(['secret', 'put', SHOP, '--epoch', 'a b'])).toMatchObject({
      exit: 2,
      err: 'The value of --epoch does not fit.',
    })
  })
})

describe('secret put of a target', () => {
  it('stores what the auth of the target needs', async () => {
    const cli = basic()
    const run = await cli.run(`secret put ${TARGET}`, {
      stdin: '{"username":"sync","password":"pass-word"}\n',
    })
    expect(run).toMatchObject({ exit: 0, out: `stored ${TARGET}` })
    expect(await cli.secrets.target('erp')).toEqual({ username: 'sync', password: 'pass-word' })
  })

  it.each([
    ['{"username":"sync"}', 'lacks password'],
    ['{"username":1}', 'no secret of a target (username)'],
    ['pass-word', 'no secret of a target'],
  ])('stores nothing of %s', async (stdin, sentence) => {
    const cli = basic()
    const { exit, err } = await cli.run(`secret put ${TARGET}`, { stdin })
    expect(exit).toBe(1)
    expect(err).toContain(sentence)
    expect(err).not.toContain('pass-word')
    expect(await cli.secrets.target('erp')).toBeUndefined()
  })

  it('knows no other names, and no --epoch there', async () => {
    expect((await basic().run('secret put target/crm/erp')).err).toBe(
      'There is no secret "target/crm/erp"; there are: shop/A1/webhook, target/erp/erp.',
    )
    expect(await basic().run(`secret put ${TARGET} --epoch e-2`)).toMatchObject({ exit: 2 })
  })
})

describe('secret list', () => {
  it('shows which secrets are there and complete, never a value', async () => {
    const cli = basic()
    expect((await cli.run('secret list --json')).json()).toEqual([
      { name: SHOP, is: 'put', secretsValid: 1, epoch: EPOCH },
      { name: 'shop/A1/bridge', is: 'missing' },
      { name: TARGET, is: 'missing', lacks: ['username', 'password'] },
    ])
    cli.secrets.putTarget('erp', { username: 'sync-user' })
    const { out } = await cli.run('secret list')
    expect(out).toMatch(/target\/erp\/erp +incomplete +lacks: password/)
    expect(out).not.toContain('sync-user')
    expect(out).not.toContain(SECRET)
  })
})
