import { describe, expect, it } from 'vitest'
import type { BridgeSecret, ShopSecret, TargetSecret } from '#contracts/secrets.ts'
import type { Secrets } from '#ports/secrets.ts'

export interface PutSecrets {
  readonly shops: Readonly<Record<string, ShopSecret>>
  readonly bridges?: Readonly<Record<string, BridgeSecret>>
  readonly targets: Readonly<Record<string, TargetSecret>>
}

const SHOP: ShopSecret = {
  secrets: [`whsec_${'bmV3'.repeat(8)}`, `whsec_${'b2xk'.repeat(8)}`],
  epochs: ['epoch-one', 'epoch-two'],
}

const BRIDGE: BridgeSecret = {
  url: 'https://shop.example/erpsync/v1/',
  secrets: [`brsec_${'bmV3'.repeat(8)}`],
}

/** What every Secrets does. `open` gives one that holds these. */
export function secretsConformance(store: string, open: (put: PutSecrets) => Promise<Secrets>): void {
  describe(`secrets in ${store}`, () => {
    it('are found by shop and by target', async () => {
      const secrets = await open({
        shops: { A1: SHOP },
        targets: { 'erp-one': { key: 'k', secret: '密钥' } },
      })
      expect(await secrets.shop('A1')).toEqual(SHOP)
      expect(await secrets.target('erp-one')).toEqual({ key: 'k', secret: '密钥' })
    })

    it('tell where the bridge of a shop is, and its keys', async () => {
      const secrets = await open({ shops: { A1: SHOP }, bridges: { A1: BRIDGE }, targets: {} })
      expect(await secrets.bridge('A1')).toEqual(BRIDGE)
      expect(await secrets.bridge('B2')).toBeUndefined()
    })

    it('are undefined where nobody put one', async () => {
      const secrets = await open({ shops: { A1: SHOP }, targets: {} })
      expect(await secrets.shop('B2')).toBeUndefined()
      expect(await secrets.target('A1')).toBeUndefined()
    })

    it('are not shared with the caller that read them', async () => {
      const secrets = await open({ shops: { A1: SHOP }, targets: {} })
      const read = await secrets.shop('A1')
      read?.epochs.pop()
      expect(await secrets.shop('A1')).toEqual(SHOP)
    })
  })
}
