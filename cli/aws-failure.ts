import { CliFailure } from './failure.ts'
import type { AwsPlace } from './place.ts'

/** Names under which services say that a key, or the session it belongs to, is not valid any more. */
const EXPIRED = new Set(['ExpiredToken', 'ExpiredTokenException', 'RequestExpired'])
const UNKNOWN_KEY = new Set([
  'InvalidClientTokenId',
  'UnrecognizedClientException',
  'InvalidAccessKeyId',
  'InvalidSignatureException',
  'SignatureDoesNotMatch',
  'IncompleteSignature',
  'AuthFailure',
  'OptInRequired',
])
/** Of the SDK itself: nothing was sent. */
const NO_CREDENTIALS = new Set(['CredentialsProviderError', 'TokenProviderError'])

export const isDenial = (name: string): boolean =>
  /AccessDenied|UnauthorizedOperation|NotAuthorized/i.test(name)

/** @param action as in `sqs:SendMessage`; undefined where AWS did not say */
export const accessDenied = (action: string | undefined): CliFailure =>
  new CliFailure('access-denied', (t) => t.aws.accessDenied(action))

/**
 * What AWS said against a call, however deep it is wrapped; undefined for anything else. A message names the caller and the
 * account, so of it only the action is told.
 */
export function awsFailure(error: unknown, { profile, region }: AwsPlace): CliFailure | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { name, message } = cause
    if (isDenial(name)) return accessDenied(/not authorized to perform:? ([\w-]+:\w+)/i.exec(message)?.[1])
    if (EXPIRED.has(name)) return new CliFailure('session-expired', (t) => t.aws.sessionExpired(profile))
    if (UNKNOWN_KEY.has(name)) return new CliFailure('credentials-refused', (t) => t.aws.credentialsRefused)
    if (NO_CREDENTIALS.has(name))
      return /expired|reauthenticate|aws sso login/i.test(message)
        ? new CliFailure('session-expired', (t) => t.aws.sessionExpired(profile))
        : new CliFailure('no-credentials', (t) => t.aws.noCredentials(profile))
    if (message === 'Region is missing') return new CliFailure('no-region', (t) => t.aws.noRegion)
    if (message.startsWith('Region not accepted'))
      return new CliFailure('no-region', (t) => t.aws.noSuchRegion(region ?? ''))
    if ('$metadata' in cause) return new CliFailure('aws-error', (t) => t.aws.refused(name))
  }
  return undefined
}
