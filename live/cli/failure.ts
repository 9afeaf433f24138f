/** What the market or its commands could not do, as a message without a stack. */
import { Data } from "effect"

export class MarketCommandFailed extends Data.TaggedError("MarketCommandFailed")<{
  readonly message: string
}> {}
