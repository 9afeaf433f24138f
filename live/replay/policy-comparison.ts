/**
 * The same journal under its own rules and under others, over several seeds of the routing.
 *
 * What chance decides in a market (which of several equal hosts gets a call) is drawn again for each
 * seed, and both rules share the seeds, so that their difference is taken seed by seed. The own rules
 * are the baseline, not the journal: what the replay makes up is made up on both sides, and other rules
 * that are the own ones differ by nothing at all.
 */
import { Effect } from "effect"
import type { AccountId, Economy } from "../../engine/index.ts"
import type { Interval } from "../../sim/statistics/inference/interval.ts"
import { meanInterval } from "../../sim/statistics/inference/interval.ts"
import type { JudgedComparison } from "../../sim/statistics/inference/judged-pairs.ts"
import { judgePairs } from "../../sim/statistics/inference/judged-pairs.ts"
import type { StoredEntry } from "../store/journal.ts"
import type { MarketMeta } from "../store/meta.ts"
import type { Counterfactual } from "./counterfactual.ts"
import { replayCounterfactual } from "./counterfactual.ts"
import type { MarketTotals } from "./totals.ts"
import { emptyTotals } from "./totals.ts"
import { readWritten } from "./written.ts"

export type TotalName = keyof MarketTotals
export const totalNames = Object.keys(emptyTotals()) as ReadonlyArray<TotalName>

/** One figure of the market under both rules; `judged.difference` is other − own. */
export interface PolicyFigure {
  readonly own: Interval
  readonly other: Interval
  readonly judged: JudgedComparison
}

export interface PolicyComparison {
  /** Of the routing; the first is the market's own. */
  readonly seeds: ReadonlyArray<string>
  readonly totals: Readonly<Record<TotalName, PolicyFigure>>
  /** Balances of the accounts for which they differ, minor units, by number. */
  readonly accounts: ReadonlyArray<PolicyFigure & { readonly account: AccountId }>
  /** Mean number of the journal's events that each market rejected. */
  readonly rejected: { readonly own: number; readonly other: number }
}

/** Replays the journal under both rules for each of so many seeds, two at least. */
export const comparePolicies = (
  entries: ReadonlyArray<StoredEntry>,
  meta: MarketMeta,
  other: Economy,
  replications: number,
): Effect.Effect<PolicyComparison> =>
  Effect.gen(function* () {
    const written = readWritten(entries)
    const seeds = Array.from({ length: replications }, (_, i) =>
      i === 0 ? meta.seed : `${meta.seed}#${i}`,
    )
    const replayUnder = (economy: Economy) =>
      Effect.forEach(seeds, (seed) =>
        Effect.zipRight(Effect.sleep(0), replayCounterfactual(entries, written, economy, seed)),
      )
    return comparisonOf(seeds, yield* replayUnder(meta.economy), yield* replayUnder(other))
  })

type Replays = ReadonlyArray<Counterfactual>

const comparisonOf = (
  seeds: ReadonlyArray<string>,
  own: Replays,
  other: Replays,
): PolicyComparison => {
  const figures = figuresOf(
    own,
    other,
    totalNames.map((name) => (replay: Counterfactual) => replay.totals[name]),
  )
  const accounts = [...own[0].balances.keys()]
  const balances = figuresOf(
    own,
    other,
    accounts.map((account) => (replay: Counterfactual) => replay.balances.get(account) ?? 0),
  )
  const meanRejected = (replays: Replays): number =>
    meanInterval(replays.map(({ rejected }) => rejected)).mean
  return {
    seeds,
    totals: Object.fromEntries(totalNames.map((name, at) => [name, figures[at]])) as Record<
      TotalName,
      PolicyFigure
    >,
    accounts: accounts
      .map((account, at) => ({ account, ...balances[at] }))
      .filter(({ judged }) => judged.verdict !== "identical"),
    rejected: { own: meanRejected(own), other: meanRejected(other) },
  }
}

/** The figures that are read from each replay, judged together. */
const figuresOf = (
  own: Replays,
  other: Replays,
  reads: ReadonlyArray<(replay: Counterfactual) => number>,
): ReadonlyArray<PolicyFigure> => {
  const judged = judgePairs(
    reads.map((read) =>
      own.map((replay, at) => ({ baseline: read(replay), variant: read(other[at]) })),
    ),
  )
  return reads.map((read, at) => ({
    own: meanInterval(own.map(read)),
    other: meanInterval(other.map(read)),
    judged: judged[at],
  }))
}
