/** What is promised with hours, between the market's figures and people's. */
import type { SlaTerms } from "../../engine/index.ts"
import { microsPerSecond } from "../../engine/index.ts"
import type * as Protocol from "../protocol/contracts-protocol.ts"

const one = 10_000

/** A share, 0 to 1, in basis points. */
export const bpsOf = (share: number): number => Math.round(share * one)

export const slaTermsOf = (wish: Protocol.SlaTargets, usualPenalty: number): SlaTerms => ({
  availabilityBps: bpsOf(wish.availability_target ?? 0),
  completionBps: bpsOf(wish.completion_rate_target ?? 0),
  responseMicros: Math.round((wish.response_time_target ?? 0) * microsPerSecond),
  penaltyBps: bpsOf(wish.penalty_rate ?? usualPenalty),
})

/** `null`: nothing is promised. */
export const slaTermsView = (terms: SlaTerms | undefined): Protocol.SlaTerms | null => {
  if (terms === undefined) return null
  const { availabilityBps, completionBps, penaltyBps, responseMicros } = terms
  if (availabilityBps + completionBps + responseMicros === 0) return null
  return {
    availability_target: shareOrNull(availabilityBps),
    response_time_target: responseMicros === 0 ? null : responseMicros / microsPerSecond,
    completion_rate_target: shareOrNull(completionBps),
    penalty_rate: penaltyBps / one,
  }
}

/** A target of 0 is no promise. */
export const shareOrNull = (bps: number): number | null => (bps === 0 ? null : bps / one)
