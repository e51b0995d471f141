import { once } from 'node:events'
import { describeTarget } from '#adapters/erp/describe-target.ts'
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
  const assembly = await buildAssembly(session, 'local', configDir)
  const bridge = await startBridge({
    stage: 'local',
    assembly,
    dataDir,
    cloudDir: cloudDirOf(dataDir, 'own'),
    configDir,
    config,
    apiPort: options.ports.api,
    schedules: true,
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
    for (const command of missing) say(`  npm run sync -- ${command}${dataFlag}`)
  }
  say(texts.stopHint)
  if (!signal.aborted) await once(signal, 'abort')
  return 0
}

/** The commands that put them. */
async function missingSecrets(config: SyncConfig, secrets: Secrets): Promise<string[]> {
  const wanted = [
    ...Object.keys(config.shops).map((shop) => ({
      command: `connect ${shop}`,
      value: () => secrets.shop(shop),
    })),
    ...Object.entries(config.targets)
      .filter(([, target]) => describeTarget(target).secretNames.length > 0)
      .map(([target]) => ({
        command: `secret put target/${target}/erp`,
        value: () => secrets.target(target),
      })),
  ]
  // One that is there and cannot be read has to be put again just as well.
  const values = await Promise.all(wanted.map(({ value }) => value().catch(() => undefined)))
  return wanted.flatMap(({ command }, index) => (values[index] ? [] : [command]))
}
