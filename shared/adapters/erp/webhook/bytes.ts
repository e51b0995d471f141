import * as z from 'zod'

const WebhookBytesSchema = z.strictObject({
  type: z.string(),
  data: z.record(z.string(), z.unknown()),
  document: z.strictObject({ id: z.string(), no: z.string().optional() }).optional(),
})
/** The stored form of a message. Its timestamp and signature are added when it is sent. */
export type WebhookBytes = z.infer<typeof WebhookBytesSchema>

export function readBytes(text: string): WebhookBytes | undefined {
  try {
    return WebhookBytesSchema.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}
