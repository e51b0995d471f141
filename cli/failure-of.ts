import { CommanderError } from 'commander'
import { ConfigError } from '#runtime/config-file.ts'
import { awsFailure } from './aws-failure.ts'
import { CliFailure } from './failure.ts'
import type { Place } from './place.ts'
import type { Texts } from './texts.ts'
import type { Told } from './told.ts'

/** What a person is told of anything that was thrown. @param place undefined before it is known */
export function failureOf(error: unknown, place: Place | undefined): CliFailure {
  if (error instanceof CliFailure) return error
  if (error instanceof CommanderError) return new CliFailure('usage', (t) => usageText(error, t), 2)
  if (error instanceof ConfigError)
    return new CliFailure('config', (t) => t.configBroken(error.message, error.remedy))
  const network = networkCode(error)
  if (network !== undefined)
    return new CliFailure('unreachable', (t) =>
      place?.is === 'aws' ? t.aws.unreachable(network) : t.unreachable(network),
    )
  const refused = place?.is === 'aws' ? awsFailure(error, place) : undefined
  if (refused) return refused
  // Only the kind: a message may quote what it stumbled over.
  const kind = error instanceof Error ? error.name : 'unknown'
  return new CliFailure('unexpected', (t) => t.unexpected(kind))
}

function usageText(error: CommanderError, t: Texts): Told {
  // Without a command the help was already written.
  if (error.code === 'commander.help') return { message: '' }
  const name = /'([^']*)'/.exec(error.message)?.[1] ?? ''
  const meant = /Did you mean (?:one of )?(.*)\?/.exec(error.message)?.[1]
  const sentences: Readonly<Record<string, unknown>> = t.usage
  const sentence = sentences[error.code]
  const message =
    typeof sentence === 'function' ? String(sentence(name)) : error.message.replace(/^error: /, '')
  return {
    message: meant === undefined ? message : `${message} ${t.usage.didYouMean(meant)}`,
    remedy: t.usage.help,
  }
}

const NETWORK =
  /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|\w*CERT\w*|UND_ERR_\w+|TimeoutError)$/

/** What the network said, however deep it is wrapped. */
function networkCode(error: unknown): string | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && typeof cause.code === 'string' && NETWORK.test(cause.code)) return cause.code
    if (NETWORK.test(cause.name)) return cause.name
  }
  return undefined
}
