/** What became of each party, from the start of demand to the last request's end. */
import type { PartyOutcome } from "../../recording/replicated.ts"
import { nodeOutcome } from "../nodes/node-outcomes.ts"
import type { Nodes } from "../nodes/nodes.ts"
import type { Accounts } from "../stage/accounts.ts"
import { accountOfOperator } from "../stage/accounts.ts"
import type { Setting } from "../stage/setting.ts"
import type { PartyState } from "./party-state.ts"

export const partyOutcome = (
  setting: Setting,
  nodes: Nodes,
  accounts: Accounts,
  party: PartyState,
  now: number,
): PartyOutcome => {
  const outcomes = party.nodes.map((node) => nodeOutcome(setting, nodes, node, now))
  const sum = (of: (node: (typeof outcomes)[number]) => number) =>
    outcomes.reduce((total, node) => total + of(node), 0)
  const tokens = (column: Float64Array) =>
    party.nodes.reduce((total, node) => total + column[node], 0)
  const operators = [...party.operators, ...party.puppets]
  const credits = (minor: number) => minor / setting.credit
  const cost = sum(({ costCredits }) => costCredits)
  const bought = credits(party.boughtMinor)
  const takenOut = operators.reduce((total, one) => total + accounts.moneyOf(one), 0)
  return {
    name: party.settings.name,
    profit: credits(takenOut + party.outsideMinor) - bought - cost,
    share: credits(sum(({ shareEarned }) => shareEarned)),
    bounty: credits(sum(({ bountyEarned }) => bountyEarned)),
    withheld: credits(sum(({ withheld }) => withheld)),
    cost,
    bought,
    boughtLeft: credits(
      operators.reduce(
        (total, one) => total + accounts.balanceOf(accountOfOperator(one)).bought,
        0,
      ),
    ),
    outside: credits(party.outsideMinor),
    worthOfHours: party.worthOfHours,
    spent: credits(party.spentMinor),
    ownCalls: party.calls,
    accounts: operators.length,
    requests: sum(({ requests }) => requests),
    outputTokens: sum(({ outputTokens }) => outputTokens),
    billedTokens: tokens(nodes.columns.billedTokens),
    deliveredTokens: tokens(nodes.columns.deliveredTokens),
    onlineHours: sum(({ onlineHours }) => onlineHours),
    busySlotHours: sum(({ busySlotHours }) => busySlotHours),
    failures: sum(({ failures }) => failures),
    parks: sum(({ parks }) => parks),
    switches: sum(({ switches }) => switches),
    rejoined: party.rejoined,
    health: sum(({ health }) => health) / outcomes.length,
  }
}
