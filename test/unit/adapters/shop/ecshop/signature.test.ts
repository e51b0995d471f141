import { createHash, createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { signBridgeCall } from '#adapters/shop/ecshop/signature.ts'
import { bridgeSignatureVectors } from '../../../../support/bridge-signature-vectors.ts'

const SECRET = `brsec_${Buffer.from('an invented key, 32 bytes long..').toString('base64')}`
const CALL = {
  method: 'POST',
  path: '/v1/stock-write.php',
  timestamp: 1_795_190_400,
  nonce: 'n0123456789abcdef',
  body: '{"text":"样例 🙂"}',
}

describe('the signature of a call to the bridge', () => {
  it.each(bridgeSignatureVectors)('is that of the shared vector %s', (_name, { key, signature, ...call }) => {
    expect(signBridgeCall(key, call)).toBe(signature)
  })

  it('is HMAC-SHA256 over its parts on a line each, with the hash of the body in UTF-8', () => {
    const hash = createHash('sha256').update(Buffer.from(CALL.body, 'utf8')).digest('hex')
    const text = `v1\nPOST\n/v1/stock-write.php\n1795190400\nn0123456789abcdef\n${hash}`
    const mac = createHmac('sha256', 'an invented key, 32 bytes long..').update(text).digest('hex')
    expect(signBridgeCall(SECRET, CALL)).toBe(`v1=${mac}`)
  })

  it.each([
    ['method', { method: 'GET' }],
    ['path', { path: '/v1/stock-write.php?a=1' }],
    ['time', { timestamp: 1_795_190_401 }],
    ['nonce', { nonce: 'n0123456789abcdeg' }],
    ['body', { body: '{"text":"样例 🙁"}' }],
  ])('is another one for another %s', (_part, change) => {
    expect(signBridgeCall(SECRET, { ...CALL, ...change })).not.toBe(signBridgeCall(SECRET, CALL))
  })
})
