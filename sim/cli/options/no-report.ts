/** `--no-report`: what draws charts takes most of a short run's time, and a script reads the results. */
import { Effect } from "effect"
import { UsageError } from "../../../platform/terminal/usage-error.ts"
import * as Parameter from "../../../platform/terminal/parameter.ts"

export const noReportOption = Parameter.flag(
  "no-report",
  "Write the results, and no report. `evenkeel report` draws it later.",
)

/** What is written where no report is. */
export const noReport = { files: [] as ReadonlyArray<string>, notices: [] as ReadonlyArray<string> }

/** A page that is not written cannot be opened. */
export const refuseOpening = (options: {
  readonly open: boolean
  readonly noReport: boolean
}): Effect.Effect<void, UsageError> =>
  options.open && options.noReport
    ? new UsageError({
        argument: "--open",
        allowed: "goes without --no-report: it opens the report",
      })
    : Effect.void
