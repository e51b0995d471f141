import { Stack } from 'aws-cdk-lib'
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda'
import { CfnSchedule, type CfnScheduleGroup } from 'aws-cdk-lib/aws-scheduler'
import { Construct } from 'constructs'

export interface MinuteSchedulesProps {
  readonly group: CfnScheduleGroup
  readonly function: LambdaFunction
  /** What the function is handed, by the name of the schedule. */
  readonly inputs: Readonly<Record<string, Readonly<Record<string, string>>>>
}

/** Invokes a function every minute, once with each input. The function itself decides whether there is something to do. */
export class MinuteSchedules extends Construct {
  constructor(scope: Construct, id: string, { group, function: target, inputs }: MinuteSchedulesProps) {
    super(scope, id)
    // The role that aws-scheduler-targets makes may invoke every version of the function.
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    })
    role.addToPolicy(
      new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [target.functionArn] }),
    )
    for (const [name, input] of Object.entries(inputs)) {
      const schedule = new CfnSchedule(this, name, {
        name,
        groupName: group.ref,
        scheduleExpression: 'rate(1 minute)',
        flexibleTimeWindow: { mode: 'OFF' },
        target: {
          arn: target.functionArn,
          roleArn: role.roleArn,
          input: JSON.stringify(input),
          // The next minute is the retry.
          retryPolicy: { maximumRetryAttempts: 0, maximumEventAgeInSeconds: 60 },
        },
      })
      // Its first invocation comes at once.
      schedule.node.addDependency(role)
    }
  }
}
