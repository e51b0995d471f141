import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import * as z from 'zod'
import { CloudError } from './cloud-error.ts'

const ManifestSchema = z.object({
  artifacts: z.record(
    z.string(),
    z.object({
      type: z.string(),
      properties: z
        .object({
          templateFile: z.string().optional(),
          stackName: z.string().optional(),
          file: z.string().optional(),
        })
        .optional(),
    }),
  ),
})

const ResourceSchema = z.object({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).default({}),
})

const OutputSchema = z.object({
  Value: z.unknown(),
  Export: z.object({ Name: z.unknown() }).optional(),
})

const TemplateSchema = z.object({
  Resources: z.record(z.string(), ResourceSchema).default({}),
  Outputs: z.record(z.string(), OutputSchema).default({}),
  Parameters: z
    .record(z.string(), z.object({ Type: z.string(), Default: z.unknown().optional() }))
    .default({}),
})

const AssetManifestSchema = z.object({
  files: z
    .record(
      z.string(),
      z.object({
        source: z.object({ path: z.string().optional(), packaging: z.string().optional() }),
        destinations: z.record(z.string(), z.object({ objectKey: z.string() })),
      }),
    )
    .default({}),
})

export type Template = z.infer<typeof TemplateSchema>

export interface Stack extends Template {
  readonly name: string
}

export interface Assembly {
  readonly stacks: readonly Stack[]
  /** Directory of an asset, by the S3 key its function names as code. */
  readonly assets: ReadonlyMap<string, string>
}

/** Reads what `cdk synth` wrote: every stack of one cloud assembly and the directories of its zipped assets. */
export function readAssembly(directory: string): Assembly {
  const manifest = readJson(join(directory, 'manifest.json'), ManifestSchema)
  const artifacts = Object.entries(manifest.artifacts)

  const stacks = artifacts.flatMap(([id, { type, properties }]) =>
    type === 'aws:cloudformation:stack' && properties?.templateFile
      ? [
          {
            name: properties.stackName ?? id,
            ...readJson(join(directory, properties.templateFile), TemplateSchema),
          },
        ]
      : [],
  )
  if (stacks.length === 0) throw invalid(join(directory, 'manifest.json'), 'it holds no stack')

  const assets = new Map<string, string>()
  for (const [, { type, properties }] of artifacts) {
    if (type !== 'cdk:asset-manifest' || !properties?.file) continue
    const { files } = readJson(join(directory, properties.file), AssetManifestSchema)
    for (const { source, destinations } of Object.values(files)) {
      if (source.packaging !== 'zip' || !source.path) continue
      for (const { objectKey } of Object.values(destinations)) {
        assets.set(objectKey, resolve(directory, source.path))
      }
    }
  }
  return { stacks, assets }
}

function readJson<T>(file: string, schema: z.ZodType<T>): T {
  let json: unknown
  try {
    json = JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw invalid(file, error instanceof Error ? error.message : String(error))
  }
  const parsed = schema.safeParse(json)
  if (!parsed.success) throw invalid(file, z.prettifyError(parsed.error))
  return parsed.data
}

function invalid(file: string, reason: string): CloudError {
  return new CloudError('assembly-invalid', `The assembly file ${file} cannot be used: ${reason}.`, {
    file,
    reason,
  })
}
