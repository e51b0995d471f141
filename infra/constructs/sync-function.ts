import { join } from 'node:path'
import { Duration, RemovalPolicy } from 'aws-cdk-lib'
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import {
  Architecture,
  Code,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
} from 'aws-cdk-lib/aws-lambda'
import { LogGroup } from 'aws-cdk-lib/aws-logs'
import { Construct } from 'constructs'
import type { EnvOf } from '#runtime/env.ts'
import type { ErpDeliverEnvSchema } from '../../functions/erp-deliver/env.ts'
import type { ShopWebhookEnvSchema } from '../../functions/shop-webhook/env.ts'
import type { Stage } from '../stages.ts'

/** Every function by its folder, with the environment it parses: leaving a variable out does not compile. */
interface Environments {
  'shop-webhook': EnvOf<typeof ShopWebhookEnvSchema>
  'erp-deliver': EnvOf<typeof ErpDeliverEnvSchema>
}

export interface SyncFunctionProps<Name extends keyof Environments> {
  readonly stage: Stage
  readonly name: Name
  readonly description: string
  readonly environment: Environments[Name]
  readonly timeoutSeconds: number
  /** Where `infra/bundle.ts` has put the bundles. */
  readonly buildDir: string
  readonly key: IKey | undefined
}

export class SyncFunction<Name extends keyof Environments> extends Construct {
  readonly function: LambdaFunction
  readonly logGroup: LogGroup

  constructor(scope: Construct, id: string, props: SyncFunctionProps<Name>) {
    super(scope, id)
    this.logGroup = new LogGroup(this, 'Logs', {
      retention: props.stage.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
      ...(props.key && { encryptionKey: props.key }),
    })
    // The managed policy for Lambda would let it write to every log group of the account.
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') })
    this.logGroup.grantWrite(role)
    this.function = new LambdaFunction(this, 'Function', {
      description: props.description,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      code: Code.fromAsset(join(props.buildDir, props.name)),
      handler: 'index.handler',
      memorySize: 512,
      timeout: Duration.seconds(props.timeoutSeconds),
      environment: props.environment,
      role,
      logGroup: this.logGroup,
      loggingFormat: LoggingFormat.JSON,
    })
  }
}
