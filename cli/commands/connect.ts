import * as z from 'zod'
import {
  type BridgeSecret,
  type ConnectCode,
  ConnectCodeSchema,
  type ShopSecret,
} from '#contracts/secrets.ts'
import { type Cli, defineCommand } from '../command.ts'
import { CliFailure } from '../failure.ts'
import { parseJson } from '../parse-json.ts'
import { attempt } from '../secret-state.ts'

/** Takes what the bridge's setup shows: puts both secrets of the shop and makes its epoch the one that may post. */
export const connect = defineCommand({
  name: 'connect <shop>',
  describe: (t) => t.connect.describe,
  args: z.tuple([z.string()]),
  schema: z.object({}),
  run: async ([shop], _options, cli) => {
    const connection = await cli.connection()
    const shops = Object.keys(connection.config().shops)
    if (!shops.includes(shop)) throw new CliFailure('unknown-shop', (t) => t.unknownShop(shop, shops))
    const code = codeOf(await codeText(cli))

    const webhook = await attempt(() => connection.secrets.shop(shop))
    const bridge = await attempt(() => connection.secrets.bridge(shop))
    const next = withCode(code, webhook === 'malformed' ? undefined : webhook)
    // The bridge first: a shop that may post and cannot be read is worse off than one that cannot post yet.
    await connection.secrets.putBridge(
      shop,
      bridgeWithCode(code, bridge === 'malformed' ? undefined : bridge),
    )
    await connection.secrets.putShop(shop, next)

    const { t, format } = cli
    return {
      json: { shop, url: code.url, epoch: code.epoch, epochs: next.epochs.length },
      text: [
        t.connect.connected(shop),
        format.fields([
          [t.connect.url, code.url],
          [t.status.epoch, code.epoch],
        ]),
        t.connect.testNow,
      ].join('\n'),
    }
  },
})

/** Asked for where a person sits: a code on the command line would stay in the shell's history. */
async function codeText({ context, t }: Cli): Promise<string> {
  return (context.ask ? await context.ask(`${t.connect.ask} `) : await context.stdin()).trim()
}

/** Never quotes what was given: it holds keys. */
function codeOf(text: string): ConnectCode {
  if (text === '') throw new CliFailure('code-empty', (t) => t.connect.empty)
  const parsed = ConnectCodeSchema.safeParse(parseJson(Buffer.from(text, 'base64').toString('utf8')))
  if (parsed.success) return parsed.data
  const badUrl = parsed.error.issues.some(({ path }) => path[0] === 'url')
  throw new CliFailure('code-malformed', (t) => (badUrl ? t.connect.badUrl : t.connect.malformed))
}

/** The key before stays valid for what is under way. An older epoch never comes back: versions compare by its position. */
function withCode({ webhook, epoch }: ConnectCode, stored: ShopSecret | undefined): ShopSecret {
  if (stored?.epochs.slice(0, -1).includes(epoch))
    throw new CliFailure('epoch-known', (t) => t.connect.oldEpoch(epoch))
  return {
    secrets: newestTwo(webhook, stored?.secrets),
    epochs: [...(stored?.epochs ?? []).filter((known) => known !== epoch), epoch],
  }
}

function bridgeWithCode({ bridge, url }: ConnectCode, stored: BridgeSecret | undefined): BridgeSecret {
  return { url, secrets: newestTwo(bridge, stored?.secrets) }
}

/** A code given twice changes nothing. */
const newestTwo = (key: string, stored: readonly string[] = []) =>
  [key, ...stored.filter((known) => known !== key)].slice(0, 2)
