/**
 * What became of a consumer's calls to the machine whose hours it has: each attempt that ends there counts by its
 * verdict for the hours that run, and a success by the time to its first token. Nobody else's calls count, and no
 * neutral ones.
 */
import { verdictOf } from "../../rules/outcome.ts"
import type { Outcome } from "../../protocol/event.ts"
import { active } from "../../machines/booking.ts"
import type { Market } from "../state/market-state.ts"
import { partyOf } from "../state/market-state.ts"
import { levelOf } from "./uptime.ts"

/** O(1) where the node sells no hours, else O(what runs on it). */
export const noteOutcome = (
  market: Market,
  instance: number,
  account: number,
  outcome: Outcome,
  firstTokenMicros: number | undefined,
): void => {
  const listing = market.nodes.columns.listing[market.instances.columns.node[instance]] - 1
  if (listing < 0 || market.serviceLevels.slots.size === 0) return
  const verdict = verdictOf[outcome]
  if (verdict === "neutral") return
  const { columns } = market.bookings
  const party = partyOf(market, account)
  for (const booking of market.running[listing]) {
    const level = levelOf(market, booking)
    if (level < 0 || columns.phase[booking] !== active) continue
    if (partyOf(market, columns.account[booking]) !== party) continue
    count(market, level, verdict === "success", firstTokenMicros)
  }
}

const count = (
  { serviceLevels: { columns } }: Market,
  level: number,
  isSuccess: boolean,
  firstTokenMicros: number | undefined,
): void => {
  if (!isSuccess) {
    columns.failures[level] += 1
    return
  }
  columns.successes[level] += 1
  if (firstTokenMicros === undefined) return
  columns.responses[level] += 1
  columns.responseMicros[level] += firstTokenMicros
  if (firstTokenMicros <= columns.responseMicrosMost[level]) columns.onTime[level] += 1
}
