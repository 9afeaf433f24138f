/** Why no host takes a call, in a sentence: how many serve the model, and what keeps each of them. */
import type { EligibilityReason, Outcome } from "../../../engine/index.ts"
import { eligibilityReasons } from "../../../engine/index.ts"
import type { AttemptEnd } from "./attempt.ts"

/** How many of a model's hosts stand how. */
export type Standings = Readonly<Record<EligibilityReason, number>>

const standingWords: Readonly<Record<EligibilityReason, string>> = {
  Eligible: "just tried",
  Inactive: "offline",
  Draining: "leaving",
  Suspended: "suspended since the host's own key was refused",
  OffSchedule: "taken out for now by the operator",
  Booked: "sold by the hour",
  Unverified: "not measured yet",
  Parked: "parked after failures",
  ProbeUnderWay: "being probed after failures",
  BelowFloor: "too slow at present",
  BelowAccuracy: "not measured to be as accurate as the model asks for",
  Backpressure: "pausing, as the host has asked",
  RateCapped: "new, and at the rate that a newcomer may have",
  Full: "busy",
  Unlisted: "not on offer by the hour",
}

/** Standings under which waiting helps: the host is at work. */
const busy: ReadonlySet<EligibilityReason> = new Set(["Full", "RateCapped", "Backpressure"])

export const whyNobodyTakes = (model: string, standings: Standings): string => {
  const present = eligibilityReasons.filter((reason) => standings[reason] > 0)
  const hosts = present.reduce((sum, reason) => sum + standings[reason], 0)
  if (hosts === 0) return `No host serves ${model} at present`
  if (hosts > 1 && present.every((reason) => busy.has(reason)))
    return `Every host that serves ${model} is busy (${hosts} of them)`
  if (hosts === 1)
    return `1 host serves ${model}: ${standingWords[present[0] as EligibilityReason]}`
  const parts = present.map((reason) => `${standings[reason]} ${standingWords[reason]}`)
  return `${hosts} hosts serve ${model}, none of which can take the call: ${parts.join("; ")}`
}

const outcomeWords: Partial<Record<Outcome, string>> = {
  connectFailed: "could not be reached",
  upstreamError: "answered with an error of its own",
  firstTokenTimeout: "sent no token in time",
  stalled: "stopped in the middle",
  truncated: "broke off",
  malformed: "sent what is no answer",
  backpressure: "was busy",
  credentialRefused: "was refused by its own provider",
  consumerError: "took the call for wrong",
  notServed: "did not serve the model",
}

/** What became of each attempt, and the words of a host that took the call for wrong. */
export const whyAttemptsFailed = (model: string, ends: ReadonlyArray<AttemptEnd>): string => {
  const tried = ends.map(({ outcome }) => outcomeWords[outcome] ?? "gave no answer")
  const said = ends.find(({ outcome }) => outcome === "consumerError")?.detail
  const hosts = ends.length === 1 ? "the one host tried" : `each of the ${ends.length} tried failed`
  const story = ends.length === 1 ? `${hosts} ${tried[0]}` : `${hosts}: one ${tried.join(", one ")}`
  return `No host of ${model} could answer; ${story}${said === undefined ? "" : ` and said: ${said}`}`
}
