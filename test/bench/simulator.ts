/**
 * The full simulator: the whole economy, the batching service model and all statistics, in requests a
 * second; memory by fleet size; and what a second worker brings.
 */
import { createMarket, engineOf } from "../../engine/index.ts"
import { NodeContext } from "@effect/platform-node"
import { Effect, Ref } from "effect"
import type { Finished } from "../../sim/recording/replicated.ts"
import { Replication } from "../../sim/driver/replication.ts"
import { openSource } from "../../sim/demand/open-source.ts"
import { runExperiment } from "../../sim/experiment/experiment.ts"
import { offerTable } from "../../sim/fleet/offers.ts"
import { makePlan } from "../../sim/experiment/plan.ts"
import { layerThreads } from "../../sim/experiment/replicators.ts"

export interface SimulatorRow {
  readonly nodes: number
  readonly requests: number
  /** Per second of processor time, which a busy machine disturbs less than wall time. */
  readonly requestsPerSecond: number
  /** Most that heap and arrays of the whole process came to. */
  readonly peakBytes: number
}

/** A plain market of this size. */
const settings = (
  nodes: number,
  arrivalsPerSecond: number,
  days: number,
): ReadonlyArray<string> => [
  `fleet.nodes=${nodes}`,
  "fleet.establishedDays=8",
  `demand.requestsPerSecond=${arrivalsPerSecond}`,
  `horizonDays=${days}`,
  "consumers.budgetCreditsPerDay=100000",
  "consumers.topUpCredits=10000",
  "warmupDays=0",
]

const planOf = (assignments: ReadonlyArray<string>, workers: number) =>
  Effect.runPromise(makePlan("base", assignments, workers).pipe(Effect.provide(NodeContext.layer)))

/** Arrivals that load a node to about a half. */
const halfLoadPerSecond = 0.2

/** One replication on this thread, loaded to about a half. */
export const benchSimulator = (nodes: number, requests: number): Promise<SimulatorRow> => {
  const arrivalsPerSecond = nodes * halfLoadPerSecond
  const days = requests / arrivalsPerSecond / 86_400
  return measure(nodes, settings(nodes, arrivalsPerSecond, days))
}

export interface YearRow extends SimulatorRow {
  readonly days: number
  /** Processor time of a whole year, s: that of the days simulated, scaled up. */
  readonly secondsPerYear: number
}

/**
 * A year of 1,000 nodes at 1 request/s. Nearly all of them idle, but each is sampled and has its
 * hour turned as in any market: a rate measured under load says nothing of that, so some days of
 * the very market are simulated, alike as all its days are.
 */
export const benchYear = async (days: number): Promise<YearRow> => {
  const row = await measure(1_000, settings(1_000, 1, days))
  const seconds = row.requests / row.requestsPerSecond
  return { ...row, days, secondsPerYear: (seconds / days) * 365 }
}

const measure = async (
  nodes: number,
  assignments: ReadonlyArray<string>,
): Promise<SimulatorRow> => {
  const { scenario } = await planOf(assignments, 1)
  globalThis.gc?.()
  const replication = new Replication({
    engine: engineOf(createMarket(scenario.economy, "bench")),
    scenario,
    seed: "bench",
    offers: offerTable(scenario),
    openArrivals: openSource(scenario, undefined),
    isChecked: false,
  })
  // The fleet grows old before the first request: that is not what is measured.
  while (replication.progress === 0) replication.advance(1_000)
  let peak = bytesNow()
  const before = process.cpuUsage()
  while (replication.advance(50_000)) peak = Math.max(peak, bytesNow())
  const { user, system } = process.cpuUsage(before)
  const done = replication.finish()
  return {
    nodes,
    requests: done.requests,
    requestsPerSecond: done.requests / ((user + system) / 1e6),
    peakBytes: peak,
  }
}

const bytesNow = (): number => {
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/** Wall time of the same four replications on one worker, over that on two. */
export const benchWorkers = async (requests: number): Promise<number> => {
  const assignments = settings(200, 40, requests / 40 / 86_400)
  const seconds: Array<number> = []
  for (const workers of [1, 2]) {
    const plan = await planOf(assignments, workers)
    const began = performance.now()
    await Effect.runPromise(
      Ref.make<ReadonlyArray<Finished>>([]).pipe(
        Effect.flatMap((finished) =>
          runExperiment(
            plan,
            {
              replications: 4,
              seed: "bench",
              isChecked: false,
              command: "",
              onProgress: () => Effect.void,
            },
            finished,
          ),
        ),
        Effect.provide(layerThreads(workers)),
      ),
    )
    seconds.push((performance.now() - began) / 1000)
  }
  return seconds[0] / seconds[1]
}
