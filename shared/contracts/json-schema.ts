import * as z from 'zod'

export type Json = Record<string, unknown>

export const DRAFT = 'https://json-schema.org/draft/2020-12/schema'

const LONE_SURROGATE = '\ud800'

const OPTIONS = {
  io: 'input',
  override: ({ zodSchema, jsonSchema }) => {
    // A refinement has no counterpart in JSON Schema; well-formed text has a pattern that says the same.
    const text = zodSchema._zod.def.type === 'string' && jsonSchema.pattern === undefined
    if (text && z.safeParse(zodSchema, 'a').success && !z.safeParse(zodSchema, LONE_SURROGATE).success) {
      jsonSchema.pattern = '^[^\\ud800-\\udfff]*$'
    }
  },
} satisfies z.core.ToJSONSchemaParams

export const jsonSchema = (schema: z.ZodType): Json => z.toJSONSchema(schema, OPTIONS)

/** To stand inside another document. */
export function plainSchema(schema: z.ZodType): Json {
  const { $schema: _draft, ...rest } = jsonSchema(schema)
  return rest
}

/** The parts of a contract, which refer to each other as `{prefix}{name}`. */
export function namedSchemas(
  parts: Readonly<Record<string, z.ZodType>>,
  prefix: string,
): Record<string, Json> {
  const registry = z.registry<{ id: string }>()
  for (const [id, schema] of Object.entries(parts)) registry.add(schema, { id })
  const { schemas } = z.toJSONSchema(registry, { ...OPTIONS, uri: (id) => `${prefix}${id}` })
  return Object.fromEntries(
    Object.entries(schemas).map(([id, { $schema: _draft, $id: _uri, ...schema }]) => [id, schema]),
  )
}
