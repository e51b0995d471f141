import {
  CloudFormationClient,
  CloudFormationServiceException,
  DescribeStacksCommand,
} from '@aws-sdk/client-cloudformation'
import * as z from 'zod'
import { createDynamoClient } from '#adapters/dynamodb/dynamo-client.ts'
import { createSecretsClient } from '#adapters/secrets/secrets-client.ts'
import { createSqsClient } from '#adapters/sqs/sqs-client.ts'
import type { Enqueued } from '#ports/delivery-queue.ts'
import type { Clock, Ids } from '#ports/runtime.ts'
import { loadConfig } from '#runtime/config-file.ts'
import { OUTPUT_NAMES } from '../infra/output-names.ts'
import { secretNames } from '../infra/secret-names.ts'
import { stackName } from '../infra/stack-names.ts'
import { accessDenied, isDenial } from './aws-failure.ts'
import type { Connection, StackState } from './connection.ts'
import { CliFailure } from './failure.ts'
import { openConnection } from './open-connection.ts'
import { type AwsPlace, deployCommand, invokeCommand } from './place.ts'

/** From a desk, to any region. */
const CALL = { connectTimeoutMs: 5_000, requestTimeoutMs: 15_000, maxAttempts: 3 }

/**
 * Connects to the stacks of a stage by their outputs, with the credentials and the region that the AWS SDK finds unless the
 * place names others. Throws a CliFailure where there is no such deployment, else what the SDK throws.
 */
export async function connectDeployed(
  place: AwsPlace,
  runtime: { clock: Clock; ids: Ids },
): Promise<Connection> {
  const { stage, configDir, region: wanted, profile } = place
  // Not from a deployment: the functions have a copy, which nobody can read back.
  const targets = Object.keys(loadConfig(configDir).targets)
  const cloudFormation = new CloudFormationClient({
    ...(wanted === undefined ? {} : { region: wanted }),
    // Named is named: keys in the environment beside it are nothing to warn of.
    ...(profile === undefined ? {} : { profile, logger: QUIET }),
    maxAttempts: CALL.maxAttempts,
    requestHandler: {
      connectionTimeout: CALL.connectTimeoutMs,
      requestTimeout: CALL.requestTimeoutMs,
      throwOnRequestTimeout: true,
    },
  })
  const region = await cloudFormation.config.region()
  const states = await Promise.all(
    (['stateful', 'sync'] as const).map((part) => readStack(cloudFormation, stackName(stage, part))),
  )
  const stacks = states.map((state) => {
    if ('missing' in state)
      throw new CliFailure('stack-not-found', (t) =>
        t.aws.stackNotFound(state.missing, region, deployCommand(place)),
      )
    return state
  })
  const outputs = Object.fromEntries(stacks.flatMap((stack) => Object.entries(stack.outputs)))
  const required = requiredOutputs(outputs, stacks, place)
  const byTarget = (output: (target: string) => string) =>
    Object.fromEntries(
      targets.flatMap((target) => {
        const url = outputs[output(target)]
        return url === undefined ? [] : [[target, url]]
      }),
    )

  // One chain of credentials for all of them: it may wait for a process, or for another service.
  const shared = { ...CALL, region, credentials: cloudFormation.config.credentials }
  const errors: string[] = []
  const connection = openConnection(
    {
      stage,
      configDir,
      clients: {
        dynamo: createDynamoClient(shared),
        sqs: createSqsClient(shared),
        secrets: createSecretsClient(shared),
      },
      tableName: required[OUTPUT_NAMES.tableName],
      queueUrls: byTarget(OUTPUT_NAMES.queueUrl),
      dlqUrls: byTarget(OUTPUT_NAMES.deadLetterQueueUrl),
      writebackQueueUrl: outputs[OUTPUT_NAMES.writebackQueueUrl],
      writebackDlqUrl: outputs[OUTPUT_NAMES.writebackDeadLetterQueueUrl],
      secretPrefix: secretNames(stage).prefix,
      webhookUrl: (shop) => required[OUTPUT_NAMES.webhookUrl].replace('{shop}', shop),
      invoke: async (run, input) => {
        const name = outputs[OUTPUT_NAMES.runner(run.kind)]
        if (name === undefined)
          throw new CliFailure('deploy-needed', (t) =>
            t.aws.deployNeeded(run.name, stage, deployCommand(place)),
          )
        throw new CliFailure('run-with-aws', (t) => t.run.inAws(invokeCommand(place, region, name, input)))
      },
      unknown: (name) =>
        new CliFailure('deploy-needed', (t) => t.aws.deployNeeded(name, stage, deployCommand(place))),
      log: { ...SILENT, warn: (_code, _message, fields) => errors.push(String(fields?.['error'])) },
    },
    runtime,
  )
  return {
    ...connection,
    stacks: stacks.map(({ name, status }): StackState => ({ name, status })),
    queue: explained(connection.queue, errors),
    writebackQueue: explained(connection.writebackQueue, errors),
  }
}

const QUIET = { trace: () => {}, debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
const SILENT = { info: () => {}, warn: () => {}, error: () => {} }

interface Queue<Message> {
  enqueue(messages: readonly Message[]): Promise<Enqueued[]>
}

/** A refusal is no failure that passes: it ends the command. */
function explained<Message>(queue: Queue<Message>, errors: string[]): Queue<Message> {
  return {
    enqueue: async (messages) => {
      const results = await queue.enqueue(messages)
      const denial = errors.splice(0).find(isDenial)
      if (denial !== undefined)
        throw accessDenied(/kms/i.test(denial) ? 'kms:GenerateDataKey' : 'sqs:SendMessage')
      return results
    },
  }
}

interface Stack extends StackState {
  readonly outputs: Readonly<Record<string, string>>
}

const AnswerSchema = z.object({
  Stacks: z.tuple([
    z.object({
      StackStatus: z.string(),
      Outputs: z.array(z.object({ OutputKey: z.string(), OutputValue: z.string() })).default([]),
    }),
  ]),
})

async function readStack(client: CloudFormationClient, name: string): Promise<Stack | { missing: string }> {
  try {
    const answer = await client.send(new DescribeStacksCommand({ StackName: name }))
    const [{ StackStatus, Outputs }] = AnswerSchema.parse(answer).Stacks
    return {
      name,
      status: StackStatus,
      outputs: Object.fromEntries(Outputs.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue])),
    }
  } catch (error) {
    // CloudFormation has no error of its own for it.
    const missing =
      error instanceof CloudFormationServiceException &&
      error.name === 'ValidationError' &&
      /does not exist/.test(error.message)
    if (missing) return { missing: name }
    throw error
  }
}

const OutputsSchema = z.object({
  [OUTPUT_NAMES.tableName]: z.string().min(1),
  [OUTPUT_NAMES.webhookUrl]: z.url().includes('{shop}'),
})

function requiredOutputs(
  outputs: Readonly<Record<string, string>>,
  stacks: readonly StackState[],
  place: AwsPlace,
): z.infer<typeof OutputsSchema> {
  const parsed = OutputsSchema.safeParse(outputs)
  if (parsed.success) return parsed.data
  const names = [...new Set(parsed.error.issues.map(({ path }) => path.join('.')))]
  const states = stacks.map(({ name, status }) => `${name} ${status}`)
  throw new CliFailure('outputs-missing', (t) => t.aws.outputsMissing(states, names, deployCommand(place)))
}
