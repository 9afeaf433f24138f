/** What a market's commands came to: who was served, who was paid, what it cost. */
import type { AccountId, Command, Market } from "../../engine/index.ts"
import { accountView } from "../../engine/index.ts"

export interface MarketTotals {
  /** Calls whose consumer got tokens, or the whole of an empty answer. */
  served: number
  refused: number
  /** Calls that ended without either: the consumer's mistake or departure, or the gateway's fault. */
  unanswered: number
  outputTokens: number
  /** Minor units, as the rest. */
  paidByConsumers: number
  platformFees: number
  providerShares: number
  withheld: number
  bounties: number
  clawedBack: number
  parks: number
}

export const emptyTotals = (): MarketTotals => ({
  served: 0,
  refused: 0,
  unanswered: 0,
  outputTokens: 0,
  paidByConsumers: 0,
  platformFees: 0,
  providerShares: 0,
  withheld: 0,
  bounties: 0,
  clawedBack: 0,
  parks: 0,
})

/** Adds what the commands did to the totals. */
export const countIn = (totals: MarketTotals, commands: Iterable<Command>): void => {
  for (const command of commands)
    switch (command._tag) {
      case "Finish":
        if (command.outcome === "completed" || command.outputTokens > 0) totals.served += 1
        else totals.unanswered += 1
        totals.outputTokens += command.outputTokens
        totals.paidByConsumers += command.charge
        totals.platformFees += command.fee
        totals.providerShares += command.share
        totals.withheld += command.withheld
        break
      case "Refuse":
        totals.refused += 1
        break
      case "Park":
        totals.parks += 1
        break
      case "Post":
        if (command.kind === "bounty" || command.kind === "vestingBounty")
          totals.bounties += command.amount
        if (command.kind === "clawback") totals.clawedBack += command.amount
        break
    }
}

/** All lots of an account together, minor units. */
export const wholeBalance = (market: Market, account: AccountId): number => {
  const { gift = 0, bought = 0, earned = 0, vesting = 0 } = accountView(market, account) ?? {}
  return gift + bought + earned + vesting
}
