import type { WebhookTarget } from '#contracts/webhook-target.ts'
import type { ErpTarget } from '#ports/erp-target.ts'
import { readBytes } from './bytes.ts'
import { probeWebhook } from './probe.ts'
import { keysIn } from './signature.ts'

const KEYS = ['signing', 'callback'] as const

export function describeWebhookTarget(config: WebhookTarget): ErpTarget {
  return {
    secretNames: ['signing'],
    malformedSecrets: (secret) => KEYS.filter((name) => secret[name] !== undefined && !keysIn(secret[name])),
    mappingProblems: () => [],
    showRequest({ bytes }) {
      const { type, data } = readBytes(bytes) ?? {}
      return {
        method: 'POST',
        url: config.url,
        headers: { accept: 'application/json', 'content-type': 'application/json' },
        credentialHeaders: ['webhook-id', 'webhook-timestamp', 'webhook-signature'],
        body: { type, data },
      }
    },
    probe: (deps) => probeWebhook({ ...deps, config }),
  }
}
