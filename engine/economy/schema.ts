/**
 * The economy: every knob of the rules, in groups that follow the rules' own modules.
 *
 * "002" and "000" name the documents of the credit economy and of the hosting guide that the rules
 * were taken from; "ours" marks a choice that they leave open.
 */
import { Schema } from "effect"
import { expectingKnobs, knob, structOf } from "./knob.ts"
import {
  basisPoints,
  between,
  flag,
  nonNegative,
  oneOf,
  positive,
  wholeBetween,
} from "./setting.ts"

export const economyKnobs = {
  money: {
    scale: knob(wholeBetween("decimal places", 0, 9), {
      default: 6,
      unit: "decimal places",
      meaning: "A credit is 10^scale minor units; all money is whole minor units.",
      source:
        "ours: finer than any price per token, and a balance may still reach 9 billion credits",
    }),
  },
  routing: {
    selection: knob(oneOf("leastLoaded", "operatorFirst", "spareLottery", "twoChoices"), {
      default: "leastLoaded",
      unit: "rule",
      meaning: "How the gateway picks among the eligible instances of a model.",
      source: "002: picks the one with the most spare capacity",
    }),
    tieBreak: knob(oneOf("lottery", "random", "strict"), {
      default: "lottery",
      unit: "rule",
      meaning:
        "Among equally loaded: lottery weighted by health, uniform, or the healthiest first.",
      source: "002: ties are broken randomly; a 14-day score tie-breaks routing",
    }),
    load: knob(oneOf("fraction", "slots"), {
      default: "fraction",
      unit: "measure",
      meaning:
        "Spare capacity read as the share in use (fraction) or the absolute number free (slots).",
      source:
        "ours: only the fraction makes an idle H100 and an idle consumer GPU tie, as 002 asks",
    }),
    capacity: knob(oneOf("declared", "verified"), {
      default: "declared",
      unit: "source",
      meaning: "Whose slots count: the operator's word, or the lesser of it and what was measured.",
      source: "002 trusts the declaration; hardened measures",
    }),
    measureLeaseSeconds: knob(positive("seconds"), {
      default: 300,
      unit: "s",
      meaning: "A measurement unanswered for this long is asked for again.",
      source: "ours: a lost measurement must not leave an instance unverified for ever",
    }),
    maxRetries: knob(wholeBetween("attempts", 0, 7), {
      default: 2,
      unit: "attempts",
      meaning: "Further attempts on other instances while no byte has reached the consumer.",
      source: "ours",
    }),
  },
  breaker: {
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
  },
  backpressure: {
    retryAfterSeconds: knob(nonNegative("seconds"), {
      default: 1,
      unit: "s",
      meaning: "Pause after a 429 or 503 that names no Retry-After of its own.",
      source: "ours",
    }),
    maxRetryAfterSeconds: knob(nonNegative("seconds"), {
      default: 60,
      unit: "s",
      meaning: "A longer Retry-After counts as this long.",
      source: "ours: one answer must not take an instance out for hours, whoever provoked it",
    }),
    isFailure: knob(flag, {
      default: false,
      unit: "yes/no",
      meaning:
        "Whether a 429 or 503 to a call counts as a failure: the call was sent because there was room.",
      source: "ours: neutral; hardened: yes, or refusing all but the best calls costs nothing",
    }),
  },
  blame: {
    secondOpinion: knob(flag, {
      default: false,
      unit: "yes/no",
      meaning:
        "Whether a 4xx is the consumer's only once another operator's host agrees: where one serves the call, refusing it was a failure.",
      source:
        "002: 4xx user errors are neutral; hardened: a host's word for it is not enough, or refusing calls by 4xx costs nothing",
    }),
    excuseShared: knob(flag, {
      default: false,
      unit: "yes/no",
      meaning:
        "Whether a call that fails alike on different hosts counts against none of them: the call is what they have in common.",
      source: "002 is silent; hardened: one malformed call must not park host after host",
    }),
    minWitnesses: knob(wholeBetween("parties", 1, 2), {
      default: 1,
      unit: "parties",
      meaning:
        "Parties whose calls must have failed before failures trip a breaker or lower a score; a probe settles what one alone has seen. A 404, and refusing what peers serve, need no witness.",
      source: "002 counts failures, whoever saw them; hardened: no consumer alone can harm a host",
    }),
    refusalDeviations: knob(nonNegative("standard deviations"), {
      default: 0,
      unit: "standard deviations",
      meaning:
        "How far a host's rate of 4xx that no other host shares may be above its peers' before each counts as a failure by itself; 0 is off.",
      source: "ours: off; hardened: 4, for markets in which no second host has room to be asked",
    }),
  },
  floor: {
    tokensPerSecond: knob(nonNegative("tokens per second"), {
      default: 5,
      unit: "tokens/s",
      meaning: "Below this measured decode rate an instance gets no requests.",
      source: "002: a 5 tok/s floor",
    }),
    readmitTokensPerSecond: knob(nonNegative("tokens per second"), {
      default: 5.5,
      unit: "tokens/s",
      meaning: "A probe at or above this rate lets a floored instance back in.",
      source: "ours: hysteresis, so that an instance at the edge does not flicker",
    }),
    minStreamTokens: knob(wholeBetween("tokens", 2, 1_000_000), {
      default: 32,
      unit: "tokens",
      meaning: "Shorter streams say too little about the rate and are not counted.",
      source: "ours",
    }),
    windowSeconds: knob(positive("seconds"), {
      default: 600,
      unit: "s",
      meaning: "The rate is the median over the streams of this long.",
      source: "002: sustained generation throughput",
    }),
    minSamples: knob(wholeBetween("streams", 1, 32), {
      default: 5,
      unit: "streams",
      meaning: "With fewer streams in the window the instance counts as not yet measured.",
      source: "ours",
    }),
    maxSamples: knob(wholeBetween("streams", 1, 128), {
      default: 32,
      unit: "streams",
      meaning: "At most the latest so many streams of the window enter the median.",
      source: "ours: bounds the memory of a busy instance; newer streams tell more",
    }),
    probeSeconds: knob(positive("seconds"), {
      default: 300,
      unit: "s",
      meaning: "How often a floored instance is measured again.",
      source: "ours",
    }),
  },
  ramp: {
    start: knob(between("a share", 0.001, 1), {
      default: 0.1,
      unit: "share",
      meaning: "Share of its declared rate that a new instance is admitted at.",
      source: "002: admitted at a fraction of their declared rate",
    }),
    onlineHours: knob(nonNegative("hours"), {
      default: 168,
      unit: "h",
      meaning: "Online time until an instance has its full rate.",
      source: "002: scale to 100% over the first week",
    }),
    successes: knob(wholeBetween("requests", 0, 1_000_000), {
      default: 0,
      unit: "requests",
      meaning: "Successes also needed for the full rate; 0 is off.",
      source: "002 asks for time only; hardened: idling must not ripen a Sybil",
    }),
    burstSeconds: knob(positive("seconds"), {
      default: 10,
      unit: "s",
      meaning: "Tokens that a ramping instance may owe, as seconds of its ramped rate.",
      source: "ours: a post-paid token bucket",
    }),
    weighsLottery: knob(flag, {
      default: false,
      unit: "yes/no",
      meaning: "Whether the ramp also weighs the lottery among equally loaded instances.",
      source: "ours: at 2% load a cap alone leaves a newcomer with a veteran's traffic",
    }),
  },
  health: {
    windowHours: knob(wholeBetween("hours", 1, 2160), {
      default: 336,
      unit: "h",
      meaning: "Outcomes older than this have no effect.",
      source: "002: a 14-day success / failure / neutral score",
    }),
    priorSuccesses: knob(positive("successes"), {
      default: 19,
      unit: "successes",
      meaning: "Successes that a newcomer is credited with.",
      source: "ours: a Beta(19, 1) prior, a newcomer starts at 0.95",
    }),
    priorFailures: knob(nonNegative("failures"), {
      default: 1,
      unit: "failures",
      meaning: "Failures that a newcomer is charged with.",
      source: "ours: a Beta(19, 1) prior, a newcomer starts at 0.95",
    }),
    uptimeWeight: knob(nonNegative("requests"), {
      default: 0.25,
      unit: "requests",
      meaning: "What one probe, or one online hour, weighs against one request.",
      source: "002: probe outcomes and online time roll into the same window",
    }),
    tieWeight: knob(between("a share", 0, 1), {
      default: 0.2,
      unit: "share",
      meaning: "Share of an instance's lottery weight that depends on its health.",
      source: "ours: the score tie-breaks without starving anyone",
    }),
  },
  trust: {
    tiers: knob(
      Schema.NonEmptyArray(
        Schema.Struct({
          name: Schema.NonEmptyString,
          onlineDays: nonNegative("days"),
          minHealth: between("a score", 0, 1),
          maxMultiplier: between("a multiplier", 1, 100),
        }),
      ).pipe(
        Schema.filter(
          (tiers) =>
            (tiers[0].onlineDays === 0 && tiers[0].minHealth === 0) ||
            "expected the first tier to ask for 0 onlineDays and 0 minHealth, so that everyone has one",
        ),
      ),
      {
        default: [
          { name: "new", onlineDays: 0, minHealth: 0, maxMultiplier: 1.13 },
          { name: "settled", onlineDays: 14, minHealth: 0.95, maxMultiplier: 1.25 },
          { name: "proven", onlineDays: 30, minHealth: 0.95, maxMultiplier: 1.5 },
          { name: "veteran", onlineDays: 90, minHealth: 0.95, maxMultiplier: 2 },
        ],
        unit: "days, score, multiplier",
        meaning: "Highest bounty multiplier by online days and health; the best tier met applies.",
        source: "002: trust unlocks higher bounty multipliers",
      },
    ),
  },
  bounty: {
    poolFeeBps: knob(basisPoints, {
      default: 5000,
      unit: "bps of the fee",
      meaning: "Part of every fee that goes to the bounty pool.",
      source: "002: funded by the platform, not the consumer",
    }),
    target: knob(positive("times the demand"), {
      default: 1.25,
      unit: "× demand",
      meaning: "Supply that a model should have; below it the model is under-supplied.",
      source: "ours",
    }),
    maxMultiplier: knob(between("a multiplier", 1, 100), {
      default: 2,
      unit: "×",
      meaning: "Multiplier of a model without any supply.",
      source: "ours",
    }),
    averageHours: knob(positive("hours"), {
      default: 24,
      unit: "h",
      meaning: "Span of the exponentially weighted average of demand.",
      source: "ours",
    }),
    form: knob(oneOf("multiplier", "premium"), {
      default: "multiplier",
      unit: "form",
      meaning: "Multiplier on the provider's share, or an announced premium per token.",
      source: "002: payout multipliers; hardened announces a premium",
    }),
    fixedHours: knob(nonNegative("hours"), {
      default: 0,
      unit: "h",
      meaning: "An announced bounty stays as it is for this long; 0: set anew each hour.",
      source: "002 is silent; hardened: 168, so that chasing does not pay",
    }),
    excludeLinked: knob(flag, {
      default: false,
      unit: "yes/no",
      meaning: "Own and linked accounts' traffic earns no bounty and is no demand.",
      source: "002 is silent; hardened: closes self-dealing",
    }),
    maxDemandShare: knob(between("a share", 0.001, 1), {
      default: 1,
      unit: "share",
      meaning: "One consumer counts for at most this share of a model's demand in an hour.",
      source: "002 is silent; hardened: one buyer must not make a shortage",
    }),
    vestingDays: knob(wholeBetween("days", 0, 365), {
      default: 0,
      unit: "d",
      meaning: "Bounty beyond vestingAboveBps is released over so many days; 0: at once.",
      source: "002 is silent; hardened: 14",
    }),
    vestingAboveBps: knob(basisPoints, {
      default: 1200,
      unit: "bps of gross",
      meaning:
        "Bounty up to this part of the call's price is paid at once even where bounties vest.",
      source: "ours: below the fee, washing cannot pay",
    }),
  },
  flap: {
    initialReduction: knob(between("a share", 0, 1), {
      default: 0.5,
      unit: "share",
      meaning: "Part of the payout withheld right after a model switch.",
      source: "002: a temporary payout reduction",
    }),
    maxReduction: knob(between("a share", 0, 1), {
      default: 0.9,
      unit: "share",
      meaning: "Most that repeated switches can add up to.",
      source: "ours",
    }),
    decayHours: knob(nonNegative("hours"), {
      default: 72,
      unit: "h",
      meaning: "Time until the reduction has decayed to nothing, linearly.",
      source: "002: decays over 72 hours",
    }),
  },
  promotion: {
    grantCredits: knob(nonNegative("credits"), {
      default: 5,
      unit: "credits",
      meaning: "Gift on every new account; spent first, never withdrawable, earns no bounty.",
      source: "002: on every new account, so you can call the gateway before you buy or earn",
    }),
    budgetCredits: knob(nonNegative("credits"), {
      default: 100_000,
      unit: "credits",
      meaning: "What the platform gives away in total; grants stop when it is spent.",
      source: "ours",
    }),
    giftsPay: knob(oneOf("earnings", "gifts"), {
      default: "earnings",
      unit: "lot",
      meaning:
        "What the part of a call that a gift paid is to its provider: earnings, or a gift that it may only spend.",
      source:
        "002: spending it pays the node as usual; hardened: gifts, so that farming sign-ups brings nothing home",
    }),
  },
  withdrawal: {
    minimumCredits: knob(nonNegative("credits"), {
      default: 10,
      unit: "credits",
      meaning: "Least amount of earned credits that can be withdrawn at once.",
      source: "000: earnings can be withdrawn; the minimum is ours",
    }),
  },
  metering: {
    toleranceTokens: knob(wholeBetween("tokens", 0, 1_000_000), {
      default: 8,
      unit: "tokens",
      meaning: "How far a host's count may exceed the gateway's before it is marked.",
      source: "ours: tokenizers disagree by a few tokens on special tokens",
    }),
  },
  liveness: {
    heartbeatSeconds: knob(positive("seconds"), {
      default: 30,
      unit: "s",
      meaning: "Interval that hosts are told to send heartbeats at.",
      source: "000: sends heartbeats every 30 seconds",
    }),
    missedHeartbeats: knob(wholeBetween("heartbeats", 1, 1000), {
      default: 3,
      unit: "heartbeats",
      meaning: "A host that misses so many is inactive until its next one.",
      source: "000: missed heartbeats mark your host as inactive; the number is ours",
    }),
  },
} as const

/** The platform's fee stands at the top of an economy, since it is the first knob anyone turns. */
export const feeBpsKnob = knob(basisPoints, {
  default: 1200,
  unit: "bps of gross",
  meaning: "The platform's part of every paid call; the rest is the provider's.",
  source: "000: the platform takes a 12% fee",
})

type Groups = typeof economyKnobs
const group = <G extends keyof Groups>(name: G) => structOf<Groups[G]>(economyKnobs[name])

export const Economy = Schema.Struct({
  name: Schema.NonEmptyString,
  meaning: Schema.String,
  feeBps: feeBpsKnob.schema,
  money: group("money"),
  routing: group("routing"),
  breaker: group("breaker"),
  backpressure: group("backpressure"),
  blame: group("blame"),
  floor: group("floor"),
  ramp: group("ramp"),
  health: group("health"),
  trust: group("trust"),
  bounty: group("bounty"),
  flap: group("flap"),
  promotion: group("promotion"),
  withdrawal: group("withdrawal"),
  metering: group("metering"),
  liveness: group("liveness"),
}).annotations(expectingKnobs)
export type Economy = typeof Economy.Type
