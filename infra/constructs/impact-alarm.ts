import { Alarm, ComparisonOperator, type IMetric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch'
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions'
import type { ITopic } from 'aws-cdk-lib/aws-sns'
import { Construct } from 'constructs'
import type { Stage } from '../stages.ts'

export interface ImpactAlarmProps {
  readonly stage: Stage
  readonly topic: ITopic
  /** What rings. docs/runbooks/<kind>.md tells what to do. */
  readonly kind: string
  /** Which of several it is about: a target, an operation. */
  readonly subject?: string
  /** What the shop and its people lose while it lasts: the first thing they read in the mail. */
  readonly errorImpact: string
  /** When a person should look: at once, whatever the hour, or in the course of the working day. */
  readonly look: 'now' | 'today'
  readonly metric: IMetric
  /** It rings from this value on. */
  readonly from?: number
  /** In so many of the last three periods; where one bad period alone repairs itself. Default: the last one is enough. */
  readonly ofThree?: 2 | 3
  /** It rings when three periods go by without anything to count, instead: what should happen did not. */
  readonly onSilence?: true
}

const SILENCE = {
  comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
  treatMissingData: TreatMissingData.BREACHING,
}

/** An alarm that says what it means for people and where to read on; it tells its end as well as its beginning. */
export class ImpactAlarm extends Construct {
  constructor(scope: Construct, props: ImpactAlarmProps) {
    const { stage, topic, kind, subject, errorImpact, look, metric, from = 1, ofThree, onSilence } = props
    const name = [kind, subject].filter(Boolean).join('-')
    super(scope, name)
    const alarm = new Alarm(this, 'Alarm', {
      alarmName: `ecshop-erp-sync-${stage.name}-${name}`,
      alarmDescription: `${errorImpact} Look into it ${look}. Runbook: docs/runbooks/${kind}.md`,
      metric,
      threshold: from,
      ...(onSilence
        ? { evaluationPeriods: 3, ...SILENCE }
        : {
            comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            ...(ofThree === undefined
              ? { evaluationPeriods: 1 }
              : { evaluationPeriods: 3, datapointsToAlarm: ofThree }),
            // Most of these count what should not happen at all.
            treatMissingData: TreatMissingData.NOT_BREACHING,
          }),
    })
    const tell = new SnsAction(topic)
    alarm.addAlarmAction(tell)
    alarm.addOkAction(tell)
  }
}
