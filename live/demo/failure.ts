/** What went wrong with a demonstration. */
import { Data } from "effect"

/** Something that it is to show did not hold. */
export class DemoFailed extends Data.TaggedError("DemoFailed")<{ readonly message: string }> {}
