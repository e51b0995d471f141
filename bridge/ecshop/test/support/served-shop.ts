import { inject } from 'vitest'
import { aShop, type Shop, type ShopOptions } from './a-shop.ts'
import { CuttingProxy } from './cutting-proxy.ts'

/** Both generations, with the engine that each has. */
export const GENERATIONS: readonly ShopOptions[] = [
  { generation: '2.8', engine: 'InnoDB' },
  { generation: '2.7', engine: 'MyISAM' },
]

/** Not those by which a call is let in; of them there are now and then more. */
export const WRITE = /^\s*(INSERT|UPDATE|DELETE)\b(?!.*erpsync_nonce)/is

/** A shop whose bridge captures by triggers and can be called. */
export async function aServedShop(options: ShopOptions = {}): Promise<Shop> {
  const shop = await aShop({ capture: 'triggers', ...options })
  await shop.serve()
  return shop
}

/** The same, with so much stock that no test runs out of it, and a way to cut its connections to the database. */
export async function aCutShop(
  options: ShopOptions,
): Promise<{ readonly proxy: CuttingProxy; readonly shop: Shop; readonly dispose: () => Promise<void> }> {
  const proxy = await CuttingProxy.before(inject('mariadbPort'))
  const shop = await aServedShop({ ...options, server: proxy.port })
  await shop.sql.exec('UPDATE {goods} SET goods_number = 10000')
  return {
    proxy,
    shop,
    dispose: async () => {
      await shop.dispose()
      await proxy.close()
    },
  }
}
