/**
 * A run that goes on until its metrics are precise enough: what it looks at after each replication,
 * and what it can say in the end.
 *
 * Only the replications 0 … n − 1 count in a decision about n, whichever were finished first: results
 * do not depend on the number of workers.
 */
import type { Finished } from "../recording/replicated.ts"
import { metricFactsOf, metricsAfter } from "../metrics/of-replication.ts"
import type { Scenario } from "../scenarios/schema.ts"
import type { SkewedInterval } from "../statistics/inference/skewed-interval.ts"
import { skewedInterval } from "../statistics/inference/skewed-interval.ts"
import type { Decision, PrecisionTarget } from "../statistics/inference/sequential-stopping.ts"
import {
  decide,
  heldSince,
  isPrecise,
  precisionOf,
} from "../statistics/inference/sequential-stopping.ts"

export interface MetricTarget extends PrecisionTarget {
  readonly metric: string
}

export interface PrecisionGoal {
  readonly targets: ReadonlyArray<MetricTarget>
  /** The fewest replications, 3 or more. */
  readonly least: number
  /** The cap: the most replications, `least` or more. */
  readonly most: number
}

/** What became of a target. */
export interface PrecisionReached {
  readonly metric: string
  readonly isRelative: boolean
  readonly target: number
  /** The half-width at the end, as the target states it; `null` where there is none. */
  readonly precision: number | null
  /** Met after so many replications, and ever since; `null`: not met at the end. */
  readonly metSince: number | null
}

export interface PrecisionReport {
  /** Whether all targets were met and stayed so; otherwise the cap came first. */
  readonly isReached: boolean
  readonly replications: number
  readonly mostReplications: number
  readonly targets: ReadonlyArray<PrecisionReached>
}

/** Looks at the replications of one run, as their number grows. */
export class PrecisionWatch {
  private readonly scenario: Scenario
  private readonly goal: PrecisionGoal
  private readonly facts: ReturnType<typeof metricFactsOf>
  /** By target: whether it was met after least, least + 1, … replications. */
  private readonly met: ReadonlyArray<Array<boolean>>
  private intervals: ReadonlyArray<SkewedInterval> = []
  private decision: Decision = "go on"
  /** Of the replications looked at, the targets' metrics. */
  private readonly values: Array<ReadonlyArray<number | undefined>> = []

  constructor(scenario: Scenario, goal: PrecisionGoal) {
    this.scenario = scenario
    this.goal = goal
    this.facts = metricFactsOf(scenario)
    this.met = goal.targets.map(() => [])
  }

  /**
   * How many of the finished replications the run is to keep, once that is decided; `null`: more
   * are needed. `finished` is in order of index; those beyond the first gap do not count yet.
   */
  stopsAt(finished: ReadonlyArray<Finished>): number | null {
    const { least } = this.goal
    const gap = finished.findIndex(({ index }, at) => index !== at)
    const ready = gap < 0 ? finished.length : gap
    while (this.decision === "go on" && this.looks + least <= ready)
      this.look(finished.slice(0, this.looks + least))
    return this.decision === "go on" ? null : this.looks + least - 1
  }

  /** What was reached; for a run that stopped of itself. */
  report(): PrecisionReport {
    const { targets, least, most } = this.goal
    return {
      isReached: this.decision === "reached",
      replications: this.looks + least - 1,
      mostReplications: most,
      targets: targets.map((target, at) => {
        const precision = precisionOf(this.intervals[at], target)
        return {
          metric: target.metric,
          isRelative: target.isRelative,
          target: target.halfWidth,
          precision: Number.isFinite(precision) ? precision : null,
          metSince: heldSince(this.met[at], { least }),
        }
      }),
    }
  }

  private get looks(): number {
    return this.met[0].length
  }

  private look(finished: ReadonlyArray<Finished>): void {
    const { targets } = this.goal
    for (const one of finished.slice(this.values.length)) {
      const metrics = metricsAfter(this.scenario, one)
      this.values.push(
        targets.map(({ metric }) => (metric in metrics ? metrics[metric] : undefined)),
      )
    }
    this.intervals = targets.map(({ metric }, at) =>
      skewedInterval(
        this.values.flatMap((own) => own[at] ?? []),
        this.facts[metric],
      ),
    )
    targets.forEach((target, at) => this.met[at].push(isPrecise(this.intervals[at], target)))
    const all = this.met[0].map((_, look) => this.met.every((own) => own[look]))
    this.decision = decide(all, this.goal)
  }
}
