import { shopGatewayConformance } from '../../../test/conformance/shop-gateway.ts'
import { bridgeWorld } from './support/bridge-world.ts'

// Every pair of engine, charset and capture that there is: ECShop's keys are too long for MyISAM with utf8mb4.
for (const shop of [
  { generation: '2.8', engine: 'InnoDB', charset: 'utf8mb4', capture: 'triggers' },
  { generation: '2.7', engine: 'MyISAM', charset: 'gbk', capture: 'triggers' },
  { generation: '2.7', engine: 'MyISAM', charset: 'utf8', capture: 'poll' },
  { generation: '2.7', engine: 'InnoDB', charset: 'gbk', capture: 'poll' },
  { generation: '2.8', engine: 'InnoDB', charset: 'utf8mb4', capture: 'poll' },
  { generation: '2.8', engine: 'InnoDB', charset: 'utf8', capture: 'triggers' },
] as const)
  shopGatewayConformance(
    `the bridge in ECShop ${shop.generation} on ${shop.engine} with ${shop.charset}, capturing by ${shop.capture}`,
    (options) => bridgeWorld({ ...shop, ...options }),
  )
