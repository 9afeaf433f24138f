/** The assertions of engine/rules and engine/economy, broken. */
import { hardened } from "../../../engine/economy/presets/hardened.ts"
import { pooled } from "../../../engine/economy/presets/pooled.ts"
import { compileRules } from "../../../engine/economy/rules.ts"
import type { Economy } from "../../../engine/economy/schema.ts"
import { pauseMicros } from "../../../engine/rules/backpressure.ts"
import type { Breakers } from "../../../engine/rules/breaker.ts"
import {
  auditBreaker,
  growBreakers,
  isTrippedByFailure,
  makeBreakers,
  trip,
} from "../../../engine/rules/breaker.ts"
import { reductionAfter } from "../../../engine/rules/flap.ts"
import { auditFloorSamples, isBelowAfter, makeFloorSamples } from "../../../engine/rules/floor.ts"
import type { Health } from "../../../engine/rules/health.ts"
import {
  auditHealth,
  count,
  makeHealth,
  passLikeHours,
  turnHour,
} from "../../../engine/rules/health.ts"
import { prorate } from "../../../engine/rules/proration.ts"
import {
  bootstrapStart,
  debtAfter,
  debtWaitMicros,
  nextSlotOnline,
  rampOf,
  rampedSlots,
} from "../../../engine/rules/ramp.ts"
import type { Candidates, SelectionRules, Standing } from "../../../engine/rules/selection.ts"
import {
  auditCandidates,
  choose,
  enterCandidate,
  leaveCandidate,
  makeCandidates,
  rankCandidate,
} from "../../../engine/rules/selection.ts"
import { bountyCapHundredths } from "../../../engine/rules/trust.ts"
import { openStream } from "../../../engine/core/random.ts"
import { setLeaf } from "../../../engine/core/tournament.ts"
import type { Breaches } from "./breaches.ts"

const rules = compileRules(pooled)
/** Trips by three failures that are a share of the outcomes. */
const ratioRules = compileRules(hardened)

type Group = Exclude<keyof Economy, "name" | "meaning" | "feeBps">

/** Rules of an economy that its schema would have refused. */
const compiled = (group: Group, patch: object) => (): void => {
  compileRules({ ...pooled, [group]: { ...pooled[group], ...patch } })
}
const tier = { name: "only", onlineDays: 0, minHealth: 0, maxMultiplier: 2 }

const failureAt = (breakers: Breakers, at: number): boolean =>
  isTrippedByFailure(breakers, rules, 0, { at, account: 0, request: 1 })

/** A fresh breaker, spoilt and audited at 1 µs. */
const spoiltBreaker =
  (spoil: (breakers: Breakers) => void, under = rules) =>
  (): void => {
    const breakers = makeBreakers(under)
    spoil(breakers)
    auditBreaker(breakers, under, 0, 1)
  }

const spoiltHealth = (spoil: (health: Health) => void) => (): void => {
  const health = makeHealth(rules)
  spoil(health)
  auditHealth(health)
}

const operatorFirst: SelectionRules = { ...rules, selection: "operatorFirst" }
const twoChoices: SelectionRules = { ...rules, selection: "twoChoices" }
const stream = openStream("invariants", "test", 0)
const standing: Standing = {
  isAdmitted: true,
  inFlight: 0,
  capacity: 2,
  slots: 2,
  ramp: 1,
  healthHundredths: 95,
  idleShare: 1,
  reputation: 1,
}

/** One candidate, instance 3 of operator 7, at place 0. */
const makeField = (under: SelectionRules): Candidates => {
  const candidates = makeCandidates()
  rankCandidate(candidates, under, enterCandidate(candidates, under, 3, 7), 7, standing)
  return candidates
}

type Own = NonNullable<ReturnType<Candidates["operators"]["get"]>>

/** The same among operators; what is known of its operator is spoilt before something is done. */
const spoiltOperator =
  (
    spoil: (own: { -readonly [K in keyof Own]: Own[K] }) => void,
    act: (candidates: Candidates) => void,
  ) =>
  (): void => {
    const candidates = makeField(operatorFirst)
    spoil(candidates.operators.get(7)!)
    act(candidates)
  }
const auditOperators = (candidates: Candidates): void => auditCandidates(candidates, operatorFirst)

export const rulesBreaches: Breaches = {
  "a length of time is at least 0": compiled("breaker", { cooldownSeconds: -1 }),
  "the fee is a part of the charge": () => void compileRules({ ...pooled, feeBps: 10_001 }),
  "the pool's part is a part of the fee": compiled("bounty", { poolFeeBps: 10_001 }),
  "a request has an attempt or more": compiled("routing", { maxRetries: -1 }),
  "the number of an attempt fits a byte": compiled("routing", { maxRetries: 255 }),
  "a breaker trips by a failure or more": compiled("breaker", { threshold: 0 }),
  "the failures that trip are a share of outcomes": compiled("breaker", { minFailureRatio: 2 }),
  "a rate is measured between two tokens or more": compiled("floor", { minStreamTokens: 1 }),
  "the floor keeps as many streams as its median asks for": compiled("floor", { maxSamples: NaN }),
  "a ramp starts above 0, at 1 at most": compiled("ramp", { start: 0 }),
  "a ramping instance may owe something": compiled("ramp", { burstSeconds: 0 }),
  "a newcomer is credited with a success of sorts": compiled("health", { priorSuccesses: 0 }),
  "health decides over a share of a lottery's weight": compiled("health", { tieWeight: 2 }),
  "the rules remember the window of health": compiled("health", { windowHours: NaN }),
  "everybody has a tier of trust": compiled("trust", { tiers: [{ ...tier, onlineDays: 1 }] }),
  "trust takes no part of a payout away": compiled("trust", {
    tiers: [{ ...tier, maxMultiplier: 0.5 }],
  }),
  "a bounty takes nothing away": compiled("bounty", { maxMultiplier: 0.5 }),
  "an average of demand overshoots nothing": compiled("bounty", { averageHours: -3 }),
  "a party's share of demand is above 0, to 1": compiled("bounty", { maxDemandShare: 0 }),
  "bounties vest over whole days": compiled("bounty", { vestingDays: 1.5 }),
  "a switch withholds a share of the payout": compiled("flap", { initialReduction: 2 }),
  "switches withhold the whole payout at most": compiled("flap", { maxReduction: 2 }),
  "a gift on a new account is at least 0": compiled("promotion", { grantCredits: -1 }),

  "a busy instance is left alone from now on": () => pauseMicros(rules, -1),
  "each breaker remembers as many failures as trip it": () =>
    growBreakers({ ...makeBreakers(rules), failures: new Float64Array(3) }, rules, 99),
  "failures are noted in order of time": () => {
    const breakers = makeBreakers(rules)
    failureAt(breakers, 2)
    failureAt(breakers, 1)
  },
  "generations of a breaker only rise": () => {
    const breakers = makeBreakers(rules)
    breakers.generation[0] = 2 ** 32 - 1
    trip(breakers, rules, 0, 1)
  },
  "a breaker that never tripped is closed": spoiltBreaker(({ state }) => (state[0] = 1)),
  "a closed breaker has no cooldown": spoiltBreaker(({ openUntil }) => (openUntil[0] = 9)),
  "half-open, a cooldown is over": spoiltBreaker(({ state, generation, openUntil }) => {
    state[0] = 2
    generation[0] = 1
    openUntil[0] = 9
  }),
  "a failure that is remembered has happened": spoiltBreaker(({ failures }) => (failures[0] = 9)),
  "failures are remembered without a gap, the oldest first": spoiltBreaker(
    ({ failures }) => (failures[1] = 1),
  ),
  "a failure has a witness, or none by its own code": spoiltBreaker(
    ({ failureAccounts }) => (failureAccounts[0] = -3),
  ),
  "no outcome is noted ahead of time": spoiltBreaker(({ bucket }) => (bucket[0] = 9), ratioRules),
  "each part of the window has no more failures than outcomes": spoiltBreaker(
    ({ failureBuckets }) => (failureBuckets[0] = 1),
    ratioRules,
  ),

  "a reduction decays as time goes on": () => reductionAfter(rules, 0.5, -1),
  "a reduction is a share": () => reductionAfter(rules, 2, 1),
  "a stream that is measured has a rate": () =>
    isBelowAfter(makeFloorSamples(rules), rules, 0, 0, 1, NaN),
  "a stream that is measured has ended": () => {
    const samples = makeFloorSamples(rules)
    samples.ends[0] = 9
    auditFloorSamples(samples, rules, 0, 1)
  },
  "no more leaves the window than was counted in it": () => {
    const health = makeHealth(rules)
    health.pages[1] = new Uint32Array(health.sums.length).fill(1)
    turnHour(health)
  },
  "hours that pass at once are one or more": () => passLikeHours(makeHealth(rules), 0),
  "nobody is online for more than an hour in an hour": spoiltHealth((health) =>
    count(health, "onlineMicros", 0, 4e9),
  ),
  "a sum of the window is that of its hours": spoiltHealth(({ sums }) => (sums[0] = 1)),
  "no more probes went well than were made": spoiltHealth((health) =>
    count(health, "goodProbes", 0, 1),
  ),

  "what is prorated has somebody to go to": () => prorate(5, [0, 0]),
  "what is prorated is at least 0": () => prorate(-1, [1]),
  "each part is within one unit of its quota": () =>
    prorate(
      2 ** 70,
      Array.from({ length: 50 }, (_, index) => 2 * index + 1),
    ),

  "a ramp is above 0, to 1": () => rampOf(0.1, -1),
  "what is established is a part of the supply": () => bootstrapStart(rules, 2, 1),
  "no more slots are in use than there are": () => rampedSlots(1, 0),
  "a slot that is still to come is beyond the ramp's start": () =>
    nextSlotOnline(rules, 0.1, 100, 1),
  "a debt is worked off as time goes on": () => debtAfter(1, -1, 1),
  "a debt does not grow by itself": () => debtAfter(1, 1, -1),
  "a debt is at least 0": () => debtWaitMicros(-1, 1, 1),
  "trust is asked for by online time": () => bountyCapHundredths(rules, -1, 95),
  "a candidate's operator has a field of its own": () =>
    rankCandidate(makeField(operatorFirst), operatorFirst, 0, 8, standing),
  "an operator loses no more candidates than it has": spoiltOperator(
    (own) => (own.members = 0),
    (candidates) => leaveCandidate(candidates, operatorFirst, 0, 7),
  ),
  "an operator with room has an instance with room": spoiltOperator(
    ({ field }) => setLeaf(field, 0, Infinity, 0),
    (candidates) => choose(candidates, operatorFirst, stream),
  ),
  "a candidate has its part in its operator's sums": spoiltOperator(
    ({ contributed }) => (contributed.length = 0),
    (candidates) => rankCandidate(candidates, operatorFirst, 0, 7, standing),
  ),
  "an operator's sums are at least 0": spoiltOperator(
    (own) => (own.inFlight = -1),
    (candidates) => rankCandidate(candidates, operatorFirst, 0, 7, standing),
  ),
  "the load of each candidate is known": () => {
    const candidates = makeField(twoChoices)
    candidates.loads.length = 0
    auditCandidates(candidates, twoChoices)
  },
  "an operator stands at its own place": spoiltOperator((own) => (own.place = 1), auditOperators),
  "an operator's members are counted": spoiltOperator((own) => (own.members = 2), auditOperators),
  "an operator's load is that of its instances": spoiltOperator(
    (own) => (own.inFlight = 1),
    auditOperators,
  ),
  "an operator's room is that of its instances": spoiltOperator(
    (own) => (own.capacity = 1),
    auditOperators,
  ),
}
