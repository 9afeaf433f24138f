/** A scenario that cannot be run: every place that is wrong, and what is allowed there. */
import { Data } from "effect"

export interface ScenarioIssue {
  /** Dotted path of the value, as `--set` takes it. */
  readonly path: string
  readonly message: string
}

export class ScenarioInvalid extends Data.TaggedError("ScenarioInvalid")<{
  /** The file, the built-in name or the option that it came from. */
  readonly source: string
  readonly issues: ReadonlyArray<ScenarioIssue>
}> {
  override get message(): string {
    const lines = this.issues.map(({ path, message }) =>
      path === "" ? message : `${path}: ${message}`,
    )
    return [
      `${this.source} is not a scenario that can be run:`,
      ...lines.map((line) => `  ${line}`),
    ].join("\n")
  }
}
