/** Consumers sign up: those who are there when demand begins, and those who come later. */
import type { Stream } from "../../../engine/index.ts"
import { openStream } from "../../../engine/index.ts"
import { consumerKinds } from "../../agents/consumer-kinds.ts"
import type { Agenda } from "../../kernel/agenda.ts"
import { choice, exponential } from "../../kernel/variates.ts"
import type { Recorder } from "../../recording/recorder.ts"
import type { Accounts } from "../stage/accounts.ts"
import type { Setting } from "../stage/setting.ts"
import type { Consumers } from "./consumers.ts"

export class SignUps {
  private readonly setting: Setting
  private readonly agenda: Agenda
  private readonly recorder: Recorder
  private readonly accounts: Accounts
  private readonly consumers: Consumers
  private readonly entry: number
  private readonly kindStream: Stream
  /** By tier. */
  private readonly subscribers: Array<number>
  private readonly budgetStream: Stream
  private readonly signUpStream: Stream

  constructor(
    setting: Setting,
    agenda: Agenda,
    recorder: Recorder,
    accounts: Accounts,
    consumers: Consumers,
  ) {
    this.setting = setting
    this.agenda = agenda
    this.recorder = recorder
    this.accounts = accounts
    this.consumers = consumers
    this.entry = agenda.register(() => this.onDue())
    this.kindStream = openStream(setting.seed, "kind", 0)
    this.subscribers = setting.tiers.map(() => 0)
    this.budgetStream = openStream(setting.seed, "budget", 0)
    this.signUpStream = openStream(setting.seed, "signUp", 0)
  }

  /** Demand begins. */
  open(): void {
    const { consumers } = this.setting.scenario
    for (let i = 0; i < consumers.count; i++) this.signUp()
    this.scheduleNext()
  }

  /** A new consumer, with its grant. */
  private signUp(): void {
    const { kindMix, scenario } = this.setting
    const at =
      kindMix.length === 0
        ? -1
        : choice(
            this.kindStream,
            kindMix.map(({ weight }) => weight),
          )
    const kind = kindMix[at]?.kind ?? consumerKinds.steady
    const tier = this.nextTier()
    const { callsFactor } = this.setting.tiers[tier]
    this.accounts.openConsumer(
      this.consumers.add(
        this.agenda.now,
        scenario.consumers,
        this.budgetStream,
        kind,
        tier,
        callsFactor,
      ),
    )
  }

  /** What the next consumer subscribes to: that of which there are fewest for its share. */
  private nextTier(): number {
    const { tiers } = this.setting
    const { subscribers } = this
    const count = subscribers.reduce((sum, one) => sum + one, 1)
    const missing = tiers.map(({ share }, tier) => share * count - subscribers[tier])
    const tier = missing.indexOf(Math.max(...missing))
    subscribers[tier] += 1
    return tier
  }

  private onDue(): void {
    this.signUp()
    this.recorder.add("signUps", 1)
    this.scheduleNext()
  }

  private scheduleNext(): void {
    const { agenda, setting } = this
    const perDay = setting.scenario.consumers.signUpsPerDay
    if (perDay === 0) return
    const at = Math.round(agenda.now + exponential(this.signUpStream, perDay / 86_400e6))
    if (at <= setting.endMicros) agenda.queue.schedule(this.entry, at)
  }
}
