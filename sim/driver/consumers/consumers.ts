/**
 * Consumers: who asks, how much they may spend, and who is picked for the next request. Activity is
 * proportional to budget; budgets are log-normal, so that a few ask for much.
 */
import type { Stream } from "../../../engine/index.ts"
import type { ConsumerKind } from "../../agents/consumer-kinds.ts"
import { consumerKinds } from "../../agents/consumer-kinds.ts"
import type { Scenario } from "../../scenarios/schema.ts"
import { logNormal } from "../../kernel/variates.ts"

export class Consumers {
  count = 0
  private cumulative = new Float64Array(256)
  private readonly budgets: Array<number> = []
  private readonly since: Array<number> = []
  private readonly bought: Array<number> = []
  private readonly kinds: Array<ConsumerKind> = []
  /** Places in the setting's tiers. */
  private readonly tiers: Array<number> = []
  /** Calls given up in a row. */
  private readonly givenUp: Array<number> = []

  /** Adds a consumer at `now` and returns its number. */
  add(
    now: number,
    settings: Pick<Scenario["consumers"], "budgetCreditsPerDay" | "spread">,
    stream: Stream,
    kind: ConsumerKind = consumerKinds.steady,
    tier = 0,
    /** How much more it calls and may spend than others. */
    factor = 1,
  ): number {
    this.kinds.push(kind)
    this.tiers.push(tier)
    this.givenUp.push(0)
    const budget =
      settings.budgetCreditsPerDay === 0
        ? 0
        : factor * logNormal(stream, Math.log(settings.budgetCreditsPerDay), settings.spread)
    const activity = settings.budgetCreditsPerDay === 0 ? factor : budget
    if (this.count === this.cumulative.length) {
      const wider = new Float64Array(2 * this.count)
      wider.set(this.cumulative)
      this.cumulative = wider
    }
    this.cumulative[this.count] =
      (this.count === 0 ? 0 : this.cumulative[this.count - 1]) + activity
    this.budgets.push(budget)
    this.since.push(now)
    this.bought.push(0)
    return this.count++
  }

  /** Picks a consumer by activity. O(log consumers). */
  pick(stream: Stream): number {
    const target = stream.next() * this.cumulative[this.count - 1]
    let low = 0
    let high = this.count - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.cumulative[middle] > target) high = middle
      else low = middle + 1
    }
    return low
  }

  /** Credits that a consumer's budget still allows it to buy at `now`; budgets accrue by day. */
  allowance(consumer: number, now: number): number {
    const days = 1 + (now - this.since[consumer]) / 86_400e6
    return this.budgets[consumer] * days - this.bought[consumer]
  }

  kindOf(consumer: number): ConsumerKind {
    return this.kinds[consumer]
  }

  tierOf(consumer: number): number {
    return this.tiers[consumer]
  }

  noteGivenUp(consumer: number): void {
    this.givenUp[consumer]++
  }

  /** A good experience; one who has left does not come back for it. */
  noteServed(consumer: number): void {
    if (!this.isGone(consumer)) this.givenUp[consumer] = 0
  }

  /** Has the consumer left the market for good? */
  isGone(consumer: number): boolean {
    const { leavesAfter } = this.kinds[consumer]
    return leavesAfter > 0 && this.givenUp[consumer] >= leavesAfter
  }

  noteBought(consumer: number, credits: number): void {
    this.bought[consumer] += credits
  }
}
