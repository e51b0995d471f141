import * as z from 'zod'
import { STAGE_NAMES } from '../infra/stages.ts'
import { CliFailure } from './failure.ts'

export const LOCAL_STAGE = 'local'

/** What `npm start` runs on this machine. */
export interface LocalPlace {
  readonly is: 'local'
  readonly dataDir: string
  /** Read instead of the configuration that runs. */
  readonly configDir?: string
  readonly flags: string
}

/** A stage deployed to AWS. */
export interface AwsPlace {
  readonly is: 'aws'
  readonly stage: string
  readonly configDir: string
  /** Of the caller’s AWS configuration unless named. */
  readonly region?: string
  readonly profile?: string
  readonly flags: string
}

/** The deployment that a command is about. `flags` name it again: a command that is told as a remedy ends with them. */
export type Place = LocalPlace | AwsPlace

const OptionsSchema = z.object({
  stage: z.string().optional(),
  region: z.string().optional(),
  profile: z.string().optional(),
  config: z.string().optional(),
  data: z.string().optional(),
})

/** What brings the stacks to what the configuration says. */
export const deployCommand = ({ stage, configDir }: AwsPlace): string =>
  `npx cdk deploy --all -c stage=${stage} -c config=${quoted(configDir)}`

/** What invokes a function of a stage: for this alone the tools need no client of Lambda. */
export const invokeCommand = (
  { profile }: AwsPlace,
  region: string,
  functionName: string,
  input: object,
): string =>
  [
    `aws lambda invoke --function-name ${functionName} --region ${region}`,
    ...(profile === undefined ? [] : [`--profile ${quoted(profile)}`]),
    `--cli-binary-format raw-in-base64-out --cli-read-timeout 310 --payload '${JSON.stringify(input)}' /dev/stdout`,
  ].join(' ')

/** As a shell takes it. */
const quoted = (value: string) => (/\s/.test(value) ? JSON.stringify(value) : value)

/** Throws a CliFailure for options that do not go together, and for a stage there is none of. */
export function placeOf(
  given: unknown,
  { dataDir, path }: { dataDir: string; path: (relative: string) => string },
): Place {
  const options = OptionsSchema.parse(given)
  const { stage = LOCAL_STAGE, region, profile, config, data } = options
  const wrong = (say: CliFailure['say']) => new CliFailure('usage', say, 2)
  if (!STAGE_NAMES.includes(stage)) throw wrong((t) => t.usage.unknownStage(stage, STAGE_NAMES))
  const flags = Object.entries(options)
    .map(([name, value = '']) => ` --${name} ${quoted(value)}`)
    .join('')
  if (stage === LOCAL_STAGE) {
    const unfit = region !== undefined ? '--region' : profile !== undefined ? '--profile' : undefined
    if (unfit !== undefined) throw wrong((t) => t.usage.onlyWithStage(unfit))
    return {
      is: 'local',
      dataDir: data === undefined ? dataDir : path(data),
      ...(config === undefined ? {} : { configDir: path(config) }),
      flags,
    }
  }
  if (data !== undefined) throw wrong((t) => t.usage.dataIsLocal)
  return {
    is: 'aws',
    stage,
    configDir: path(config ?? '.'),
    ...(region === undefined ? {} : { region }),
    ...(profile === undefined ? {} : { profile }),
    flags,
  }
}
