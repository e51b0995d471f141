import { shortHash } from './content-hash.ts'

/** What the bridge takes (contracts/bridge.ts). */
const MAX_ID = 64

/** The id of a command for a shop: two targets may count alike, and the shop knows a command by it alone. */
export function commandId(target: string, id: string): string {
  const full = `${target}/${id}`
  return full.length <= MAX_ID ? full : `${target}/${shortHash(id, MAX_ID - target.length - 1)}`
}
