/**
 * What an audit of the economy's claims leaves behind: the shapes that it prints as JSON and that the
 * reports draw. Intervals are at 95%.
 */
import { Schema } from "effect"

/** `low` and `high` are null where there is no telling: too few replications, or a ratio to nothing. */
export const Estimated = Schema.Struct({
  mean: Schema.Number,
  low: Schema.NullOr(Schema.Number),
  high: Schema.NullOr(Schema.Number),
  n: Schema.Number,
})
export type Estimated = typeof Estimated.Type

/** A bound that an estimate is held against: the whole interval within it, or without, or neither. */
export const Bound = Schema.Struct({
  atLeast: Schema.NullOr(Schema.Number),
  atMost: Schema.NullOr(Schema.Number),
})
export type Bound = typeof Bound.Type

export const Verdict = Schema.Literal("holds", "fails", "undecided")
export type Verdict = typeof Verdict.Type

/** One experiment's answer. */
export const Measure = Schema.Struct({
  /** What was measured, and where. */
  label: Schema.String,
  unit: Schema.String,
  estimate: Estimated,
  bound: Bound,
  verdict: Verdict,
  /** Length of its runs: an effect of a fortnight is not that of a year. */
  horizonDays: Schema.Number,
  /** The commands that run the experiment again. */
  reproduce: Schema.Array(Schema.String),
})
export type Measure = typeof Measure.Type

export const ClaimVerdict = Schema.Literal("holds", "fails", "depends", "undecided")
export type ClaimVerdict = typeof ClaimVerdict.Type

/** A promise of the economy's document, under one economy. */
export const ClaimResult = Schema.Struct({
  verdict: ClaimVerdict,
  /** Where it holds and where it does not, in a sentence. */
  because: Schema.String,
  measures: Schema.Array(Measure),
})
export type ClaimResult = typeof ClaimResult.Type

export const AttackVerdict = Schema.Literal("does not pay", "pays", "undecided")
export type AttackVerdict = typeof AttackVerdict.Type

/** A figure of the market beside an attack, with the honest party and with the attacker. */
const Reported = Schema.Struct({
  metric: Schema.String,
  label: Schema.String,
  unit: Schema.String,
  honest: Estimated,
  attack: Estimated,
})

/** One way of an attack, under one economy. */
export const AttackResult = Schema.Struct({
  /** Which way, and in which market. */
  label: Schema.String,
  verdict: AttackVerdict,
  /** Length of its runs: an effect of a fortnight is not that of a year. */
  horizonDays: Schema.Number,
  /** What it makes more than the most profitable honest conduct on the same machines, credits a day. */
  gain: Estimated,
  /** A gain up to this one counts as nothing: a two-hundredth of the honest pay, credits a day. */
  negligibleGain: Schema.Number,
  /** Of the hypothesis that it gains no more than that, adjusted for all ways of all attacks tried (Holm). */
  pHolm: Schema.NullOr(Schema.Number),
  /** Profit ÷ honest profit, to describe it; null unless the honest party makes one beyond doubt. */
  ratio: Schema.NullOr(Estimated),
  /** The honest conduct that it is compared with. */
  against: Schema.String,
  attackProfit: Estimated,
  honestProfit: Estimated,
  /** Traffic ÷ honest traffic, where a party's traffic is what the attack is after; else null. */
  trafficGain: Schema.NullOr(Estimated),
  reported: Schema.Array(Reported),
  reproduce: Schema.Array(Schema.String),
})
export type AttackResult = typeof AttackResult.Type

const byEconomy = <A, I>(schema: Schema.Schema<A, I>) =>
  Schema.Record({ key: Schema.String, value: schema })

export const Claim = Schema.Struct({
  id: Schema.String,
  title: Schema.String,
  /** Where the claim comes from. */
  source: Schema.String,
  economies: byEconomy(ClaimResult),
})
export type Claim = typeof Claim.Type

export const Attack = Schema.Struct({
  id: Schema.String,
  title: Schema.String,
  /** What the attacker does. */
  means: Schema.String,
  economies: byEconomy(Schema.Array(AttackResult)),
})
export type Attack = typeof Attack.Type

/** A point of the frontier of self-dealing. */
const FrontierPoint = Schema.Struct({
  supplyShare: Schema.Number,
  /** The highest multiplier that the economy allows, and the one that was paid on average. */
  maxMultiplier: Schema.Number,
  paidMultiplier: Estimated,
  /** What each credit spent on its own tokens adds to a party's profit, credits. */
  gain: Estimated,
  reproduce: Schema.Array(Schema.String),
})

export const Frontier = Schema.Struct({
  points: Schema.Array(FrontierPoint),
  /** By share of the supply: the highest multiplier paid at which self-dealing did not pay. */
  safe: Schema.Array(
    Schema.Struct({
      supplyShare: Schema.Number,
      highestSafe: Schema.NullOr(Schema.Number),
      lowestPaying: Schema.NullOr(Schema.Number),
      /** 1 ÷ (share of the supply × (1 − fee)). */
      theory: Schema.Number,
    }),
  ),
})
export type Frontier = typeof Frontier.Type

export const ClaimsReport = Schema.Struct({
  version: Schema.String,
  seed: Schema.String,
  isFast: Schema.Boolean,
  replications: Schema.Number,
  economies: Schema.Array(Schema.String),
  /** Shell command that reproduces the audit. */
  command: Schema.String,
  wallSeconds: Schema.Number,
  claims: Schema.Array(Claim),
  attacks: Schema.Array(Attack),
  frontier: Schema.NullOr(Frontier),
  /** Simulations whose own checks (credits conserved, flow balance, Little's law) did not hold. */
  failedChecks: Schema.Array(Schema.String),
})
export type ClaimsReport = typeof ClaimsReport.Type
