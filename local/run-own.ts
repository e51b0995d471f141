import { once } from 'node:events'
import type { SyncConfig } from '#contracts/config.ts'
import type { Secrets } from '#ports/secrets.ts'
import { cloudDirOf, startBridge } from './bridge.ts'
import { buildAssembly, checkPorts, readConfig, takeDataDirectory } from './prepare.ts'
import { type Session, secondsSince } from './session.ts'

/** The bridge alone, with a configuration of one's own, until it is stopped. */
export async function runOwn(session: Session, configDir: string): Promise<number> {
  const { options, texts, say, dataDir, dataFlag, signal, atEnd } = session
  const config = readConfig(configDir, texts)
  takeDataDirectory(session)
  await checkPorts(session, ['api'])
  say(texts.ownTitle(configDir))
  const assembly = await buildAssembly(session, configDir)
  const bridge = await startBridge({
    assembly,
    dataDir,
    cloudDir: cloudDirOf(dataDir, 'own'),
    configDir,
    config,
    apiPort: options.ports.api,
  })
  atEnd(bridge.stop)
  say(texts.ready(secondsSince()))

  for (const [shop, url] of Object.entries(bridge.endpoints.webhookUrls))
    say(`  ${texts.webhook(shop)}: ${url}`)
  say(`  ${texts.configFolder}: ${configDir} (${texts.reloads})`)
  say(`  ${texts.dataFolder}: ${dataDir}`)
  const missing = await missingSecrets(config, bridge.secrets)
  if (missing.length > 0) {
    say(texts.putSecrets)
    for (const name of missing) say(`  npm run sync -- secret put ${name}${dataFlag}`)
  }
  say(texts.stopHint)
  if (!signal.aborted) await once(signal, 'abort')
  return 0
}

/** Without the prefix of the stage. */
async function missingSecrets(config: SyncConfig, secrets: Secrets): Promise<string[]> {
  const wanted = [
    ...Object.keys(config.shops).map((shop) => ({
      name: `shop/${shop}/webhook`,
      value: () => secrets.shop(shop),
    })),
    ...Object.entries(config.targets)
      .filter(([, { rest }]) => rest.auth.type !== 'none')
      .map(([target]) => ({ name: `target/${target}/erp`, value: () => secrets.target(target) })),
  ]
  // One that is there and cannot be read has to be put again just as well.
  const values = await Promise.all(wanted.map(({ value }) => value().catch(() => undefined)))
  return wanted.flatMap(({ name }, index) => (values[index] ? [] : [name]))
}
