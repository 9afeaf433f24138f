import { Effect, Layer, Ref, Stream } from "effect"
import { describe, expect, it } from "vitest"
import type { Finished } from "../../../sim/recording/replicated.ts"
import type { ReplicationNews } from "../../../sim/experiment/task.ts"
import { runTask } from "../../../sim/experiment/task.ts"
import { runExperiment } from "../../../sim/experiment/experiment.ts"
import type { Plan } from "../../../sim/experiment/plan.ts"
import type { PrecisionGoal } from "../../../sim/experiment/precision.ts"
import { PrecisionWatch } from "../../../sim/experiment/precision.ts"
import { summarise } from "../../../sim/summary/summary.ts"
import { layerInline, Replicators } from "../../../sim/experiment/replicators.ts"
import { precisionOf } from "../../../sim/statistics/inference/sequential-stopping.ts"
import { modelCalled, scenarioWith } from "../driver/small-world.ts"

const planOf = (warmupDays: number | null): Plan => ({
  scenario: scenarioWith({
    horizonDays: 0.1,
    warmupDays,
    models: [modelCalled("llama-3-8b")],
    demand: { requestsPerSecond: 0.3 },
    fleet: { nodes: 4, maxSlots: 2 },
    faults: { crashesPerNodeDay: 10, failureShare: 0.05 },
  }),
  trace: undefined,
})

const target = { metric: "requests.perSecond", isRelative: true, halfWidth: 0.03 }
const summaryOptions = { replications: 16, seed: "precision", command: "evenkeel run" }
const goal: PrecisionGoal = { targets: [target], least: 3, most: 60 }

const ran = (
  plan: Plan,
  stopping: PrecisionGoal | number,
  replicators: Layer.Layer<Replicators> = layerInline,
) => {
  const watch = typeof stopping === "number" ? null : new PrecisionWatch(plan.scenario, stopping)
  return Effect.runPromise(
    Effect.gen(function* () {
      const finished = yield* Ref.make<ReadonlyArray<Finished>>([])
      const options = {
        replications: typeof stopping === "number" ? stopping : stopping.most,
        ...(watch === null
          ? {}
          : { stopsAt: (done: ReadonlyArray<Finished>) => watch.stopsAt(done) }),
        seed: "precision",
        isChecked: false,
        command: "evenkeel run",
        onProgress: () => Effect.void,
      }
      const result = yield* runExperiment(plan, options, finished)
      return { result, finished: yield* Ref.get(finished), report: watch?.report() }
    }).pipe(Effect.provide(replicators)),
  )
}

/** Four at once, and even replications take longer: many are under way or done beyond the stop. */
const outOfOrder = Layer.succeed(Replicators, {
  workers: 4,
  run: (task) =>
    Stream.concat(
      Stream.execute(Effect.sleep(task.index % 2 === 0 ? 60 : 0)) as Stream.Stream<ReplicationNews>,
      Stream.orDie(runTask(task)),
    ),
})

describe("a run with a precision to reach", () => {
  it.each([[0.02], [null]])(
    "stops at the same replication on any number of workers, warm-up %s days",
    async (warmupDays) => {
      const plan = planOf(warmupDays)
      const [one, four] = [await ran(plan, goal), await ran(plan, goal, outOfOrder)]
      const n = one.result.replications.length
      expect(one.report).toMatchObject({ isReached: true, replications: n, mostReplications: 60 })
      expect(four.report).toEqual(one.report)
      expect(four.result).toMatchObject({ digest: one.result.digest, metrics: one.result.metrics })
      expect(four.finished.map(({ index }) => index)).toEqual(
        one.finished.map(({ index }) => index),
      )
      // It is the run of so many replications, no more and no less.
      const plain = await ran(plan, n)
      expect(one.result).toMatchObject({
        digest: plain.result.digest,
        metrics: plain.result.metrics,
        warmupSeconds: plain.result.warmupSeconds,
        replicationsAsked: n,
      })
    },
  )

  it("says what it reached, as the table of metrics has it", async () => {
    const { result, report } = await ran(planOf(0.02), goal)
    const [reached] = report?.targets ?? []
    expect(reached).toMatchObject({ metric: target.metric, isRelative: true, target: 0.03 })
    expect(reached.precision).toBe(precisionOf(result.metrics[target.metric], target))
    expect(reached.precision).toBeLessThanOrEqual(0.03)
    // The target was met five replications ago, and one before that it was not, or none was looked at.
    const since = reached.metSince ?? Number.NaN
    expect(since + 5).toBe(result.replications.length)
    if (since > goal.least) {
      const before = await ran(planOf(0.02), since - 1)
      expect(precisionOf(before.result.metrics[target.metric], target)).toBeGreaterThan(0.03)
    }
  })

  it("looks at each number of replications as a summary of so many has them", async () => {
    const plan = planOf(null)
    const { finished } = await ran(plan, 16)
    const never = { ...target, halfWidth: 1e-9 }
    const watch = new PrecisionWatch(plan.scenario, { targets: [never], least: 3, most: 16 })
    for (let n = 3; n <= 16; n++) {
      const first = finished.slice(0, n)
      expect(watch.stopsAt(first)).toBe(n < 16 ? null : 16)
      const summary = summarise(plan.scenario, first, summaryOptions, 0)
      const { targets } = watch.report()
      expect(targets[0].precision).toBe(precisionOf(summary.metrics[target.metric], target))
    }
  })

  it("needs all of its targets at once", async () => {
    const harder = { metric: "sojourn.mean", isRelative: true, halfWidth: 0.04 }
    const both = await ran(planOf(0.02), { ...goal, targets: [target, harder] })
    const ends = await Promise.all(
      [target, harder].map(
        async (one) => (await ran(planOf(0.02), { ...goal, targets: [one] })).report?.replications,
      ),
    )
    expect(both.report?.isReached).toBe(true)
    expect(both.report?.replications).toBeGreaterThanOrEqual(Math.max(...ends.map(Number)))
    for (const { precision, target: size } of both.report?.targets ?? [])
      expect(precision).toBeLessThanOrEqual(size)
  })

  it("ends at its cap, and says so", async () => {
    const never = { metric: "sojourn.mean", isRelative: false, halfWidth: 1e-9 }
    const { result, report } = await ran(planOf(0.02), { targets: [never], least: 3, most: 5 })
    expect(result.replications).toHaveLength(5)
    expect(report).toMatchObject({ isReached: false, replications: 5 })
    expect(report?.targets[0].metSince).toBeNull()
    expect(report?.targets[0].precision).toBeGreaterThan(1e-9)
  })

  it("has no precision to show for a metric that its replications never saw", async () => {
    const unseen = { metric: "earnings.chaserRatio", isRelative: true, halfWidth: 1 }
    const { report } = await ran(planOf(0.02), { targets: [unseen], least: 3, most: 4 })
    expect(report).toMatchObject({
      isReached: false,
      targets: [{ precision: null, metSince: null }],
    })
  })
})
