/** What became of each party, from the start of demand to the last request's end. */
import { accountOfOperator, balanceOfAccount, leastWithdrawal } from "./accounts.ts"
import { nodeOutcome } from "./node-outcomes.ts"
import type { PartyOutcome } from "../recording/replicated.ts"
import type { PartyState } from "./party-state.ts"
import type { World } from "./world.ts"

export const partyOutcomes = (world: World): ReadonlyArray<PartyOutcome> =>
  world.parties.map((party) => outcomeOf(world, party))

const outcomeOf = (world: World, party: PartyState): PartyOutcome => {
  const nodes = party.nodes.map((node) => nodeOutcome(world, node))
  const sum = (of: (node: (typeof nodes)[number]) => number) =>
    nodes.reduce((total, node) => total + of(node), 0)
  const accounts = [...party.operators, ...party.puppets]
  const credits = (minor: number) => minor / world.credit
  const cost = sum(({ costCredits }) => costCredits)
  const bought = credits(party.boughtMinor)
  const takenOut = accounts.reduce((total, one) => total + moneyOf(world, one), 0)
  return {
    name: party.settings.name,
    profit: credits(takenOut) - bought - cost,
    share: credits(sum(({ shareEarned }) => shareEarned)),
    bounty: credits(sum(({ bountyEarned }) => bountyEarned)),
    withheld: credits(sum(({ withheld }) => withheld)),
    cost,
    bought,
    spent: credits(party.spentMinor),
    ownCalls: party.calls,
    accounts: accounts.length,
    requests: sum(({ requests }) => requests),
    outputTokens: sum(({ outputTokens }) => outputTokens),
    billedTokens: party.billedTokens,
    deliveredTokens: party.deliveredTokens,
    onlineHours: sum(({ onlineHours }) => onlineHours),
    busySlotHours: sum(({ busySlotHours }) => busySlotHours),
    failures: sum(({ failures }) => failures),
    parks: sum(({ parks }) => parks),
    switches: sum(({ switches }) => switches),
    rejoined: party.rejoined,
    health: sum(({ health }) => health) / nodes.length,
  }
}

/** What an operator took out, and what it still could, minor units. */
const moneyOf = (world: World, operator: number): number => {
  const { earned, vesting } = balanceOfAccount(world, accountOfOperator(operator))
  const left = earned + vesting
  // Too little to be taken out is nothing to whoever wants money.
  const worth = left < leastWithdrawal(world) ? 0 : left
  return (world.withdrawnMinor[operator] ?? 0) + worth
}
