/** Runs of several replications: their order, their progress, what is kept when one fails. */
import { Cause, Effect, Exit, Fiber, Layer, Ref, Stream } from "effect"
import { Worker } from "node:worker_threads"
import { describe, expect, it } from "vitest"
import type { Finished } from "../../../sim/recording/replicated.ts"
import type { ReplicationNews } from "../../../sim/experiment/task.ts"
import { runTask } from "../../../sim/experiment/task.ts"
import type { RunOptions } from "../../../sim/experiment/experiment.ts"
import { runExperiment } from "../../../sim/experiment/experiment.ts"
import type { Plan } from "../../../sim/experiment/plan.ts"
import { layerInline, ReplicationFailed, Replicators } from "../../../sim/experiment/replicators.ts"
import { overlay } from "../../../sim/scenarios/resolve.ts"
import type { Patch } from "../driver/small-world.ts"
import { modelCalled, scenarioWith } from "../driver/small-world.ts"

const lively: Patch = {
  horizonDays: 0.1,
  models: [modelCalled("llama-3-8b")],
  demand: { requestsPerSecond: 0.3 },
  fleet: { nodes: 4, maxSlots: 2 },
  faults: { crashesPerNodeDay: 10, failureShare: 0.05 },
}
const planOf = (patch: Patch = {}): Plan => ({
  scenario: scenarioWith(overlay(lively, patch) as Patch),
  trace: undefined,
})
const optionsOf = (settings: Partial<RunOptions> = {}): RunOptions => ({
  replications: 3,
  seed: "market",
  isChecked: true,
  command: "evenkeel run lively",
  onProgress: () => Effect.void,
  ...settings,
})

const ran = (
  plan: Plan,
  options: RunOptions,
  replicators: Layer.Layer<Replicators> = layerInline,
) =>
  Effect.runPromise(
    Effect.gen(function* () {
      const finished = yield* Ref.make<ReadonlyArray<Finished>>([])
      const exit = yield* Effect.exit(runExperiment(plan, options, finished))
      return { exit, finished: yield* Ref.get(finished) }
    }).pipe(Effect.provide(replicators)),
  )

const resultOf = async (...parts: Parameters<typeof ran>) =>
  Exit.getOrElse((await ran(...parts)).exit, (cause) => {
    throw new Error(String(cause))
  })

describe("an experiment", () => {
  it("gives a replication alone what it is among the others", async () => {
    const plan = planOf({ warmupDays: 0.02 })
    const whole = await resultOf(plan, optionsOf())
    const told: Array<number> = []
    const alone = await resultOf(
      plan,
      optionsOf({
        replications: 1,
        firstReplication: 2,
        onProgress: (share) => Effect.sync(() => void told.push(share)),
      }),
    )
    const { wallSeconds: _, ...own } = alone.replications[0]
    expect(own).toEqual({ ...whole.replications[2], wallSeconds: undefined })
    expect(own.index).toBe(2)
    expect(told.at(-1)).toBe(1)
  })

  it("gives every replication, in order, its own draws", async () => {
    const { replications, checks, metrics, requests } = await resultOf(planOf(), optionsOf())
    expect(replications.map(({ index }) => index)).toEqual([0, 1, 2])
    expect(new Set(replications.map(({ digest }) => digest)).size).toBe(3)
    expect(requests).toBe(replications.reduce((sum, one) => sum + one.requests, 0))
    expect(Object.values(checks).every(({ ok }) => ok)).toBe(true)
    expect(metrics["requests.perSecond"]).toMatchObject({ n: 3 })
    expect(metrics["requests.perSecond"].halfWidth).toBeGreaterThan(0)
  })

  it("is reproduced by its seed, to the digest", async () => {
    const [first, again, other] = await Promise.all([
      resultOf(planOf(), optionsOf()),
      resultOf(planOf(), optionsOf()),
      resultOf(planOf(), optionsOf({ seed: "another" })),
    ])
    const { wallSeconds: _, ...metrics } = again
    expect(first).toMatchObject({ digest: metrics.digest, metrics: metrics.metrics })
    expect(other.digest).not.toBe(first.digest)
  })

  it("has the same first replications, however many there are", async () => {
    const digests = async (replications: number) =>
      (await resultOf(planOf(), optionsOf({ replications }))).replications.map(
        ({ digest }) => digest,
      )
    const three = await digests(3)
    expect(await digests(1)).toEqual(three.slice(0, 1))
    expect(await digests(2)).toEqual(three.slice(0, 2))
  })

  it("says how far it has come, to the whole", async () => {
    const seen: Array<readonly [number, number]> = []
    const onProgress = (share: number, done: number) =>
      Effect.sync(() => void seen.push([share, done]))
    await resultOf(planOf(), optionsOf({ onProgress }))
    expect(seen.at(-1)).toEqual([1, 3])
    expect(seen.map(([share]) => share)).toEqual(seen.map(([share]) => share).toSorted())
    expect(seen.map(([, done]) => done)).toEqual(seen.map(([, done]) => done).toSorted())
  })
})

describe("replicators", () => {
  /** Two at a time, and the first replication takes longest. */
  const outOfOrder = Layer.succeed(Replicators, {
    workers: 2,
    run: (task) =>
      Stream.concat(
        Stream.execute(Effect.sleep(task.index === 0 ? 300 : 0)) as Stream.Stream<ReplicationNews>,
        Stream.orDie(runTask(task)),
      ),
  })

  it("may finish in any order: the results stand in order of index", async () => {
    const order: Array<number> = []
    const { replications, digest } = await resultOf(
      planOf(),
      optionsOf({ onProgress: (_, done) => Effect.sync(() => void order.push(done)) }),
      outOfOrder,
    )
    expect(replications.map(({ index }) => index)).toEqual([0, 1, 2])
    expect(digest).toBe((await resultOf(planOf(), optionsOf())).digest)
  })

  it("that lose a replication end the run, and what was finished is kept", async () => {
    const failing = Layer.succeed(Replicators, {
      workers: 1,
      run: (task) =>
        task.index === 1
          ? Stream.fail(new ReplicationFailed({ index: 1, cause: new Error("the thread died") }))
          : Stream.orDie(runTask(task)),
    })
    const { exit, finished } = await ran(planOf(), optionsOf(), failing)
    expect(finished.map(({ index }) => index)).toEqual([0])
    const told = Exit.match(exit, { onFailure: Cause.pretty, onSuccess: () => "succeeded" })
    expect(told).toContain("Replication 1 stopped: the thread died")
  })

  it("whose consumers buy more than the ledger can count say so, and what was finished is kept", async () => {
    // Nine million credits at nine decimal places: nine purchases of a million each.
    const full = planOf({
      economy: { extends: "pooled", money: { scale: 9 }, promotion: { grantCredits: 0 } },
      consumers: { count: 20, budgetCreditsPerDay: 1e8, topUpCredits: 1e6 },
    })
    const { run } = await Effect.runPromise(Replicators.pipe(Effect.provide(layerInline)))
    const mixed = Layer.succeed(Replicators, {
      workers: 1,
      run: (task) => run(task.index === 0 ? { ...task, ...planOf() } : task),
    })
    const { exit, finished } = await ran(full, optionsOf(), mixed)
    expect(finished.map(({ index }) => index)).toEqual([0])
    const failure = Exit.match(exit, {
      onFailure: (cause) => (cause._tag === "Fail" ? cause.error : undefined),
      onSuccess: () => undefined,
    })
    expect(failure).toBeInstanceOf(ReplicationFailed)
    expect(failure?.message).toMatch(
      /^Replication 1 stopped: on day 1 consumers bought more credits than the ledger can count\. With economy\.money\.scale at 9 the market may hold 9,007,199 of them in all, .* consumers\.topUpCredits needs fewer\.$/,
    )
  })

  it("that run out of memory say what would need less", async () => {
    const hungry = new Worker("for (const all = []; ; ) all.push(new Array(10_000).fill(0.5))", {
      eval: true,
      resourceLimits: { maxOldGenerationSizeMb: 8 },
    })
    const cause: unknown = await new Promise((resolve) => hungry.once("error", resolve))
    const { message } = new ReplicationFailed({ index: 4, cause })
    expect(message).toMatch(/^Replication 4 ran out of memory\. Fewer nodes, /)
  })

  it("can be interrupted between batches, and keep what was finished", async () => {
    const endless = planOf({ horizonDays: 3000 })
    const kept = await Effect.runPromise(
      Effect.gen(function* () {
        const finished = yield* Ref.make<ReadonlyArray<Finished>>([])
        let calls = 0
        const onProgress = () => Effect.sync(() => void calls++)
        // The first replication is short; the second would take for ever.
        const mixed = Layer.succeed(Replicators, {
          workers: 1,
          run: (task) => Stream.orDie(runTask(task.index === 0 ? { ...task, ...planOf() } : task)),
        })
        const run = runExperiment(endless, optionsOf({ onProgress }), finished)
        const fiber = yield* Effect.fork(run.pipe(Effect.provide(mixed)))
        while ((yield* Ref.get(finished)).length === 0 || calls < 6) yield* Effect.sleep(1)
        yield* Fiber.interrupt(fiber)
        return yield* Ref.get(finished)
      }),
    )
    expect(kept.map(({ index }) => index)).toEqual([0])
  })
})
