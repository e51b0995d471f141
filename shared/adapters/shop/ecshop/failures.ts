import { redact } from '#adapters/http/redact.ts'
import type { HttpAnswer, HttpResult } from '#adapters/http/transport.ts'
import type { BridgeProblem, BridgeProblemCode } from '#contracts/bridge.ts'
import type { ShopFailure } from '#domain/shop-failure.ts'

/** A write may have happened although nothing came back; a read has not to be asked that. */
export type Manner = 'read' | 'write'

/** The shop does not let us in, or does not speak for itself now: a person has to act, and every call fares alike. */
const DENIED: ReadonlySet<string> = new Set<BridgeProblemCode>([
  'missing-signature',
  'bad-signature',
  'wrong-clock',
  'replayed',
  'not-installed',
  'not-bound',
  'restored',
])

/** A refusal in the bridge's own words. */
export function problemFailure(status: number, problem: BridgeProblem, manner: Manner): ShopFailure {
  const failure = {
    code: problem.code,
    message: redact(problem.message),
    remedy: redact(problem.remedy),
    ...(problem.field === undefined ? {} : { field: redact(problem.field) }),
  }
  if (DENIED.has(problem.code)) return { class: 'AuthDenied', ...failure }
  // It stopped in the midst of its work: how far it got is not known.
  if (problem.code === 'internal-error' && manner === 'write') return { class: 'Unknown', ...failure }
  return { class: status >= 500 || status === 429 ? 'Unavailable' : 'Refused', ...failure }
}

/** An answer that is not the bridge's: of a web server, a firewall or a proxy before it. */
export function strangeAnswer({ status }: HttpAnswer, manner: Manner): ShopFailure {
  const code = `http-${status}`
  const message = `The shop answered with HTTP ${status} and nothing the bridge would say.`
  if (status === 401 || status === 403) {
    return { class: 'AuthDenied', code, message, remedy: REMEDIES.firewall }
  }
  if (status >= 300 && status < 400) {
    return { class: 'Unavailable', code, message, remedy: REMEDIES.redirect }
  }
  if (status >= 400 && status < 500) return { class: 'Unavailable', code, message, remedy: REMEDIES.address }
  if (status >= 500) return unclear(manner, code, message, REMEDIES.log)
  return unclear(manner, 'unreadable', message, REMEDIES.log)
}

/** An answer in form, whose content does not fit the contract. */
export const misfit = (field: string, manner: Manner): ShopFailure => ({
  ...unclear(manner, 'unreadable', 'The answer does not fit the contract.', REMEDIES.version),
  ...(field && { field }),
})

export function transportFailure(result: Exclude<HttpResult, HttpAnswer>, manner: Manner): ShopFailure {
  const code = result.code.toLowerCase().replaceAll('_', '-')
  if (result.is === 'not-sent') {
    const message = `Nothing was sent: the shop could not be reached (${code}).`
    return { class: 'Unavailable', code, message, remedy: REMEDIES.reach }
  }
  const message =
    code === 'timeout' ? 'The shop did not answer in time.' : `The shop broke off the answer (${code}).`
  return unclear(manner, code, message, REMEDIES.wait)
}

function unclear(manner: Manner, code: string, message: string, remedy: string): ShopFailure {
  return { class: manner === 'write' ? 'Unknown' : 'Unavailable', code, message, remedy }
}

/** A command that came with a later version than the one in the shop. */
export const tooOld = (version: string): ShopFailure => ({
  class: 'Refused',
  code: 'bridge-too-old',
  message: `The bridge in the shop (version ${redact(version)}) does not know this command yet.`,
  remedy: 'Copy the folder erpsync of this version over the one in the shop.',
})

export const NO_ACCESS: ShopFailure = {
  class: 'AuthDenied',
  code: 'not-connected',
  message: 'This shop has no address and secret of its bridge yet.',
  remedy: 'Run `npm run sync -- connect` with the code that the setup page of the bridge shows.',
}

const REMEDIES = {
  reach: 'Wait, or check the address of the shop, its name in the DNS and its TLS certificate.',
  wait: 'Wait: it is asked again.',
  address:
    'Open the address of the bridge in a browser: health.php has to answer with JSON. Copy the folder erpsync again if it does not.',
  redirect: 'Connect the shop with the address it redirects to, mostly https or with www.',
  firewall: 'Let calls to the folder erpsync pass the password or the firewall of the shop’s web server.',
  log: 'Look into the PHP error log of the shop.',
  version: 'Update the bridge in the shop, or this service: the older of the two.',
} as const
