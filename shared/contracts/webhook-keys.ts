import * as z from 'zod'
import { ShopSecretSchema } from './secrets.ts'

/** A signing secret of a target (`signing`, `callback`): one, or two while the second replaces the first, with a blank or comma between. */
export const WebhookKeysSchema = z
  .string()
  .transform((text) => text.split(/[\s,]+/).filter((part) => part !== ''))
  .pipe(ShopSecretSchema.shape.secrets)
