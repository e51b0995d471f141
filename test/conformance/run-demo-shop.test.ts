import { demoShopWorld } from '../support/demo-shop-world.ts'
import { shopGatewayConformance } from './shop-gateway.ts'

shopGatewayConformance('the demo shop', demoShopWorld)
