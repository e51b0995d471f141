import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { type EnvOf, jsonOf, MillisecondsSchema, parseEnv } from '#runtime/env.ts'

const Schema = z.object({
  STAGE: z.string().min(1),
  SETTLE_MS: MillisecondsSchema,
  URLS: jsonOf(z.record(z.string(), z.url())),
})

const env: EnvOf<typeof Schema> = {
  STAGE: 'test',
  SETTLE_MS: '300000',
  URLS: '{"alpha":"https://queue.example/alpha"}',
}

describe('the environment of a function', () => {
  it('is parsed into what the function works with, without what the machine adds', () => {
    expect(parseEnv(Schema, { ...env, PATH: '/bin' })).toEqual({
      STAGE: 'test',
      SETTLE_MS: 300_000,
      URLS: { alpha: 'https://queue.example/alpha' },
    })
  })

  it('may hold a time of zero', () => {
    expect(parseEnv(Schema, { ...env, SETTLE_MS: '0' }).SETTLE_MS).toBe(0)
  })

  it.each(['', '-1', '1.5', '1e3', 'soon', '1234567890123'])('holds no time of "%s"', (SETTLE_MS) => {
    expect(() => parseEnv(Schema, { ...env, SETTLE_MS })).toThrow(
      'The environment of this function is not usable. SETTLE_MS: is not a whole number of milliseconds',
    )
  })

  it.each([
    ['not JSON', '{"alpha":', /URLS: is not JSON$/],
    ['not what it should hold', '{"alpha":"nowhere"}', /URLS\.alpha: /],
  ])('holds no JSON text that is %s', (_, URLS, sentence) => {
    expect(() => parseEnv(Schema, { ...env, URLS })).toThrow(sentence)
  })

  it('names every faulty variable and none of their values', () => {
    const fault = () => parseEnv(Schema, { SETTLE_MS: 'hunter2', URLS: '{"alpha":"hunter2"}' })
    expect(fault).toThrow(/STAGE: .*SETTLE_MS: .*URLS\.alpha: /)
    expect(fault).not.toThrow(/hunter2/)
  })

  it('cannot be deployed with a variable missing, misnamed or not a string', () => {
    // @ts-expect-error SETTLE_MS and URLS are missing
    const missing: EnvOf<typeof Schema> = { STAGE: 'test' }
    // @ts-expect-error there is no SETTLE_MSEC
    const misnamed: EnvOf<typeof Schema> = { ...env, SETTLE_MSEC: '1' }
    // @ts-expect-error an environment holds strings
    const mistyped: EnvOf<typeof Schema> = { ...env, SETTLE_MS: 1 }
    expect(() => parseEnv(Schema, missing)).toThrow(/SETTLE_MS: .*URLS: /)
    expect(parseEnv(Schema, misnamed)).toEqual(parseEnv(Schema, env))
    expect(() => z.record(z.string(), z.string()).parse(mistyped)).toThrow(/expected string/)
  })
})
