/** A run whose own checks found it wrong: its results are shown, and are not to be trusted. */
import { Data } from "effect"

export class CheckFailed extends Data.TaggedError("CheckFailed")<{
  readonly names: ReadonlyArray<string>
}> {
  override get message(): string {
    return `What must hold did not hold: ${this.names.join(", ")}. The results are not to be trusted; please report this with the command, seed and digest.`
  }
}
