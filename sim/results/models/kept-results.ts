/** Results that a folder holds, as a list of them shows them. */
import type { Estimate } from "./run-model.ts"

export interface KeptResults {
  readonly folder: string
  readonly kind: "run" | "comparison" | "sweep"
  readonly scenario: string
  readonly title: string
  /** What was set, `path=value`; of a sweep, what varies. */
  readonly settings: ReadonlyArray<string>
  readonly seed: string
  readonly replications: number
  /** A date and time of day in UTC, ISO 8601; `null`: unknown. */
  readonly finishedAt: string | null
  readonly command: string
  readonly digest: string | null
  /** The page beside it, where there is one. */
  readonly page: string | null
  readonly creditUsd: number | null
  /** Of a run; of a comparison, its variant's. */
  readonly metrics: Readonly<Record<string, Estimate>>
}
