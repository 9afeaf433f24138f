/** What charts of nodes say of the warm-up, which the nodes' figures leave out. */
import type { RunResult } from "../../sim/results/models/run-model.ts"

export const afterWarmup = ({ warmupSeconds }: RunResult): string =>
  warmupSeconds > 0 ? " after the warm-up" : ""
