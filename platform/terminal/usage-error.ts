/** An argument that cannot be used: which, and what is allowed. */
import { Data } from "effect"

export class UsageError extends Data.TaggedError("UsageError")<{
  readonly argument: string
  readonly allowed: string
}> {
  override get message(): string {
    return `${this.argument}: ${this.allowed}`
  }
}
