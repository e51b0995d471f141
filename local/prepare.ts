import { createServer } from 'node:http'
import type { SyncConfig } from '#contracts/config.ts'
import type { Endpoints } from '#contracts/endpoints.ts'
import { prepareAssembly } from './assembly-cache.ts'
import { type ConfigProblem, checkConfig } from './check-config.ts'
import { CloudError } from './cloud/cloud-error.ts'
import { close, listen } from './cloud/listen.ts'
import { lock } from './lock.ts'
import { PORT_FLAGS, type Ports } from './options.ts'
import { CannotStartError, type Session } from './session.ts'
import type { Texts } from './texts.ts'

/** @throws {CannotStartError} */
export function takeDataDirectory({ dataDir, texts, atEnd }: Session): void {
  const release = lock(dataDir)
  if (!release) throw new CannotStartError(texts.dataInUse(dataDir))
  atEnd(release)
}

/** Before anything takes time. @throws {CannotStartError} for a port in use */
export async function checkPorts(
  { options, texts }: Session,
  names: readonly (keyof Ports)[],
): Promise<void> {
  for (const name of names) {
    const server = createServer()
    try {
      await listen(server, options.ports[name])
      await close(server)
    } catch (error) {
      throw explained(error, options.ports, texts)
    }
  }
}

/** @throws {CannotStartError} */
export function readConfig(dir: string, texts: Texts): SyncConfig {
  const checked = checkConfig(dir)
  if (!checked.ok) throw new CannotStartError(sentenceOf(checked.problem, texts))
  return checked.config
}

/** The folder of the assembly. @throws {CannotStartError} */
export async function buildAssembly(
  session: Session,
  stage: Endpoints['stage'],
  configDir: string,
): Promise<string> {
  const { root, dataDir, signal, say, texts } = session
  const onBuild = () => say(texts.building)
  const assembly = await prepareAssembly({ root, stage, configDir, dataDir, signal, onBuild })
  signal.throwIfAborted()
  if (!assembly.ok) throw new CannotStartError(texts.notBuilt(assembly.message))
  return assembly.dir
}

/** The error in the words of whoever started it; one we do not know stays itself. */
export function explained(error: unknown, ports: Ports, texts: Texts): unknown {
  if (!(error instanceof CloudError)) return error
  const { code, fields, message } = error
  switch (code) {
    case 'port-in-use': {
      const port = Number(fields['port'])
      const flag = ports.api === port ? 'api' : ports.erp === port ? 'erp' : 'shop'
      return new CannotStartError(texts.portInUse(port, PORT_FLAGS[flag], port + 1))
    }
    case 'data-in-use':
      return new CannotStartError(texts.dataInUse(String(fields['dataDir'])))
    case 'data-outdated':
      return new CannotStartError(texts.dataOutdated(String(fields['dataDir'])))
    case 'assembly-invalid':
    case 'resource-unsupported':
    case 'property-unsupported':
    case 'value-unresolved':
    case 'name-unknown':
      return new CannotStartError(texts.cannotStart(code, message))
  }
}

function sentenceOf(problem: ConfigProblem, texts: Texts): string {
  switch (problem.is) {
    case 'missing':
      return texts.configMissing(problem.file)
    case 'not-json':
      return texts.configNotJson(problem.file)
    case 'invalid':
      return texts.configInvalid(problem.file, problem.field, problem.message, problem.more)
    case 'mapping-missing':
      return texts.mappingMissing(problem.file, problem.target)
    case 'mapping-broken':
      return texts.mappingBroken(problem.message, problem.target)
  }
}
