import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib'
import type { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2'
import type { Table } from 'aws-cdk-lib/aws-dynamodb'
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { FilterPattern, type ILogGroup, MetricFilter } from 'aws-cdk-lib/aws-logs'
import { Topic } from 'aws-cdk-lib/aws-sns'
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions'
import type { Construct } from 'constructs'
import { ImpactAlarm, type ImpactAlarmProps } from '../constructs/impact-alarm.ts'
import type { QueueWithDlq } from '../constructs/queue-with-dlq.ts'
import type { SyncFunction } from '../constructs/sync-function.ts'
import { customerKey } from '../customer-key.ts'
import { OUTPUT_NAMES } from '../output-names.ts'
import { type RunKind, type ScheduledRun, scheduledRuns } from '../scheduled-runs.ts'
import type { Stage } from '../stages.ts'
import type { Topology } from '../topology.ts'
import { LEDGER_OPERATIONS, type SyncFunctions } from './sync.ts'

export interface OpsStackProps extends StackProps {
  readonly stage: Stage
  readonly config: Topology
  readonly table: Table
  readonly deliveries: ReadonlyMap<string, QueueWithDlq>
  readonly writebacks: QueueWithDlq
  readonly functions: SyncFunctions
  readonly api: HttpApi
}

const PERIOD = { period: Duration.minutes(5) }
const SUM = { ...PERIOD, statistic: 'Sum' }
const MAXIMUM = { ...PERIOD, statistic: 'Maximum' }
/** A delivery that waits longer is no hiccup of the ERP. */
const WAITING_SECONDS = 3600
/** Of its timeout, from which on a function is slow. */
const SLOW = 0.9
/** A run that is due more often may still take so long, and save its place in between. */
const RUN_PERIOD_MINUTES = 10

/** All shops are compared within it, and it is over before the next night: so it rings once, and again if the drift is still there. */
const NIGHT = Duration.hours(6)

/** What goes on meanwhile, by kind of run. */
const RUN_IMPACT: Readonly<Record<RunKind, string>> = {
  stock: 'The shops go on selling by the last stock they were told.',
  shipments: 'What the ERP ships is not told in the shops: buyers see no tracking number.',
  aftersales: 'What happens to returns and tickets is not told in the shops: buyers hear nothing.',
  sweep: 'What the webhook missed is not found.',
}

/** What tells people. It can be left out or replaced without a trace in what runs. */
export class OpsStack extends Stack {
  readonly #props: OpsStackProps
  readonly #topic: Topic

  constructor(scope: Construct, id: string, props: OpsStackProps) {
    super(scope, id, props)
    this.#props = props
    this.#topic = this.#alarmTopic()
    this.#webhook(props.functions.webhook)
    for (const [target, queues] of props.deliveries) this.#queues(target, queues)
    for (const [target, deliver] of props.functions.delivers) this.#deliver(target, deliver)
    this.#writeback(props.functions.writeback)
    if (props.functions.callback) this.#callback(props.functions.callback)
    for (const [kind, runner] of props.functions.runners) this.#runner(kind, runner)
    this.#table()
    new CfnOutput(this, OUTPUT_NAMES.alarmTopicArn, { value: this.#topic.topicArn })
  }

  #alarmTopic(): Topic {
    const { config } = this.#props
    const key = customerKey(this, config)
    const topic = new Topic(this, 'Alarms', { enforceSSL: true, ...(key && { masterKey: key }) })
    // A topic with a policy of its own has lost the one that let its account publish.
    topic.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [topic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': this.account } },
      }),
    )
    const email = config.deploy?.alarmEmail
    if (email !== undefined) topic.addSubscription(new EmailSubscription(email))
    return topic
  }

  #webhook({ function: webhook, logGroup }: SyncFunction) {
    this.#alarm({
      kind: 'webhook-errors',
      errorImpact:
        'The webhook broke off: events of the shops are not taken in. They stay in the shops and come again.',
      look: 'now',
      metric: webhook.metricErrors(SUM),
    })
    this.#alarm({
      kind: 'webhook-throttles',
      errorImpact:
        'AWS refuses to run the webhook: events of the shops come in late. They stay in the shops and come again.',
      look: 'now',
      metric: webhook.metricThrottles(SUM),
      ofThree: 2,
    })
    this.#alarm({
      kind: 'webhook-5xx',
      errorImpact:
        'Shops are told that their events could not be taken in. The events stay in the shops and come again.',
      look: 'now',
      metric: this.#props.api.metricServerError(SUM),
      ofThree: 2,
    })
    this.#alarm({
      kind: 'webhook-bugs',
      errorImpact:
        'A bug keeps events of a shop from being taken in. They stay in the shop and fail again until it is mended.',
      look: 'now',
      metric: this.#counted('webhook-bugs', logGroup, '{ $.code = "REQUEST_FAILED" }'),
    })
  }

  #queues(target: string, { queue, dlq }: QueueWithDlq) {
    this.#alarm({
      kind: 'dead-letters',
      subject: target,
      errorImpact: `Changes of orders lie aside and do not reach ${target} until a person sends them back.`,
      look: 'now',
      metric: dlq.metricApproximateNumberOfMessagesVisible(MAXIMUM),
    })
    this.#alarm({
      kind: 'waiting',
      subject: target,
      errorImpact: `${target} has not taken a change of an order for more than an hour: nobody there can ship what was sold since. Nothing is lost.`,
      look: 'now',
      metric: queue.metricApproximateAgeOfOldestMessage(MAXIMUM),
      from: WAITING_SECONDS,
    })
  }

  #deliver(target: string, { function: deliver, logGroup }: SyncFunction) {
    this.#alarm({
      kind: 'deliver-errors',
      subject: target,
      errorImpact: `A delivery to ${target} broke off in the middle. It is looked up and done again after its lease; if this goes on, orders reach ${target} late or not at all.`,
      look: 'now',
      metric: deliver.metricErrors(SUM),
    })
    this.#alarm({
      kind: 'deliver-throttles',
      subject: target,
      errorImpact: `AWS refuses to run the delivery: orders reach ${target} late.`,
      look: 'today',
      metric: deliver.metricThrottles(SUM),
      ofThree: 2,
    })
    this.#alarm({
      kind: 'deliver-slow',
      subject: target,
      errorImpact: `${target} answers so slowly that deliveries hardly fit into their time: orders reach it late.`,
      look: 'today',
      metric: deliver.metricDuration(MAXIMUM),
      from: SLOW * 1000 * this.#props.stage.deliverTimeoutSeconds,
      ofThree: 3,
    })
    this.#alarm({
      kind: 'deliver-bugs',
      subject: target,
      errorImpact: `A bug keeps an order, and every later change of it, from ${target} until it is mended. It is tried again every 15 minutes, for ten days.`,
      look: 'now',
      metric: this.#counted(`deliver-bugs-${target}`, logGroup, '{ $.code = "RECORD_BUG" }'),
    })
    this.#alarm({
      kind: 'parked',
      subject: target,
      errorImpact: `An order was parked: ${target} gets it only after a person has done the fix it names.`,
      look: 'today',
      metric: this.#counted(
        `parked-${target}`,
        logGroup,
        '{ $.code = "RECORD_ENDED" && $.is = "park" }',
        Duration.hours(1),
      ),
    })
  }

  #writeback({ function: writeback, logGroup }: SyncFunction) {
    const { queue, dlq } = this.#props.writebacks
    this.#alarm({
      kind: 'writeback-dead-letters',
      errorImpact: 'Commands for the shops lie aside and are not carried out until a person sends them back.',
      look: 'now',
      metric: dlq.metricApproximateNumberOfMessagesVisible(MAXIMUM),
    })
    this.#alarm({
      kind: 'writeback-waiting',
      errorImpact:
        'A shop has not taken a shipment, a stock figure or a cancel for more than an hour. Nothing is lost but its stock may be out of date.',
      look: 'now',
      metric: queue.metricApproximateAgeOfOldestMessage(MAXIMUM),
      from: WAITING_SECONDS,
    })
    this.#alarm({
      kind: 'writeback-errors',
      errorImpact:
        'A write-back broke off in the middle. It is done again; if this goes on, the shops hear of shipments and stock late or not at all.',
      look: 'now',
      metric: writeback.metricErrors(SUM),
    })
    this.#alarm({
      kind: 'writeback-throttles',
      errorImpact: 'AWS refuses to run the write-backs: the shops hear of shipments and stock late.',
      look: 'today',
      metric: writeback.metricThrottles(SUM),
      ofThree: 2,
    })
    this.#alarm({
      kind: 'writeback-bugs',
      errorImpact:
        'A bug keeps a command, and every later one about the same thing, from a shop until it is mended. It is tried again every 15 minutes, for ten days.',
      look: 'now',
      metric: this.#counted('writeback-bugs', logGroup, '{ $.code = "RECORD_BUG" }'),
    })
    this.#alarm({
      kind: 'writeback-parked',
      errorImpact:
        'A shipment or a cancel was parked, or stock was refused: its shop gets it only after a person has done the fix it names.',
      look: 'today',
      metric: this.#counted(
        'writeback-parked',
        logGroup,
        '{ $.code = "RECORD_ENDED" && $.is = "park" }',
        Duration.hours(1),
      ),
    })
    // Of what no command could be made.
    const { runners } = this.#props.functions
    const shipments = runners.get('shipments')
    if (shipments)
      this.#count('shipment-parked', 'writeback-parked', shipments.logGroup, '{ $.code = "SHIPMENT_PARKED" }')
    const aftersales = runners.get('aftersales')
    if (aftersales)
      this.#count('step-parked', 'writeback-parked', aftersales.logGroup, '{ $.code = "PROGRESS_PARKED" }')
  }

  #callback({ function: callback, logGroup }: SyncFunction) {
    this.#alarm({
      kind: 'callback-errors',
      errorImpact:
        'What targets tell of returns and tickets is not taken in. Who sends it again loses nothing; others do.',
      look: 'now',
      metric: callback.metricErrors(SUM),
    })
    this.#alarm({
      kind: 'callback-throttles',
      errorImpact: 'AWS refuses to run the callback: what targets tell of returns and tickets comes late.',
      look: 'today',
      metric: callback.metricThrottles(SUM),
      ofThree: 2,
    })
    this.#alarm({
      kind: 'callback-bugs',
      errorImpact: 'A bug keeps what a target tells of returns and tickets from being taken in.',
      look: 'now',
      metric: this.#counted('callback-bugs', logGroup, '{ $.code = "REQUEST_FAILED" }'),
    })
  }

  #runner(kind: RunKind, { function: runner, logGroup }: SyncFunction) {
    const runs = scheduledRuns(this.#props.config).filter((run) => run.kind === kind)
    this.#alarm({
      kind: 'run-errors',
      subject: kind,
      errorImpact: `A scheduled run broke off. It goes on in another minute; if that breaks off, too: ${RUN_IMPACT[kind]}`,
      look: 'today',
      metric: runner.metricErrors(SUM),
    })
    this.#alarm({
      kind: 'run-throttles',
      subject: kind,
      errorImpact: `AWS refuses to run what is scheduled. ${RUN_IMPACT[kind]}`,
      look: 'today',
      metric: runner.metricThrottles(SUM),
      ofThree: 2,
    })
    for (const run of runs) this.#run(run, logGroup)
    if (kind === 'stock')
      this.#alarm({
        kind: 'brake-tripped',
        errorImpact: `A stock run would have changed so much that it waits for a person. ${RUN_IMPACT.stock}`,
        look: 'now',
        metric: this.#counted('brake-tripped', logGroup, '{ $.code = "BRAKE_TRIPPED" }'),
      })
    if (kind === 'sweep') {
      this.#alarm({
        kind: 'shop-restored',
        errorImpact:
          'A shop was restored, copied or installed anew: what differs from what it told before is not taken over until a person has looked.',
        look: 'now',
        metric: this.#counted('shop-restored', logGroup, '{ $.code = "SHOP_RESTORED" }'),
      })
      this.#count('shop-holding', 'shop-restored', logGroup, '{ $.code = "SHOP_HOLDING" }')
      this.#alarm({
        kind: 'drift',
        errorImpact:
          'The comparison of the night found orders that differ between a shop, the ledger and an ERP, and that nothing on its way explains.',
        look: 'today',
        metric: this.#counted('drift', logGroup, '{ $.code = "DRIFT_FOUND" }', NIGHT),
      })
    }
  }

  #run({ kind, subject, name, everyMinutes }: ScheduledRun, logGroup: ILogGroup) {
    const ended = (is: string, period: Duration) =>
      this.#counted(
        `run-${is}-${kind}-${subject}`,
        logGroup,
        `{ $.code = "RUN_ENDED" && $.is = "${is}" && $.run = "${name}" }`,
        period,
      )
    this.#alarm({
      kind: 'run-failed',
      subject: `${kind}-${subject}`,
      errorImpact: `The run ${name} failed; its log names the reason. ${RUN_IMPACT[kind]}`,
      look: 'today',
      metric: ended('failed', PERIOD.period),
    })
    const minutes = Math.max(everyMinutes, RUN_PERIOD_MINUTES)
    this.#alarm({
      kind: 'run-overdue',
      subject: `${kind}-${subject}`,
      errorImpact: `The run ${name} has not succeeded for ${3 * minutes} minutes. ${RUN_IMPACT[kind]}`,
      look: 'now',
      metric: ended('done', Duration.minutes(minutes)),
      onSilence: true,
    })
  }

  #table() {
    const { table } = this.#props
    for (const operation of LEDGER_OPERATIONS) {
      const metric = (name: string) =>
        table.metric(name, {
          ...SUM,
          dimensionsMap: { TableName: table.tableName, Operation: operation },
        })
      this.#alarm({
        kind: 'table-throttles',
        subject: operation,
        errorImpact: `DynamoDB refuses ${operation} on the ledger for the moment: orders reach the ERPs late.`,
        look: 'today',
        metric: metric('ThrottledRequests'),
        ofThree: 2,
      })
      this.#alarm({
        kind: 'table-errors',
        subject: operation,
        errorImpact: `DynamoDB fails at ${operation} on the ledger: while this lasts, no order reaches an ERP. Nothing is lost.`,
        look: 'now',
        metric: metric('SystemErrors'),
        ofThree: 2,
      })
    }
  }

  /** How many lines of a log the pattern matches. */
  #counted(name: string, logGroup: ILogGroup, pattern: string, period = PERIOD.period) {
    return this.#count(name, name, logGroup, pattern).metric({ statistic: 'Sum', period })
  }

  /** Several may add to one metric. */
  #count(id: string, metricName: string, logGroup: ILogGroup, pattern: string): MetricFilter {
    return new MetricFilter(this, `Count-${id}`, {
      logGroup,
      filterPattern: FilterPattern.literal(pattern),
      metricNamespace: `ecshop-erp-sync/${this.#props.stage.name}`,
      metricName,
      metricValue: '1',
    })
  }

  #alarm(props: Omit<ImpactAlarmProps, 'stage' | 'topic'>) {
    new ImpactAlarm(this, { stage: this.#props.stage, topic: this.#topic, ...props })
  }
}
