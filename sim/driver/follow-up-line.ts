/** Calls that follow upon others, in the order in which they come. */
import type { FollowUp } from "./call.ts"

/** First come, first due: all kinds of agents think for equally long. */
export class FollowUps {
  private readonly line: Array<FollowUp> = []
  private head = 0

  add(call: FollowUp): void {
    this.line.push(call)
  }

  get dueMicros(): number {
    return this.line[this.head]?.at ?? Infinity
  }

  take(): FollowUp {
    const call = this.line[this.head++]
    if (this.head > 1000 && 2 * this.head > this.line.length) {
      this.line.splice(0, this.head)
      this.head = 0
    }
    return call
  }
}
