/**
 * The best of several policies, by simulation: replications under common random numbers, stage by
 * stage, until procedure KN (statistics/select-best.ts) is left with one.
 */
import { Data, Effect, Stream } from "effect"
import type { Finished } from "../recording/replicated.ts"
import type { Plan } from "./plan.ts"
import { Replicators } from "./replicators.ts"
import { digestOfTexts } from "../summary/digest-of-texts.ts"
import { metricsAfter } from "../metrics/of-replication.ts"
import type { Interval } from "../statistics/inference/interval.ts"
import { meanInterval } from "../statistics/inference/interval.ts"
import type { Selection, SelectionRule } from "../statistics/inference/select-best.ts"
import { selectBest } from "../statistics/inference/select-best.ts"

export interface Policy {
  readonly name: string
  readonly plan: Plan
}

export interface SelectionOptions {
  readonly metric: string
  /** Whether the lowest mean is the best. */
  readonly isLowestBest: boolean
  readonly rule: SelectionRule
  /** No policy is simulated more often; at least the first stage. */
  readonly mostReplications: number
  readonly seed: string
  /** Called as replications end: how many have, of all policies. */
  readonly onProgress: (finished: number) => Effect.Effect<void>
}

export interface PolicyOutcome extends Interval {
  readonly name: string
  /** After how many replications of each survivor it was eliminated; `null`: it was not. */
  readonly eliminatedAt: number | null
  /** The policy that it fell to. */
  readonly eliminatedBy: string | null
  /** Over the replications that the procedure used, in order of index. */
  readonly digest: string
}

export interface SelectionOutcome {
  /** The policy selected; `null` where the cap came first. */
  readonly best: string | null
  /** With so many replications of each survivor the procedure would have ended at the latest. */
  readonly endsBy: number
  /** Replications of all policies that the procedure used. */
  readonly replications: number
  readonly policies: ReadonlyArray<PolicyOutcome>
  /** Checks that did not hold in some replication, with the policy. */
  readonly failedChecks: ReadonlyArray<string>
}

/** A replication that has no value of the metric to compare. */
export class MetricMissing extends Data.TaggedError("MetricMissing")<{
  readonly metric: string
  readonly policy: string
  readonly replication: number
}> {
  override get message(): string {
    return `${this.metric}: replication ${this.replication} of ${this.policy} saw nothing to measure it by; a longer horizonDays may`
  }
}

/** Of one policy, by replication. */
interface Observed {
  readonly name: string
  /** NaN where the replication has none. */
  readonly values: Array<number>
  readonly digests: Array<string>
  readonly failedChecks: Array<ReadonlyArray<string>>
}

/** Simulates until one policy is left, or the cap is reached. Results do not depend on the workers. */
export const selectPolicy = (policies: ReadonlyArray<Policy>, options: SelectionOptions) =>
  Effect.gen(function* () {
    const { workers } = yield* Replicators
    const { metric, isLowestBest, rule, mostReplications } = options
    let done = 0
    const simulate = (policy: number, index: number) =>
      Effect.tap(replicate(policies[policy].plan, options.seed, index), () =>
        Effect.suspend(() => options.onProgress(++done)),
      )
    /** Replications first … last − 1 of these policies, in the order of policies, then of index. */
    const simulateAll = (of: ReadonlyArray<number>, first: number, last: number) =>
      Effect.forEach(
        of.flatMap((policy) =>
          Array.from({ length: last - first }, (_, i) => [policy, first + i] as const),
        ),
        ([policy, index]) => Effect.map(simulate(policy, index), (one) => ({ policy, one })),
        { concurrency: workers },
      )

    const all = policies.map((_, policy) => policy)
    const firstStage = yield* simulateAll(all, 0, rule.firstStage)
    const observed = policies.map(({ name }): Observed => ({
      name,
      values: [],
      digests: [],
      failedChecks: [],
    }))
    const take = (made: typeof firstStage) => {
      for (const { policy, one } of made) {
        const metrics = metricsAfter(policies[policy].plan.scenario, one)
        const own = observed[policy]
        own.values.push(metric in metrics ? metrics[metric] : NaN)
        own.digests.push(one.result.digest)
        own.failedChecks.push(
          Object.entries(one.result.checks).flatMap(([check, { ok }]) => (ok ? [] : [check])),
        )
      }
    }
    const judge = Effect.suspend(() => {
      const known = observed.map(({ values }) => values.slice(0, countKnown(values)))
      const selection = selectBest(
        known.map((values) => values.map((value) => (isLowestBest ? -value : value))),
        rule,
      )
      // A value that is missing matters only where the procedure comes to it.
      const next = Math.max(rule.firstStage, selection.stage + 1)
      const stuck = observed.find(
        ({ values }, policy) =>
          selection.standings[policy].eliminatedAt === null &&
          known[policy].length < Math.min(next, values.length),
      )
      return selection.best === null && stuck !== undefined
        ? new MetricMissing({ metric, policy: stuck.name, replication: countKnown(stuck.values) })
        : Effect.succeed(selection)
    })

    take(firstStage)
    let selection = yield* judge
    while (selection.best === null && selection.stage < mostReplications) {
      const left = all.filter((policy) => selection.standings[policy].eliminatedAt === null)
      const { stage } = selection
      // As many at once as keep the workers busy; what turns out not to be needed is dropped.
      const ahead = Math.ceil(workers / left.length)
      take(yield* simulateAll(left, stage, Math.min(mostReplications, stage + ahead)))
      selection = yield* judge
    }
    return outcomeOf(policies, observed, selection)
  })

/** How many values there are before the first that is missing. */
const countKnown = (values: ReadonlyArray<number>): number => {
  const missing = values.findIndex(Number.isNaN)
  return missing < 0 ? values.length : missing
}

/** One replication, to its end. */
const replicate = ({ scenario, trace }: Plan, seed: string, index: number) =>
  Effect.gen(function* () {
    const { run } = yield* Replicators
    let finished: Finished | undefined
    yield* Stream.runForEach(run({ index, scenario, trace, seed, isChecked: false }), (news) =>
      Effect.sync(() => {
        if (news._tag === "Done") finished = news
      }),
    )
    if (finished === undefined) throw new Error(`replication ${index} ended without a result`)
    return finished
  })

const outcomeOf = (
  policies: ReadonlyArray<Policy>,
  observed: ReadonlyArray<Observed>,
  { best, endsBy, standings }: Selection,
): SelectionOutcome => ({
  best: best === null ? null : policies[best].name,
  endsBy: endsBy ?? 0,
  replications: standings.reduce((sum, { used }) => sum + used, 0),
  policies: policies.map(({ name }, policy): PolicyOutcome => {
    const { eliminatedAt, eliminatedBy, used } = standings[policy]
    return {
      name,
      ...meanInterval(observed[policy].values.slice(0, used)),
      eliminatedAt,
      eliminatedBy: eliminatedBy === null ? null : policies[eliminatedBy].name,
      digest: digestOfTexts(observed[policy].digests.slice(0, used)),
    }
  }),
  failedChecks: policies.flatMap(({ name }, policy) =>
    [...new Set(observed[policy].failedChecks.slice(0, standings[policy].used).flat())].map(
      (check) => `${check} (${name})`,
    ),
  ),
})
