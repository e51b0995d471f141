import { MemorySecrets } from '#adapters/memory/memory-secrets.ts'
import { secretsConformance } from './secrets.ts'

secretsConformance('memory', async ({ shops, targets }) => {
  const secrets = new MemorySecrets()
  for (const [shop, secret] of Object.entries(shops)) secrets.putShop(shop, secret)
  for (const [target, secret] of Object.entries(targets)) secrets.putTarget(target, secret)
  return secrets
})
