import { shopGatewayConformance } from '../../../test/conformance/shop-gateway.ts'
import { bridgeWorld } from './support/bridge-world.ts'

// With conformance-poll: both engines and every charset under either capture. ECShop's keys are too long for MyISAM with utf8mb4.
for (const shop of [
  { generation: '2.8', engine: 'InnoDB', charset: 'utf8mb4', capture: 'triggers' },
  { generation: '2.7', engine: 'MyISAM', charset: 'gbk', capture: 'triggers' },
] as const)
  shopGatewayConformance(
    `the bridge in ECShop ${shop.generation} on ${shop.engine} with ${shop.charset}, capturing by triggers`,
    (options) => bridgeWorld({ ...shop, ...options }),
  )
