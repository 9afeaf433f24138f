/**
 * The forgiving breaker (docs/rules.md#breaker). "Three failures in 60 seconds parks you for 15
 * seconds; a single probe request lets you fully back in" (002).
 *
 *   closed    --trip: threshold failures within the window-->        open
 *   open      --cooldown over-->                                      half-open
 *   half-open --probe succeeds-->                                     closed, failures forgotten
 *   half-open --probe fails-->                                        open, for another cooldown
 *   half-open --probe neutral, cancelled, or its lease ran out-->     half-open, place free again
 *
 *   open, half-open --one of the failures that tripped it was nobody's--> closed
 *
 * Each trip starts a new generation: outcomes of attempts that were dispatched before it count for
 * health, and neither extend the park nor close the breaker.
 *
 * Each failure is remembered with the call that showed it: what a call and not a host has caused is
 * disowned (`reputation/blame.ts`), and failures that one party alone has seen trip nothing.
 */
import type { KnobValues } from "../core/knob.ts"
import { knob } from "../core/knob.ts"
import { between, oneOf, positive, wholeBetween } from "../core/setting.ts"
import { invariant } from "../core/invariant.ts"
import { advance } from "../core/machine.ts"
import { microsOf } from "../core/units.ts"
import { breakerColumn, closed, halfOpen } from "../machines/admission.ts"

export const breakerKnobs = {
  threshold: knob(wholeBetween("failures", 1, 16), {
    default: 3,
    unit: "failures",
    meaning: "Failures within the window that park an instance.",
    source: "002: three failures in 60 seconds parks you for 15 seconds",
  }),
  windowSeconds: knob(positive("seconds"), {
    default: 60,
    unit: "s",
    meaning: "Sliding window over the exact times of the latest failures.",
    source: "002: three failures in 60 seconds parks you for 15 seconds",
  }),
  cooldownSeconds: knob(positive("seconds"), {
    default: 15,
    unit: "s",
    meaning: "How long a parked instance gets no request before it is probed.",
    source: "002: three failures in 60 seconds parks you for 15 seconds",
  }),
  probe: knob(oneOf("synthetic", "request"), {
    default: "synthetic",
    unit: "kind",
    meaning:
      "What lets an instance back in: a generation of the gateway's own, or the next request.",
    source: "ours: 002 says a single probe request; synthetic needs no consumer to suffer it",
  }),
  probeTokens: knob(wholeBetween("tokens", 1, 1_000_000), {
    default: 32,
    unit: "tokens",
    meaning: "What a synthetic probe generates; more where the floor is measured on more.",
    source: "ours: enough to see a stream go well, and to measure the floor by",
  }),
  probeLeaseSeconds: knob(positive("seconds"), {
    default: 30,
    unit: "s",
    meaning: "A probe unanswered for this long is lost and frees its place.",
    source: "ours: a lost probe must not leave the breaker half-open for ever",
  }),
  probeRetrySeconds: knob(positive("seconds"), {
    default: 1,
    unit: "s",
    meaning: "Pause before another probe after a neutral or lost one.",
    source: "ours: keeps a host that answers 429 to probes from being probed in a loop",
  }),
  minFailureRatio: knob(between("a share", 0, 1), {
    default: 0,
    unit: "share",
    meaning: "Failures must also be this share of the outcomes in the window; 0 is off.",
    source: "002 counts failures only; hardened: a fast node must not be parked for being fast",
  }),
} as const

export const compileBreaker = ({
  breaker,
}: {
  readonly breaker: KnobValues<typeof breakerKnobs>
}) =>
  ({
    breakerThreshold: breaker.threshold,
    breakerWindowMicros: Math.max(1, microsOf(breaker.windowSeconds)),
    cooldownMicros: microsOf(breaker.cooldownSeconds),
    isProbeSynthetic: breaker.probe === "synthetic",
    probeTokens: breaker.probeTokens,
    probeLeaseMicros: microsOf(breaker.probeLeaseSeconds),
    probeRetryMicros: microsOf(breaker.probeRetrySeconds),
    minFailureRatio: breaker.minFailureRatio,
  }) as const

export type BreakerRules = ReturnType<typeof compileBreaker>

/** Sub-buckets that the failure ratio is taken over; the window is exact to one of them. */
const ratioBuckets = 12

export interface Breakers {
  state: Uint8Array<ArrayBuffer>
  /** Trips so far: what an attempt was dispatched under tells whether its outcome still counts. */
  generation: Uint32Array<ArrayBuffer>
  /** End of the cooldown while open, µs. */
  openUntil: Float64Array<ArrayBuffer>
  /** Times of the latest failures, the oldest first, `breakerThreshold` an instance, µs + 1; 0: none. */
  failures: Float64Array<ArrayBuffer>
  /** Slot of the account, and id of the request, that each of them was shown by. */
  failureAccounts: Int32Array<ArrayBuffer>
  failureRequests: Float64Array<ArrayBuffer>
  /** Outcomes and failures by sub-bucket, and the bucket last written; for the failure ratio. */
  outcomeBuckets: Uint32Array<ArrayBuffer>
  failureBuckets: Uint32Array<ArrayBuffer>
  bucket: Float64Array<ArrayBuffer>
}

export const makeBreakers = (rules: BreakerRules, capacity = 16): Breakers => ({
  state: new Uint8Array(capacity),
  generation: new Uint32Array(capacity),
  openUntil: new Float64Array(capacity),
  failures: new Float64Array(capacity * rules.breakerThreshold),
  failureAccounts: new Int32Array(capacity * rules.breakerThreshold),
  failureRequests: new Float64Array(capacity * rules.breakerThreshold),
  outcomeBuckets: new Uint32Array(rules.minFailureRatio > 0 ? capacity * ratioBuckets : 0),
  failureBuckets: new Uint32Array(rules.minFailureRatio > 0 ? capacity * ratioBuckets : 0),
  bucket: new Float64Array(capacity),
})

/** Makes room for instance slots below `capacity`. */
export const growBreakers = (breakers: Breakers, rules: BreakerRules, capacity: number): void => {
  if (capacity <= breakers.state.length) return
  invariant(
    breakers.failures.length === breakers.state.length * rules.breakerThreshold,
    "each breaker remembers as many failures as trip it",
  )
  const wider = makeBreakers(rules, capacity)
  for (const name of Object.keys(wider) as Array<keyof Breakers>) {
    wider[name].set(breakers[name])
    // Each column keeps its own array type; the index signature cannot say so.
    ;(breakers as unknown as Record<string, unknown>)[name] = wider[name]
  }
}

/** A fresh, closed breaker without memory, in a slot that is used again. */
export const forgetBreaker = (breakers: Breakers, rules: BreakerRules, slot: number): void => {
  breakers.state[slot] = closed
  breakers.generation[slot] = 0
  breakers.openUntil[slot] = 0
  forgetFailures(breakers, rules, slot)
}

/** Empties the memory of failures: nothing that happened before can trip it, or undo a trip. */
export const forgetFailures = (breakers: Breakers, rules: BreakerRules, slot: number): void => {
  const first = slot * rules.breakerThreshold
  breakers.failures.fill(0, first, first + rules.breakerThreshold)
  breakers.bucket[slot] = 0
  if (rules.minFailureRatio > 0) {
    breakers.outcomeBuckets.fill(0, slot * ratioBuckets, (slot + 1) * ratioBuckets)
    breakers.failureBuckets.fill(0, slot * ratioBuckets, (slot + 1) * ratioBuckets)
  }
}

/** Notes a success while closed: it only matters where a failure ratio is asked for. */
export const noteSuccess = (
  breakers: Breakers,
  rules: BreakerRules,
  slot: number,
  now: number,
): void => {
  if (rules.minFailureRatio > 0) noteOutcome(breakers, rules, slot, now, 0)
}

/** In place of an account: it is beyond doubt that the host itself has failed; or that it has not. */
export const beyondDoubt = -1
export const disowned = -2

/** A failure, and the call that showed it: slot of its account or `beyondDoubt`, id of its request. */
export interface Failure {
  readonly at: number
  readonly account: number
  readonly request: number
}

/** Notes a failure while closed and tells whether it trips the breaker. O(threshold). */
export const isTrippedByFailure = (
  breakers: Breakers,
  rules: BreakerRules,
  slot: number,
  { at: now, account, request }: Failure,
): boolean => {
  const { failures, failureAccounts, failureRequests } = breakers
  const first = slot * rules.breakerThreshold
  const last = first + rules.breakerThreshold - 1
  let at = first
  while (at <= last && failures[at] !== 0) at++
  if (at > last) {
    dropOldest(breakers, rules, first)
    at = last
  }
  invariant(at === first || failures[at - 1] <= now + 1, "failures are noted in order of time")
  failures[at] = now + 1
  failureAccounts[at] = account
  failureRequests[at] = request
  if (rules.minFailureRatio > 0) noteOutcome(breakers, rules, slot, now, 1)
  if (at < last || now - (failures[first] - 1) > rules.breakerWindowMicros) return false
  return rules.minFailureRatio === 0 || failureRatio(breakers, slot) >= rules.minFailureRatio
}

/** Slots of the accounts whose calls showed the failures that are remembered, or what stands in place. */
export const witnessesOf = (
  { failures, failureAccounts }: Breakers,
  { breakerThreshold }: BreakerRules,
  slot: number,
): Int32Array => {
  const first = slot * breakerThreshold
  let end = first
  while (end < first + breakerThreshold && failures[end] !== 0) end++
  return failureAccounts.subarray(first, end)
}

/**
 * What failed was the request, and not the host: the failure that it showed stays in the memory as
 * nobody's. False: none of its is remembered. O(threshold).
 */
export const disownFailure = (
  breakers: Breakers,
  rules: BreakerRules,
  slot: number,
  request: number,
): boolean => {
  const { failures, failureRequests, failureAccounts } = breakers
  const first = slot * rules.breakerThreshold
  for (let at = first; at < first + rules.breakerThreshold && failures[at] !== 0; at++)
    if (failureRequests[at] === request) {
      failureAccounts[at] = disowned
      return true
    }
  return false
}

/** Forgets the oldest of an instance's failures. */
const dropOldest = (
  { failures, failureAccounts, failureRequests }: Breakers,
  { breakerThreshold }: BreakerRules,
  first: number,
): void => {
  const end = first + breakerThreshold
  failures.copyWithin(first, first + 1, end)
  failureAccounts.copyWithin(first, first + 1, end)
  failureRequests.copyWithin(first, first + 1, end)
  failures[end - 1] = 0
}

/** Parks the instance: open until the cooldown is over, under a new generation. */
export const trip = (breakers: Breakers, rules: BreakerRules, slot: number, now: number): void => {
  advance(breakerColumn, breakers.state, slot, "tripped")
  const before = breakers.generation[slot]
  breakers.generation[slot] += 1
  invariant(breakers.generation[slot] > before, "generations of a breaker only rise")
  breakers.openUntil[slot] = now + rules.cooldownMicros
}

/** The cooldown is over: one probe at a time from here on. */
export const beginHalfOpen = (breakers: Breakers, slot: number): void => {
  advance(breakerColumn, breakers.state, slot, "cooledDown")
}

/** What tripped it was nobody's failure: in again, and all that it remembers stays. */
export const undoTrip = (breakers: Breakers, slot: number): void => {
  advance(breakerColumn, breakers.state, slot, "excused")
  breakers.openUntil[slot] = 0
}

/** The probe came back well: fully in again, with no memory of failures. */
export const close = (breakers: Breakers, rules: BreakerRules, slot: number): void => {
  advance(breakerColumn, breakers.state, slot, "readmitted")
  breakers.openUntil[slot] = 0
  forgetFailures(breakers, rules, slot)
}

/** How many of the latest failures the breaker still holds against an instance at `now`. */
export const recentFailures = (
  breakers: Breakers,
  rules: BreakerRules,
  slot: number,
  now: number,
): number => {
  const first = slot * rules.breakerThreshold
  return breakers.failures
    .subarray(first, first + rules.breakerThreshold)
    .filter((failure) => failure !== 0 && now - (failure - 1) <= rules.breakerWindowMicros).length
}

const bucketAt = ({ breakerWindowMicros }: BreakerRules, now: number): number =>
  Math.floor((now * ratioBuckets) / breakerWindowMicros)

const noteOutcome = (
  breakers: Breakers,
  rules: BreakerRules,
  slot: number,
  now: number,
  failures: number,
): void => {
  const bucket = bucketAt(rules, now)
  const first = slot * ratioBuckets
  const before = breakers.bucket[slot]
  const stale = Math.min(bucket - before, ratioBuckets)
  for (let i = 0; i < stale; i++) {
    const at = first + ((bucket - i) % ratioBuckets)
    breakers.outcomeBuckets[at] = 0
    breakers.failureBuckets[at] = 0
  }
  breakers.bucket[slot] = bucket
  const at = first + (bucket % ratioBuckets)
  breakers.outcomeBuckets[at] += 1
  breakers.failureBuckets[at] += failures
}

const failureRatio = (breakers: Breakers, slot: number): number => {
  let outcomes = 0
  let failures = 0
  for (let i = slot * ratioBuckets; i < (slot + 1) * ratioBuckets; i++) {
    outcomes += breakers.outcomeBuckets[i]
    failures += breakers.failureBuckets[i]
  }
  return outcomes === 0 ? 1 : failures / outcomes
}

/** Asserts what holds of one instance's breaker at `now`. O(threshold). */
export const auditBreaker = (
  breakers: Breakers,
  rules: BreakerRules,
  slot: number,
  now: number,
): void => {
  const { state, generation, openUntil, failures, failureAccounts, bucket } = breakers
  invariant(
    state[slot] === closed || generation[slot] > 0,
    "a breaker that never tripped is closed",
  )
  invariant(state[slot] !== closed || openUntil[slot] === 0, "a closed breaker has no cooldown")
  invariant(state[slot] !== halfOpen || openUntil[slot] <= now, "half-open, a cooldown is over")
  const first = slot * rules.breakerThreshold
  for (let at = first; at < first + rules.breakerThreshold; at++) {
    const before = at === first ? 0 : failures[at - 1]
    invariant(failures[at] <= now + 1, "a failure that is remembered has happened")
    invariant(
      failures[at] === 0 || at === first || (before > 0 && before <= failures[at]),
      "failures are remembered without a gap, the oldest first",
    )
    invariant(failureAccounts[at] >= disowned, "a failure has a witness, or none by its own code")
  }
  if (rules.minFailureRatio === 0) return
  invariant(bucket[slot] <= bucketAt(rules, now), "no outcome is noted ahead of time")
  for (let at = slot * ratioBuckets; at < (slot + 1) * ratioBuckets; at++)
    invariant(
      breakers.failureBuckets[at] <= breakers.outcomeBuckets[at],
      "each part of the window has no more failures than outcomes",
    )
}
