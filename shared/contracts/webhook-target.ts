import * as z from 'zod'

/**
 * Anything that takes signed webhooks (Standard Webhooks): n8n, Zapier, 宜搭, a service desk of one's own. Repeated messages
 * have the same `webhook-id`. Secrets: `signing`, and `callback` where it reports progress.
 */

const isLocal = (url: string) => /^http:\/\/(127\.0\.0\.1|localhost|\[::1\])([:/]|$)/.test(url)

export const WebhookTargetSchema = z
  .strictObject({
    url: z.url({ protocol: /^https?$/ }).describe('where events are posted'),
    allowPlainHttp: z
      .boolean()
      .default(false)
      .describe('permits http:// beyond this machine, e.g. inside a VPN'),
  })
  .refine(({ url, allowPlainHttp }) => !url.startsWith('http:') || isLocal(url) || allowPlainHttp, {
    path: ['url'],
    error: 'would send people’s data unencrypted: use https, or set allowPlainHttp',
  })
export type WebhookTarget = z.infer<typeof WebhookTargetSchema>
