import * as z from 'zod'
import { mappingFileProblem } from '#adapters/mapping/mapping-file-problem.ts'
import type { OdooTarget } from '#contracts/odoo-target.ts'
import type { ErpTarget } from '#ports/erp-target.ts'
import { probeOdoo } from './probe.ts'

/** Whatever is written, its stored form names the method. */
const BytesSchema = z.looseObject({ call: z.string() })

export function describeOdooTarget(config: OdooTarget): ErpTarget {
  return {
    secretNames: ['key'],
    mappingProblems: (configDir) =>
      config.mapping === undefined ? [] : [mappingFileProblem(config.mapping, configDir) ?? []].flat(),
    showRequest({ bytes }) {
      const { call, ...body } = BytesSchema.parse(JSON.parse(bytes))
      return {
        method: 'POST',
        url: `${config.url.replace(/\/+$/, '')} ${call}`,
        headers: {},
        credentialHeaders: ['key'],
        ...(Object.keys(body).length > 0 ? { body } : {}),
      }
    },
    probe: (deps) => probeOdoo({ ...deps, config }),
  }
}
