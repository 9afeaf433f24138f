/**
 * Parties: accounts that were found to be one's. To the rules they are one operator and one consumer:
 * their traffic with each other is own traffic (docs/rules.md#bounties), and their instances count
 * together where operators are compared (docs/rules.md#parties).
 *
 * Every account names its party's first account, so that asking for it is O(1) however long the chain
 * of findings was; a new finding is O(accounts + instances + models).
 */
import { refresh } from "../admission/eligibility.ts"
import type { Rejection } from "../../protocol/command.ts"
import type { EventOf } from "../../protocol/event.ts"
import { enterCandidate, leaveCandidate } from "../../rules/selection.ts"
import { joinCredibility } from "../reputation/credibility.ts"
import type { Market } from "../state/market-state.ts"
import { partyOf } from "../state/market-state.ts"
import { invariant } from "../../core/invariant.ts"
import { slotOf } from "../../core/table.ts"
import { joinLosses } from "../bookings/disputes.ts"
import { joinRegionDemand } from "../listings/use.ts"
import { joinFlows } from "../queue/merge.ts"
import { joinSeats } from "../payout/seats.ts"
import { joinRecords } from "../ratings/ratings.ts"

export const onAccountsLinked = (
  market: Market,
  event: EventOf<"AccountsLinked">,
): Rejection | undefined => {
  const account = slotOf(market.accounts, event.account)
  const other = slotOf(market.accounts, event.other)
  if (account < 0 || other < 0) return "UnknownAccount"
  const one = partyOf(market, account)
  const two = partyOf(market, other)
  if (one !== two) join(market, Math.min(one, two), Math.max(one, two))
  return undefined
}

const join = (market: Market, kept: number, joined: number): void => {
  const { party } = market.accounts.columns
  invariant(party[kept] === kept, "a party is known by its own first account")
  const moved = moveInstances(market, kept, joined)
  for (let account = 0; account < market.accounts.used; account++)
    if (party[account] === joined) party[account] = kept
  for (const instance of moved) refresh(market, instance)
  joinSeats(market, kept, joined)
  joinCredibility(market, kept, joined)
  joinRegionDemand(market, kept, joined)
  joinLosses(market, kept, joined)
  joinRecords(market, kept, joined)
  joinFlows(market, kept, joined)
  for (const ofModel of market.demandByParty) addTo(ofModel, kept, joined)
  for (const ofModel of market.operators) addTo(ofModel, kept, joined)
}

/** Lets a party's instances stand for the other one among the candidates, and returns them. */
const moveInstances = (market: Market, kept: number, joined: number): ReadonlyArray<number> => {
  const { columns, ids, used } = market.instances
  const moved: Array<number> = []
  for (let instance = 0; instance < used; instance++) {
    if (ids[instance] === -1 || columns.operator[instance] !== joined) continue
    const candidates = market.fields[columns.field[instance]]
    leaveCandidate(candidates, market.rules, columns.place[instance], joined)
    columns.place[instance] = enterCandidate(candidates, market.rules, instance, kept)
    columns.operator[instance] = kept
    moved.push(instance)
  }
  return moved
}

const addTo = (amounts: Map<number, number>, kept: number, joined: number): void => {
  const amount = amounts.get(joined)
  if (amount === undefined) return
  amounts.delete(joined)
  amounts.set(kept, (amounts.get(kept) ?? 0) + amount)
}
