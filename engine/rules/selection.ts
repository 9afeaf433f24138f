/**
 * Who gets the next attempt (docs/rules.md#selection). "The gateway finds every active instance serving
 * the requested model and picks the one with the most spare capacity. Ties are broken randomly so
 * equally-idle nodes share traffic over time" (002).
 *
 *   leastLoaded    least in-flight / C; ties by a lottery with weight 0.8 + 0.2·H
 *   operatorFirst  the least-loaded operator, then the least-loaded of its instances
 *   spareLottery   a lottery with weight r · slots − in-flight: linear in capacity, so that splitting
 *                  a machine gains nothing
 *   priceLottery   the same; where hosts set prices, the less they ask the likelier (`pricing/host-price.ts`)
 *   adaptive       the same, the less loaded and the faster the machine the likelier (`balancing.ts`)
 *   twoChoices     two draws with weight C, then the less loaded of the two
 *
 * Loads are compared exactly: in-flight and C are small whole numbers, so two different fractions
 * are different doubles, and equal fractions are equal doubles.
 */
import { invariant } from "../core/invariant.ts"
import type { Stream } from "../core/random.ts"
import type { Tournament } from "../core/tournament.ts"
import {
  auditTournament,
  draw,
  enter,
  isEmpty,
  leave,
  makeTournament,
  setLeaf,
  weightOfLeast,
} from "../core/tournament.ts"
import type { HealthRules } from "./health.ts"
import type { RampRules } from "./ramp.ts"
import type { RatingRules } from "./ratings.ts"
import type { RoutingRules } from "./routing.ts"

export type SelectionRules = RoutingRules &
  Pick<RampRules, "isLotteryRamped"> &
  Pick<HealthRules, "tieWeight"> &
  Pick<RatingRules, "reputationTieWeight">

/** One model's candidates. */
export interface Candidates {
  /** All candidates; under operatorFirst, its entrants are operators. */
  readonly field: Tournament
  /** Under operatorFirst: each operator's own candidates. */
  readonly operators: Map<number, OperatorField>
  /** Under twoChoices: each candidate's load, by its place. */
  readonly loads: Array<number>
}

interface OperatorField {
  readonly field: Tournament
  readonly place: number
  members: number
  /** Sums over the operator's admitted instances, those without room included. */
  inFlight: number
  capacity: number
  /** What each member contributes to the sums, by its place. */
  readonly contributed: Array<{ inFlight: number; capacity: number }>
}

/** What the index has to know of an instance. */
export interface Standing {
  readonly isAdmitted: boolean
  readonly inFlight: number
  /** Ramped slots C. */
  readonly capacity: number
  /** Slots before the ramp. */
  readonly slots: number
  readonly ramp: number
  readonly healthHundredths: number
  /** Part of the machine that it says is idle, 0 … 1. */
  readonly idleShare: number
  /** Of its provider, 0 … 1; where it does not weigh: 1. */
  readonly reputation: number
}

export const makeCandidates = (): Candidates => ({
  field: makeTournament(),
  operators: new Map(),
  loads: [],
})

/** Enters an instance, not yet admitted, and returns its place. */
export const enterCandidate = (
  candidates: Candidates,
  rules: SelectionRules,
  instance: number,
  operator: number,
): number => {
  if (rules.selection !== "operatorFirst") return enter(candidates.field, instance)
  let own = candidates.operators.get(operator)
  if (own === undefined) {
    const place = enter(candidates.field, operator)
    own = { field: makeTournament(), place, members: 0, inFlight: 0, capacity: 0, contributed: [] }
    candidates.operators.set(operator, own)
  }
  own.members++
  const place = enter(own.field, instance)
  own.contributed[place] = { inFlight: 0, capacity: 0 }
  return place
}

export const leaveCandidate = (
  candidates: Candidates,
  rules: SelectionRules,
  place: number,
  operator: number,
): void => {
  if (rules.selection !== "operatorFirst") return leave(candidates.field, place)
  const own = operatorField(candidates, operator)
  contribute(own, place, 0, 0)
  leave(own.field, place)
  own.members--
  invariant(own.members >= 0, "an operator loses no more candidates than it has")
  rank(candidates, own)
  if (own.members > 0) return
  leave(candidates.field, own.place)
  candidates.operators.delete(operator)
}

/** Brings an instance's key and weight up to date. O(log n). */
export const rankCandidate = (
  candidates: Candidates,
  rules: SelectionRules,
  place: number,
  operator: number,
  standing: Standing,
): void => {
  const hasRoom = standing.isAdmitted && standing.inFlight < standing.capacity
  const key = hasRoom ? keyOf(rules, standing) : Infinity
  const weight = hasRoom ? weightOf(rules, standing) : 0
  if (rules.selection === "twoChoices")
    candidates.loads[place] = standing.inFlight / standing.capacity
  if (rules.selection !== "operatorFirst") return setLeaf(candidates.field, place, key, weight)
  const own = operatorField(candidates, operator)
  setLeaf(own.field, place, key, weight)
  contribute(
    own,
    place,
    standing.isAdmitted ? standing.inFlight : 0,
    standing.isAdmitted ? standing.capacity : 0,
  )
  rank(candidates, own)
}

/** Draws the instance for the next attempt; −1 where no candidate has room. O(log n). */
export const choose = (candidates: Candidates, rules: SelectionRules, stream: Stream): number => {
  const { field } = candidates
  const place = draw(field, stream)
  if (place < 0) return -1
  if (rules.selection === "operatorFirst") {
    const own = operatorField(candidates, field.entrant[place])
    const member = draw(own.field, stream)
    invariant(member >= 0, "an operator with room has an instance with room")
    return entrantOf(own.field, member)
  }
  if (rules.selection === "twoChoices") {
    const other = draw(field, stream)
    const isOtherLess = candidates.loads[other] < candidates.loads[place]
    return entrantOf(field, isOtherLess ? other : place)
  }
  return entrantOf(field, place)
}

/** Has nobody of a field room? */
export const isFieldEmpty = ({ field }: Candidates): boolean => isEmpty(field)

/** Does nobody stand in a field, with room or without? */
export const isFieldDeserted = ({ field }: Candidates): boolean => field.used === field.free.length

/** The summed weight of those with room, under a lottery by room. */
export const roomOf = ({ field }: Candidates): number => weightOfLeast(field)

const entrantOf = ({ entrant }: Tournament, place: number): number => entrant[place]

const keyOf = (
  rules: SelectionRules,
  { inFlight, capacity, healthHundredths }: Standing,
): number => {
  if (isByRoom(rules) || rules.selection === "twoChoices") return 0
  const load = rules.loadIsFraction ? inFlight / capacity : inFlight - capacity
  // Slots are at most 1024, so fractions differ by 2^-20 at least and health decides below that.
  return rules.tieBreak === "strict" ? load + (100 - healthHundredths) * 2 ** -28 : load
}

const isByRoom = ({ selection }: SelectionRules): boolean =>
  selection === "spareLottery" || selection === "priceLottery" || selection === "adaptive"

/** What a host says of its own load can only lower its weight. */
const weightOf = (rules: SelectionRules, standing: Standing): number => {
  const { inFlight, capacity, slots, ramp, healthHundredths, idleShare, reputation } = standing
  if (rules.selection === "twoChoices") return Math.max(1, Math.round(capacity * idleShare))
  if (isByRoom(rules)) return Math.max(1, Math.round(1000 * (ramp * slots - inFlight) * idleShare))
  if (rules.tieBreak !== "lottery") return 1
  const weight = 1000 * (1 - rules.tieWeight) + 10 * rules.tieWeight * healthHundredths
  const ramped = rules.isLotteryRamped ? weight * ramp : weight
  const known = 1 - rules.reputationTieWeight * (1 - reputation)
  return Math.max(1, Math.round(ramped * idleShare * known))
}

const operatorField = (candidates: Candidates, operator: number): OperatorField => {
  const own = candidates.operators.get(operator)
  invariant(own !== undefined, "a candidate's operator has a field of its own")
  return own
}

const contribute = (
  own: OperatorField,
  place: number,
  inFlight: number,
  capacity: number,
): void => {
  const before = own.contributed[place]
  invariant(before !== undefined, "a candidate has its part in its operator's sums")
  own.inFlight += inFlight - before.inFlight
  own.capacity += capacity - before.capacity
  invariant(own.inFlight >= 0 && own.capacity >= 0, "an operator's sums are at least 0")
  before.inFlight = inFlight
  before.capacity = capacity
}

const rank = (candidates: Candidates, own: OperatorField): void =>
  isEmpty(own.field)
    ? setLeaf(candidates.field, own.place, Infinity, 0)
    : setLeaf(candidates.field, own.place, own.inFlight / own.capacity, 1)

/** Asserts what holds of a model's candidates. O(candidates). */
export const auditCandidates = (candidates: Candidates, rules: SelectionRules): void => {
  const { field, operators, loads } = candidates
  auditTournament(field)
  if (rules.selection === "twoChoices")
    field.entrant.forEach((entrant, place) =>
      invariant(entrant < 0 || loads[place] >= 0, "the load of each candidate is known"),
    )
  for (const [operator, own] of operators) {
    auditTournament(own.field)
    invariant(field.entrant[own.place] === operator, "an operator stands at its own place")
    const members = own.field.entrant.filter((entrant) => entrant >= 0).length
    invariant(own.members === members, "an operator's members are counted")
    const sumOf = (what: "inFlight" | "capacity") =>
      own.contributed.reduce((sum, one) => sum + one[what], 0)
    invariant(own.inFlight === sumOf("inFlight"), "an operator's load is that of its instances")
    invariant(own.capacity === sumOf("capacity"), "an operator's room is that of its instances")
  }
}

/** Which instance stands at a place. */
export const candidateAt = (
  candidates: Candidates,
  rules: SelectionRules,
  place: number,
  operator: number,
): number =>
  rules.selection === "operatorFirst"
    ? operatorField(candidates, operator).field.entrant[place]
    : candidates.field.entrant[place]
