import { createHash } from 'node:crypto'
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import type { Edit } from './edits.ts'

const TemplateSchema = z.looseObject({
  Resources: z.record(
    z.string(),
    z.looseObject({ Type: z.string(), Properties: z.record(z.string(), z.unknown()).optional() }),
  ),
})
const AssetsSchema = z.looseObject({
  files: z.record(z.string(), z.looseObject({ source: z.looseObject({ path: z.string() }) })),
})

/** Copies an assembly and edits the templates of the copy. Throws for an edit that changes nothing: it is out of date. */
export function editedCopy(assembly: string, copy: string, edits: readonly Edit[]): void {
  rmSync(copy, { recursive: true, force: true })
  cpSync(assembly, copy, { recursive: true })
  const used = new Set<Edit>()
  for (const file of readdirSync(copy).filter((name) => name.endsWith('.template.json'))) {
    const template = TemplateSchema.parse(readJson(copy, file))
    const applied = Object.entries(template.Resources).flatMap(([logicalId, { Type, Properties = {} }]) =>
      edits.filter(({ type, apply }) => type === Type && apply(Properties, logicalId)),
    )
    if (applied.length === 0) continue
    for (const edit of applied) used.add(edit)
    const text = JSON.stringify(template)
    writeFileSync(join(copy, file), text)
    renameAsset(copy, file, createHash('sha256').update(text).digest('hex'))
  }
  const unused = edits.filter((edit) => !used.has(edit)).map(({ reason }) => reason)
  if (unused.length > 0) throw new Error(`Nothing in the templates for: ${unused.join('; ')}`)
}

/** What was uploaded once under a name is not uploaded again, so other content needs another name. */
function renameAsset(assembly: string, file: string, hash: string) {
  const assets = file.replace('.template.json', '.assets.json')
  const { files } = AssetsSchema.parse(readJson(assembly, assets))
  const [id] = Object.entries(files).find(([, { source }]) => source.path === file) ?? []
  if (id === undefined) throw new Error(`${assets} does not upload ${file}`)
  for (const name of [assets, 'manifest.json']) {
    const path = join(assembly, name)
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll(id, hash))
  }
}

const readJson = (directory: string, file: string): unknown =>
  JSON.parse(readFileSync(join(directory, file), 'utf8'))
