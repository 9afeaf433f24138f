/**
 * The end of a replication whose consumers bought more than the ledger can count. All money in a
 * market is whole minor units below 2^53, and how much that is depends on the economy's scale: what a
 * scenario may hold shows only as it runs, since budgets accrue and earnings are withdrawn.
 */
import { Data } from "effect"

export class LedgerFull extends Data.TaggedError("LedgerFull")<{
  readonly scale: number
  /** Days of demand until then. */
  readonly days: number
}> {
  override get message(): string {
    const most = Math.floor(Number.MAX_SAFE_INTEGER / 10 ** this.scale)
    const credits = String(most).replace(/\B(?=(\d{3})+$)/g, ",")
    return [
      `on day ${Math.floor(this.days) + 1} consumers bought more credits than the ledger can count.`,
      `With economy.money.scale at ${this.scale} the market may hold ${credits} of them in all, ten times as many for each decimal place less.`,
      "A smaller horizonDays, consumers.count, consumers.budgetCreditsPerDay or consumers.topUpCredits needs fewer.",
    ].join(" ")
  }
}
