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

/** `…/target/{target}/erp`: what the adapter's auth needs, by name. */
export const TargetSecretSchema = z.record(z.string(), z.string())
export type TargetSecret = z.infer<typeof TargetSecretSchema>
