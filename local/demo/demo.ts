import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { LedgerRow } from '#contracts/ledger-row.ts'
import { orderSourceId } from '#domain/reference.ts'
import { secretNames } from '../../infra/secret-names.ts'
import type { Bridge } from '../bridge.ts'
import { close, listen } from '../cloud/listen.ts'
import { BRIDGE_PATH } from './bridge-api.ts'
import { DEMO_DESK, DEMO_SHOP, DEMO_TARGET } from './demo-config.ts'
import { DemoDesk } from './desk.ts'
import { DemoErp } from './erp.ts'
import { DemoShop } from './shop.ts'
import type { ShopOrder } from './shop-order.ts'
import { createShopServer } from './shop-server.ts'

export interface Demo {
  readonly shop: DemoShop
  readonly erp: DemoErp
  readonly desk: DemoDesk
  readonly shopUrl: string
  /** Gives the bridge the demo's secrets, and the shop the bridge: with webhooks it tells of its changes. */
  connect(bridge: Bridge, webhooks: boolean): Promise<void>
  readonly stop: () => Promise<void>
}

/** @throws an EADDRINUSE of node, with its port */
export async function startDemo(
  dataDir: string,
  ports: { readonly erp: number; readonly shop: number; readonly desk: number },
): Promise<Demo> {
  const dir = join(dataDir, 'demo')
  const erp = new DemoErp({ dataDir: dir, newApiKey: () => randomBytes(24).toString('base64url') })
  const desk = new DemoDesk({
    dataDir: dir,
    newSecret: () => `whsec_${randomBytes(24).toString('base64')}`,
  })
  await erp.listen(ports.erp)
  const shop = new DemoShop({ file: join(dir, 'shop.sqlite') })
  let webhookUrl = ''
  const server = createShopServer(shop, () => webhookUrl)
  const stop = async () => {
    await Promise.all([close(server), shop.close(), erp.close(), desk.close()])
  }
  const shopUrl = await Promise.all([listen(server, ports.shop), desk.listen(ports.desk)])
    .then(([url]) => url)
    .catch(async (error: unknown) => {
      await stop()
      throw error
    })

  return {
    shop,
    erp,
    desk,
    shopUrl,
    stop,
    connect: async (bridge, webhooks) => {
      await putSecrets(bridge, { shop, shopUrl, erp, desk })
      webhookUrl = bridge.endpoints.webhookUrls[DEMO_SHOP] ?? ''
      desk.tellTo(`${bridge.endpoints.apiUrl}/v1/targets/${DEMO_DESK}/progress`)
      if (webhooks) shop.relayTo(webhookUrl)
    },
  }
}

/** What is there and fits stays: a rotation somebody began is theirs to end. */
async function putSecrets(
  { cloud, endpoints, secrets }: Bridge,
  { shop, shopUrl, erp, desk }: Pick<Demo, 'shop' | 'shopUrl' | 'erp' | 'desk'>,
): Promise<void> {
  const names = secretNames(endpoints.stage)
  const { epoch, secret } = shop.identity
  const known = await secrets.shop(DEMO_SHOP)
  if (!known?.secrets.includes(secret) || known.epochs.at(-1) !== epoch) {
    const epochs = [...(known?.epochs ?? []).filter((older) => older !== epoch), epoch]
    await cloud.putSecret(names.shop(DEMO_SHOP), JSON.stringify({ secrets: [secret], epochs }))
  }
  const url = `${shopUrl}${BRIDGE_PATH}`
  const { bridgeSecret } = shop.database
  const bridge = await secrets.bridge(DEMO_SHOP)
  if (bridge?.url !== url || !bridge.secrets.includes(bridgeSecret)) {
    await cloud.putSecret(names.bridge(DEMO_SHOP), JSON.stringify({ url, secrets: [bridgeSecret] }))
  }
  if (!(await secrets.target(DEMO_TARGET))) {
    await cloud.putSecret(names.target(DEMO_TARGET), JSON.stringify({ token: erp.apiKey }))
  }
  if (!(await secrets.target(DEMO_DESK))) {
    await cloud.putSecret(names.target(DEMO_DESK), JSON.stringify(desk.secrets))
  }
}

export const rowOfDemo =
  ({ ledger }: Pick<Bridge, 'ledger'>) =>
  ({ id, addTime }: ShopOrder): Promise<LedgerRow | undefined> =>
    ledger.get({
      shop: DEMO_SHOP,
      kind: 'order',
      sourceId: orderSourceId(String(id), addTime),
      target: DEMO_TARGET,
    })
