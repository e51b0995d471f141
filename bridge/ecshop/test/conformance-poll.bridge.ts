import { shopGatewayConformance } from '../../../test/conformance/shop-gateway.ts'
import { bridgeWorld } from './support/bridge-world.ts'

for (const shop of [
  { generation: '2.7', engine: 'MyISAM', charset: 'utf8', capture: 'poll' },
  { generation: '2.7', engine: 'InnoDB', charset: 'gbk', capture: 'poll' },
] as const)
  shopGatewayConformance(
    `the bridge in ECShop ${shop.generation} on ${shop.engine} with ${shop.charset}, capturing by polling`,
    (options) => bridgeWorld({ ...shop, ...options }),
  )
