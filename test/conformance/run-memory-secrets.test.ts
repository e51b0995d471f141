import { MemorySecrets } from '#adapters/memory/memory-secrets.ts'
import { secretsConformance } from './secrets.ts'

secretsConformance('memory', async ({ shops, bridges = {}, targets }) => {
  const secrets = new MemorySecrets()
  for (const [shop, secret] of Object.entries(shops)) secrets.putShop(shop, secret)
  for (const [shop, secret] of Object.entries(bridges)) secrets.putBridge(shop, secret)
  for (const [target, secret] of Object.entries(targets)) secrets.putTarget(target, secret)
  return secrets
})
