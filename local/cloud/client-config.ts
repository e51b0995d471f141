import { REGION } from './identity.ts'

/** An SDK client of an engine on this machine. Complete, so that no profile of the developer is ever read. */
export function clientConfig(endpoint: string) {
  return { endpoint, region: REGION, credentials: { accessKeyId: 'local', secretAccessKey: 'local' } }
}
