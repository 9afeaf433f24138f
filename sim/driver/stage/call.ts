/** A call as its consumer makes it. */
export interface Call {
  /** A consumer's number, or −1 − an operator's. */
  readonly consumer: number
  /** Number of the party whose call it is; 0: of none. */
  readonly party: number
  readonly model: number
  readonly inputTokens: number
  /** Those that its consumer takes, and those that it asks for at most. */
  readonly outputTokens: number
  readonly maxTokens: number
  readonly flaw: number
  /** What it is worth to its consumer, times what it is to the median one. */
  readonly worth: number
  /** Calls that follow upon it. */
  readonly further: number
}

/** An item of a batch, as it is given out. */
export interface ItemCall {
  readonly account: number
  readonly party: number
  readonly model: number
  readonly inputTokens: number
  readonly outputTokens: number
  readonly batch: number
  readonly item: number
}

/** A call that follows upon one that was served, and when it comes. */
export interface FollowUp extends Omit<Call, "party" | "flaw"> {
  readonly at: number
}
