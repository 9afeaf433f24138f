/**
 * What nodes did after the warm-up. A replication keeps running totals by node and notes them at a few
 * marks; once the end of the warm-up is known, the totals at the first mark that does not lie before
 * it are taken off.
 */
import type { NodeOutcome } from "../results/models/run-model.ts"
import type { Scenario } from "../scenarios/schema.ts"
import { BATCH } from "../statistics/samples/warm-up.ts"
import type { Recording } from "./recorder.ts"
import { firstBinAfter, fixedWarmupSeconds } from "./warm-up-cut.ts"

/** What grows while a node lives; all else of a node is as it was at the end. */
const totalled = [
  "onlineHours",
  "busySlotHours",
  "requests",
  "failures",
  "outputTokens",
  "shareEarned",
  "bountyEarned",
  "withheld",
  "costCredits",
  "parks",
  "switches",
] as const satisfies ReadonlyArray<keyof NodeOutcome>

/** Plain data: what a worker sends home. Columns are by node; who came later is in none. */
export interface NodeMark {
  readonly atSeconds: number
  readonly totals: Readonly<Record<(typeof totalled)[number], Float64Array<ArrayBuffer>>>
}

export const markOf = (atSeconds: number, nodes: ReadonlyArray<NodeOutcome>): NodeMark => ({
  atSeconds,
  totals: Object.fromEntries(
    totalled.map((field) => [field, Float64Array.from(nodes, (node) => node[field])]),
  ) as NodeMark["totals"],
})

/** The nodes as they are after the warm-up. O(nodes). */
export const nodesAfter = (
  nodes: ReadonlyArray<NodeOutcome>,
  marks: ReadonlyArray<NodeMark>,
  warmupSeconds: number,
): ReadonlyArray<NodeOutcome> => {
  if (warmupSeconds === 0) return nodes
  const mark = marks.find(({ atSeconds }) => atSeconds >= warmupSeconds)
  if (mark === undefined) throw new Error(`recording: no mark at or after ${warmupSeconds} s`)
  return nodes.map((node) => ({
    ...node,
    ...Object.fromEntries(
      totalled.map((field) => [field, node[field] - (mark.totals[field][node.node] ?? 0)]),
    ),
  }))
}

/** Where the end of the warm-up is to be found, so many marks lie in the half that may be cut. */
const marksInHalf = 10

/**
 * When marks are taken, s: at the end of a fixed warm-up; else at multiples of the batches that
 * MSER-5 cuts at, up to the half of the run, which it cuts at most.
 */
export const markSeconds = (
  scenario: Pick<Scenario, "warmupDays" | "horizonDays">,
  recording: Pick<Recording, "bins" | "binSeconds">,
): ReadonlyArray<number> => {
  const { bins, binSeconds } = recording
  const fixed = fixedWarmupSeconds(scenario)
  if (fixed !== null) {
    const first = firstBinAfter(recording, fixed)
    return first === 0 ? [] : [first * binSeconds]
  }
  const step = BATCH * Math.ceil(bins / 2 / BATCH / marksInHalf)
  const count = Math.ceil(bins / 2 / step)
  return Array.from({ length: count }, (_, i) => (i + 1) * step)
    .filter((bin) => bin < bins)
    .map((bin) => bin * binSeconds)
}
