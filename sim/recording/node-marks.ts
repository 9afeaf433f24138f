/**
 * What nodes did within a stretch of a run. A replication keeps running totals by node and notes them at a
 * few marks; a stretch is the difference of two of them.
 */
import type { NodeOutcome } from "../results/models/run-model.ts"
import type { Scenario } from "../scenarios/schema.ts"
import type { Recording } from "./recorder.ts"
import type { BinRange } from "./warm-up-cut.ts"
import { firstBinAfter, halvesAfter, warmupSecondsOf } from "./warm-up-cut.ts"

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

/**
 * The nodes as they are within a stretch of bins: what they totalled at its end less what they did at its
 * start, both of which are marks, or the run's own ends. O(nodes).
 */
export const nodesIn = (
  nodes: ReadonlyArray<NodeOutcome>,
  marks: ReadonlyArray<NodeMark>,
  { first, end }: BinRange,
  { bins, binSeconds }: Pick<Recording, "bins" | "binSeconds">,
): ReadonlyArray<NodeOutcome> => {
  const markAt = (bin: number): NodeMark => {
    const mark = marks.find(({ atSeconds }) => atSeconds === bin * binSeconds)
    if (mark === undefined) throw new Error(`recording: no mark at ${bin * binSeconds} s`)
    return mark
  }
  const start = first === 0 ? null : markAt(first)
  const stop = end === bins ? null : markAt(end)
  if (start === null && stop === null) return nodes
  return nodes.map((node) => {
    const at = (mark: NodeMark, field: (typeof totalled)[number]) =>
      mark.totals[field][node.node] ?? 0
    return {
      ...node,
      ...Object.fromEntries(
        totalled.map((field) => [
          field,
          (stop === null ? node[field] : at(stop, field)) - (start === null ? 0 : at(start, field)),
        ]),
      ),
    }
  })
}

/** When marks are taken, s: where the warm-up ends, and where the halves of what is left begin and end. */
export const markSeconds = (
  scenario: Pick<Scenario, "warmupDays" | "horizonDays">,
  recording: Pick<Recording, "bins" | "binSeconds">,
): ReadonlyArray<number> => {
  const { bins, binSeconds } = recording
  const halves = halvesAfter(recording, firstBinAfter(recording, warmupSecondsOf(scenario)))
  const marked = new Set(halves.flatMap(({ first, end }) => [first, end]))
  return [...marked]
    .filter((bin) => bin > 0 && bin < bins)
    .sort((a, b) => a - b)
    .map((bin) => bin * binSeconds)
}
