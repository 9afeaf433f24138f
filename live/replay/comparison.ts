/** The same journal under two policies, side by side: who was served, who was paid, what it cost. */
import type { AccountId, Command, Market } from "../../engine/index.ts"
import { accountIds, accountView } from "../../engine/index.ts"

export interface MarketTotals {
  served: number
  refused: number
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
        totals.served += 1
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

export interface AccountDifference {
  readonly account: AccountId
  /** All lots together, minor units. */
  readonly journal: number
  readonly other: number
}

/** Accounts whose balance would be another, by number. */
export const accountDifferences = (
  journal: Market,
  other: Market,
): ReadonlyArray<AccountDifference> =>
  accountIds(journal)
    .map((account) => ({
      account,
      journal: wholeOf(journal, account),
      other: wholeOf(other, account),
    }))
    .filter((one) => one.journal !== one.other)

const wholeOf = (market: Market, account: AccountId): number => {
  const { gift = 0, bought = 0, earned = 0, vesting = 0 } = accountView(market, account) ?? {}
  return gift + bought + earned + vesting
}
