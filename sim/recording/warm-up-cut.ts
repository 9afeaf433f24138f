/** Where the warm-up is cut off: what a scenario fixes, and the first bin and day that are left whole. */
import type { Scenario } from "../scenarios/schema.ts"
import type { Recording } from "./recorder.ts"

/** The warm-up that a scenario fixes, s: half of the run at most; null where it is to be found. */
export const fixedWarmupSeconds = ({
  warmupDays,
  horizonDays,
}: Pick<Scenario, "warmupDays" | "horizonDays">): number | null =>
  warmupDays === null ? null : Math.min(warmupDays, horizonDays / 2) * 86_400

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
