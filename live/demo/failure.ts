import { Data } from "effect"

/** Something that the demonstration is to show did not hold. */
export class DemoFailed extends Data.TaggedError("DemoFailed")<{ readonly message: string }> {}
