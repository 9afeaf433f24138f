import { Effect, Layer, Stream } from "effect"
import { describe, expect, it } from "vitest"
import type { ReplicationNews } from "../../../sim/experiment/task.ts"
import { runTask } from "../../../sim/experiment/task.ts"
import { layerInline, Replicators } from "../../../sim/experiment/replicators.ts"
import { overlay } from "../../../sim/scenarios/resolve.ts"
import type { Policy, SelectionOptions } from "../../../sim/experiment/selection.ts"
import { MetricMissing, selectPolicy } from "../../../sim/experiment/selection.ts"
import { meanInterval } from "../../../sim/statistics/inference/interval.ts"
import type { Patch } from "../driver/small-world.ts"
import { modelCalled, scenarioWith } from "../driver/small-world.ts"

const small: Patch = {
  horizonDays: 0.1,
  warmupDays: null,
  models: [modelCalled("llama-3-8b")],
  demand: { requestsPerSecond: 0.3 },
  fleet: { nodes: 4, maxSlots: 2 },
}
const policyOf = (name: string, patch: Patch): Policy => ({
  name,
  plan: { scenario: scenarioWith(overlay(small, patch) as Patch), trace: undefined },
})
const fees = [800, 1000, 1200].map((feeBps) =>
  policyOf(`fee ${feeBps}`, { economy: { extends: "pooled", feeBps } }),
)

/** Markets that differ by chance more than by design. */
const failing = (...shares: ReadonlyArray<number>) =>
  shares.map((failureShare) =>
    policyOf(`${failureShare} fail`, { faults: { crashesPerNodeDay: 10, failureShare } }),
  )

const optionsOf = (settings: Partial<SelectionOptions> = {}): SelectionOptions => ({
  metric: "credits.platformPerDay",
  isLowestBest: false,
  rule: { level: 0.95, indifference: 0.5, firstStage: 4 },
  mostReplications: 30,
  seed: "selection",
  onProgress: () => Effect.void,
  ...settings,
})

/** Three at once, ended in another order than begun. */
const outOfOrder = Layer.succeed(Replicators, {
  workers: 3,
  run: (task) =>
    Stream.concat(
      Stream.execute(Effect.sleep(task.index % 2 === 0 ? 40 : 0)) as Stream.Stream<ReplicationNews>,
      Stream.orDie(runTask(task)),
    ),
})

const selected = (
  policies: ReadonlyArray<Policy>,
  options: SelectionOptions,
  replicators: Layer.Layer<Replicators> = layerInline,
) => Effect.runPromise(selectPolicy(policies, options).pipe(Effect.provide(replicators)))

describe("a selection", () => {
  it("finds the fee that pays the platform most, or least", async () => {
    const most = await selected(fees, optionsOf())
    expect(most.best).toBe("fee 1200")
    expect(most.failedChecks).toEqual([])
    const least = await selected(fees, optionsOf({ isLowestBest: true }))
    expect(least.best).toBe("fee 800")
    for (const { policies, best, replications } of [most, least]) {
      expect(policies.map(({ name }) => name)).toEqual(fees.map(({ name }) => name))
      expect(policies.reduce((sum, { n }) => sum + n, 0)).toBe(replications)
      for (const { name, eliminatedAt, eliminatedBy, n, halfWidth } of policies) {
        expect(eliminatedAt === null).toBe(name === best)
        expect(eliminatedBy === null).toBe(name === best)
        expect(n).toBeGreaterThanOrEqual(4)
        expect(halfWidth).toBeGreaterThan(0)
      }
    }
  })

  it("is the same on any number of workers, to the digest", async () => {
    // So close that it takes more than the first stage.
    const fine = optionsOf({
      metric: "sojourn.mean",
      rule: { level: 0.9, indifference: 0.01, firstStage: 5 },
    })
    const policies = failing(0.05, 0.051)
    const one = await selected(policies, fine)
    expect(one.replications).toBeGreaterThan(2 * 5)
    const progress: Array<number> = []
    const onProgress = (done: number) => Effect.sync(() => void progress.push(done))
    expect(await selected(policies, { ...fine, onProgress }, outOfOrder)).toEqual(one)
    expect(progress).toEqual(progress.map((_, at) => at + 1))
    expect(progress.length).toBeGreaterThanOrEqual(one.replications)
  })

  it("gives means of its metric over the same cut, under common random numbers", async () => {
    const { policies } = await selected([fees[0], { ...fees[0], name: "twin" }], optionsOf())
    const [own, twin] = policies
    expect(twin).toMatchObject({ mean: own.mean, halfWidth: own.halfWidth, digest: own.digest })
    // Equals cannot be told apart: the first of them is as good as any.
    expect(own.eliminatedAt).toBeNull()
    expect(meanInterval([own.mean, twin.mean]).halfWidth).toBe(0)
  })

  it("stops undecided at its cap, and says how many it would take", async () => {
    const close = optionsOf({
      metric: "sojourn.mean",
      rule: { level: 0.95, indifference: 1e-3, firstStage: 3 },
      mostReplications: 4,
    })
    const policies = failing(0.05, 0.051)
    const outcome = await selected(policies, close)
    expect(outcome.best).toBeNull()
    expect(outcome.endsBy).toBeGreaterThan(4)
    expect(outcome.policies.map(({ n }) => n)).toEqual([4, 4])
    expect(await selected(policies, close, outOfOrder)).toEqual(outcome)
  })

  it("refuses a metric that a replication it needs never saw", async () => {
    const unseen = optionsOf({ metric: "earnings.chaserRatio" })
    const error = await Effect.runPromise(
      Effect.flip(selectPolicy(fees, unseen)).pipe(Effect.provide(layerInline)),
    )
    expect(error).toBeInstanceOf(MetricMissing)
    expect(error.message).toBe(
      "earnings.chaserRatio: replication 0 of fee 800 saw nothing to measure it by; a longer horizonDays may",
    )
  })
})
