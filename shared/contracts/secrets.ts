import * as z from 'zod'

/** `…/shop/{shop}/webhook`: two signing secrets may be valid at once; epochs are listed oldest first, only the last may post. */
export const ShopSecretSchema = z.object({
  secrets: z
    .array(z.string().regex(/^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/))
    .min(1)
    .max(2),
  epochs: z.array(z.string()).min(1),
})
export type ShopSecret = z.infer<typeof ShopSecretSchema>

/** A bridge answers over TLS, unless it is on this very machine. */
const BridgeUrlSchema = z
  .url({ protocol: /^https?$/ })
  .refine((url) => url.startsWith('https:') || /^http:\/\/(127\.|localhost[:/]|\[::1\])/.test(url), {
    error: 'is neither https nor on this machine',
  })
  .refine((url) => url.endsWith('/'), { error: 'does not end with a slash' })
const BridgeKeySchema = z.string().regex(/^brsec_[A-Za-z0-9+/]{32,88}={0,2}$/)

/** `…/shop/{shop}/bridge`: where the shop is read and written, and what signs the calls: the newest key first. */
export const BridgeSecretSchema = z.object({
  url: BridgeUrlSchema.describe('…/erpsync/v1/'),
  secrets: z.array(BridgeKeySchema).min(1).max(2),
})
export type BridgeSecret = z.infer<typeof BridgeSecretSchema>

/** What the bridge's setup shows for `npm run sync -- connect`: base64 of this as JSON. */
export const ConnectCodeSchema = z.object({
  v: z.literal(1),
  url: BridgeUrlSchema,
  epoch: z.string().regex(/^[A-Za-z0-9-]{4,40}$/),
  webhook: ShopSecretSchema.shape.secrets.element,
  bridge: BridgeKeySchema,
})
export type ConnectCode = z.infer<typeof ConnectCodeSchema>

/** `…/target/{target}/erp`: what the adapter's auth needs, by name. */
export const TargetSecretSchema = z.record(z.string(), z.string())
export type TargetSecret = z.infer<typeof TargetSecretSchema>
