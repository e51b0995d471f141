import { readFileSync } from 'node:fs'
import { Webhook } from 'standardwebhooks'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { SyncConfigSchema } from '#contracts/config.ts'
import { CALLBACK_PROBLEMS, ProgressRequestSchema, STEP_PROBLEMS } from '#contracts/progress-callback.ts'
import { TargetWebhookSchema } from '#contracts/target-webhook.ts'
import { SECRET } from '../support/a-webhook-request.ts'

const docs = (path: string) => readFileSync(new URL(`../../docs/${path}`, import.meta.url), 'utf8')
const block = (text: string, language: string) =>
  new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(text)?.[1] ?? ''

const OTHER = `whsec_${Buffer.from('b secret of 32 bytes for testing').toString('base64')}`
const RecipeSchema = z.object({
  isOurs: z.custom<(headers: object, body: Uint8Array, secrets: readonly string[]) => boolean>(
    (value) => typeof value === 'function',
  ),
})

describe.each(['guides/webhook-target.md', 'guides/webhook-target.zh-CN.md'])('%s', (path) => {
  const guide = docs(path)
  const recipe = async () => {
    const module = `data:text/javascript,${encodeURIComponent(block(guide, 'js'))}`
    return RecipeSchema.parse({ ...(await import(/* @vite-ignore */ module)) }).isOurs
  }
  const body = Buffer.from('{"type":"ticket.placed","data":{"title":"龙井"}}')
  /** The library’s word for it; it reads the machine’s clock, as the recipe does. */
  const signed = (secret = SECRET, at = new Date()) => ({
    'webhook-id': 'msg_1',
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook(secret).sign('msg_1', at, body.toString()),
  })

  it('has a configuration that is valid', () => {
    const { targets } = SyncConfigSchema.parse(JSON.parse(block(guide, 'json')))
    expect(targets['desk']?.adapter).toBe('webhook')
  })

  it('verifies what the library of Standard Webhooks signs, by any secret and any signature that fits', async () => {
    const isOurs = await recipe()
    expect(isOurs(signed(), body, [SECRET])).toBe(true)
    expect(isOurs(signed(), body, [OTHER, SECRET])).toBe(true)
    const two = `${signed(OTHER)['webhook-signature']} ${signed()['webhook-signature']}`
    expect(isOurs({ ...signed(), 'webhook-signature': two }, body, [SECRET])).toBe(true)
  })

  it('refuses a wrong secret, a changed body, an old timestamp and no headers', async () => {
    const isOurs = await recipe()
    expect(isOurs(signed(OTHER), body, [SECRET])).toBe(false)
    expect(isOurs(signed(), Buffer.from(`${body.toString()} `), [SECRET])).toBe(false)
    expect(isOurs(signed(SECRET, new Date(Date.now() - 400_000)), body, [SECRET])).toBe(false)
    expect(isOurs({}, body, [SECRET])).toBe(false)
  })
})

describe('progress-v1.md', () => {
  const page = docs('contracts/progress-v1.md')

  it('has an example that fits', () => {
    expect(ProgressRequestSchema.safeParse(JSON.parse(block(page, 'json'))).success).toBe(true)
  })

  it('tells of every problem with its status, and of every code of a step', () => {
    for (const [code, { status }] of Object.entries(CALLBACK_PROBLEMS))
      expect(page).toMatch(new RegExp(`<a id="${code}"></a>\`${code}\` +\\| ${status} `))
    for (const code of Object.keys(STEP_PROBLEMS)) expect(page).toContain(`\n| \`${code}\` `)
  })
})

describe('target-webhook-v1.md', () => {
  const page = docs('contracts/target-webhook-v1.md')

  it('tells of every type', () => {
    for (const { shape } of TargetWebhookSchema.options) {
      const types = shape.type instanceof z.ZodEnum ? shape.type.options : [...shape.type.values]
      for (const type of types.filter((one) => !one.endsWith('.cancelled')))
        expect(page).toContain(`\`${type}\``)
    }
  })
})
