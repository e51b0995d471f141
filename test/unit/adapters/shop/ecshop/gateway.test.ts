import { describe, expect, it } from 'vitest'
import { createEcshopGateway } from '#adapters/shop/ecshop/gateway.ts'
import type { Health, OrderNote } from '#contracts/bridge.ts'
import { ManualClock } from '../../../../support/manual-clock.ts'
import { type ScriptedAnswer, scriptedFetch } from '../../../../support/scripted-fetch.ts'

const NOTE: OrderNote = {
  note_id: 'note-1',
  order: { order_id: '10086', order_sn: '2026112112345', add_time: 1_795_190_400 },
  text: '退货已签收',
  author: '样例仓库',
  at: '2026-11-22T01:00:00Z',
  origin: 'erp',
}

const health = (bridge: Health['bridge']): ScriptedAnswer => ({
  body: {
    bridge,
    platform: { name: 'ecshop', version: '2.8.0', php: '8.2', database: '10.11', charset: 'utf-8' },
    epoch: 'e-1',
    seq: 7,
    clock: { now: '2026-11-22T01:00:00Z', raw_offset: 0 },
    currency: 'CNY',
    stock_mode: 'shipment',
    relay: {
      paused: null,
      pending: 0,
      set_aside: 0,
      oldest_pending_at: null,
      last_accepted_at: null,
      last_error: null,
    },
  } satisfies Health,
})
const FIRST = health({ version: '1.0.0', capture: 'triggers' })
const ABLE = health({ version: '1.1.0', capture: 'triggers', features: ['order-notes'] })

/** What became of a note, and how many calls that took. */
async function noted(...answers: ScriptedAnswer[]) {
  const { fetch, sent } = scriptedFetch(...answers)
  const clock = new ManualClock()
  const gateway = createEcshopGateway({
    access: async () => ({ url: 'https://shop.example/erpsync/v1/', secrets: ['brsec_YQ=='] }),
    clock,
    fetch,
  })
  return { answer: await gateway.noteOrder(NOTE, clock.now() + 5_000), calls: sent.length }
}

describe('a note for a shop whose bridge cannot take it', () => {
  it.each<[string, ScriptedAnswer]>([
    ['finds no file', { status: 404, body: '<html>404</html>' }],
    ['is sent elsewhere', { status: 302, body: '' }],
    ['gets the shop’s start page', { status: 200, body: '<html>shop</html>' }],
  ])('is refused with a remedy where it %s', async (_what, answer) => {
    const told = await noted(answer, FIRST)
    expect(told.answer).toMatchObject({
      is: 'failed',
      failure: { class: 'Refused', code: 'bridge-too-old', remedy: expect.stringContaining('erpsync') },
    })
  })

  it('is left as it is where the bridge could, or is not there at all', async () => {
    const strange = { status: 404, body: '<html>404</html>' }
    for (const second of [ABLE, strange])
      expect((await noted(strange, second)).answer).toMatchObject({
        is: 'failed',
        failure: { class: 'Unavailable', code: 'http-404' },
      })
  })

  it('asks for nothing more where the bridge itself refuses', async () => {
    const refused = { status: 404, body: { code: 'not-found', message: 'None.', remedy: 'Compare.' } }
    expect(await noted(refused)).toMatchObject({
      answer: { failure: { class: 'Refused', code: 'not-found' } },
      calls: 1,
    })
  })
})
