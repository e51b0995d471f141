import * as z from 'zod'
import { mappingFileProblem } from '#adapters/mapping/mapping-file-problem.ts'
import type { RestAuth, RestTarget } from '#contracts/rest-target.ts'
import type { ErpTarget, MappingProblem } from '#ports/erp-target.ts'
import { secretNames } from './auth.ts'

const BytesSchema = z.object({
  method: z.string(),
  url: z.string(),
  headers: z.record(z.string(), z.string()),
  body: z.unknown().optional(),
})

export function describeRestTarget(config: RestTarget): ErpTarget {
  return {
    secretNames: secretNames(config.auth),
    mappingProblems: (configDir) => mappingProblems(config, configDir),
    showRequest({ bytes }) {
      const { method, url, headers, body } = BytesSchema.parse(JSON.parse(bytes))
      return {
        method,
        url: `${config.baseUrl.replace(/\/+$/, '')}${url}`,
        headers,
        credentialHeaders: credentialHeaders(config.auth),
        ...(body === undefined ? {} : { body }),
      }
    },
  }
}

function mappingProblems({ operations, kinds }: RestTarget, configDir: string): MappingProblem[] {
  const { stock, commitments, shipments, aftersales } = operations
  const writes = [operations, ...Object.values(kinds).flatMap((kind) => kind?.operations ?? [])].flatMap(
    ({ place, steps, amend, cancel, find }) => [place, ...steps, amend, cancel, find],
  )
  const reads = [stock?.bySku, stock?.since, stock?.all, commitments?.read, shipments?.read, aftersales?.read]
  const names = [...writes, ...reads, shipments?.acknowledge].flatMap((operation) => operation?.mapping ?? [])
  return [...new Set(names)]
    .filter((name) => name !== 'default' && name !== 'none')
    .flatMap((name) => mappingFileProblem(name, configDir) ?? [])
}

function credentialHeaders(auth: RestAuth): string[] {
  switch (auth.type) {
    case 'none':
      return []
    case 'basic':
    case 'bearer':
    case 'oauth2':
      return ['authorization']
    case 'apiKey':
      return [auth.header]
    case 'hmac':
      return Object.values(auth.headers).filter((name) => name !== undefined)
  }
}
