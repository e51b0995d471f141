import * as z from 'zod'

type EnvSchema = z.ZodType<unknown, Record<string, string>>

/** What a function's environment must hold, as whoever deploys it has to write it: strings by name. */
export type EnvOf<Schema extends EnvSchema> = Readonly<z.input<Schema>>

/** Throws on a malformed environment, naming variables and never their values: it is a fault of the deployment. */
export function parseEnv<Schema extends EnvSchema>(
  schema: Schema,
  env: Readonly<Record<string, string | undefined>>,
): z.output<Schema> {
  const parsed = schema.safeParse(env)
  if (parsed.success) return parsed.data
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
  throw new Error(`The environment of this function is not usable. ${faults.join('; ')}`)
}

/** A whole number of milliseconds, not negative. */
export const MillisecondsSchema = z
  .string()
  .regex(/^\d{1,12}$/, { error: 'is not a whole number of milliseconds' })
  .transform(Number)

/** What every scheduled run is told. */
export const RunEnvSchema = z.object({
  STAGE: z.string().min(1),
  CONFIG_DIR: z.string().min(1).describe('relative to the bundle'),
  SECRET_PREFIX: z.string().min(1),
  TABLE_NAME: z.string().min(1),
  CALL_DEADLINE_MS: MillisecondsSchema,
  LEASE_MS: MillisecondsSchema,
  RETRY_FLOOR_MS: MillisecondsSchema,
})

/** A JSON text holding what `schema` says. */
export const jsonOf = <Schema extends z.ZodType>(schema: Schema) =>
  z
    .string()
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text)
      } catch {
        context.issues.push({ code: 'custom', message: 'is not JSON', input: text })
        return z.NEVER
      }
    })
    .pipe(schema)

/** The SDK's own variable, set by an emulator: the queue URLs it hands out name a host that does not resolve. */
export function readSqsEndpoint(): { readonly endpoint?: string } {
  const endpoint = process.env['AWS_ENDPOINT_URL_SQS']
  return endpoint === undefined ? {} : { endpoint }
}
