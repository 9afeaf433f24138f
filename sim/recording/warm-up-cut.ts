/** Where the warm-up is cut off: what a scenario fixes, and the first bin and day that are left whole. */
import type { Scenario } from "../scenarios/schema.ts"
import type { Recording } from "./recorder.ts"

/** Bins [first, end) of a recording. */
export interface BinRange {
  readonly first: number
  readonly end: number
}

/** Where a scenario leaves it open. */
export const usualShare = 0.25

/**
 * The warm-up of every replication, s: what the scenario fixes, half of the run at most, or a quarter of
 * the run. It follows from the scenario alone: cut where the data say, each run would cut elsewhere, and
 * an interval knows nothing of that (docs/coverage.md).
 */
export const warmupSecondsOf = ({
  warmupDays,
  horizonDays,
}: Pick<Scenario, "warmupDays" | "horizonDays">): number =>
  (warmupDays === null ? usualShare * horizonDays : Math.min(warmupDays, horizonDays / 2)) * 86_400

/** The first day that the warm-up leaves whole; there is always one left. */
export const firstDayAfter = (
  { ttft, binSeconds }: Pick<Recording, "ttft" | "binSeconds">,
  firstBin: number,
): number => Math.min(ttft.length - 1, Math.ceil((firstBin * binSeconds) / 86_400))

/** The first bin that the warm-up leaves whole; there is always one left. */
export const firstBinAfter = (
  { bins, binSeconds }: Pick<Recording, "bins" | "binSeconds">,
  warmupSeconds: number,
): number => Math.min(bins - 1, Math.ceil(warmupSeconds / binSeconds))

/**
 * The two halves of what the warm-up leaves, as bins [first, end): of whole days where there are two or
 * more, so that each has the same hours of the day, and of whole weeks from two weeks on.
 */
export const halvesAfter = (
  { bins, binSeconds }: Pick<Recording, "bins" | "binSeconds">,
  firstBin: number,
): readonly [BinRange, BinRange] => {
  const left = bins - firstBin
  const unit = [7 * 86_400, 86_400].find((seconds) => left * binSeconds >= 2 * seconds)
  const unitBins = unit === undefined ? 1 : Math.max(1, Math.round(unit / binSeconds))
  const half = Math.max(1, Math.floor(left / 2 / unitBins) * unitBins)
  return [
    { first: firstBin, end: Math.min(bins, firstBin + half) },
    { first: Math.max(firstBin, bins - half), end: bins },
  ]
}
