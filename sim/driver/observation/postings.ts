/** What the market's postings come to, by what they are for. */
import type { Command } from "../../../engine/index.ts"
import { giftLot, lotOf } from "../../../engine/index.ts"
import type { Recorder } from "../../recording/recorder.ts"

/** `credit`: minor units of a credit. */
export const notePosting = (
  recorder: Recorder,
  { kind, amount, debit }: Extract<Command, { _tag: "Post" }>,
  credit: number,
): void => {
  const credits = amount / credit
  const { transfers } = recorder
  switch (kind) {
    case "charge":
      transfers.paid += amount
      recorder.noteCharge(credits)
      if (lotOf(debit)?.lot === giftLot) recorder.add("promotionsSpent", credits)
      return
    case "rent":
      transfers.paid += amount
      recorder.add("rent", credits)
      if (lotOf(debit)?.lot === giftLot) recorder.add("promotionsSpent", credits)
      return
    case "share":
    case "rentShare":
    case "lend":
      transfers.toHosts += amount
      return recorder.noteShare(credits)
    case "fee":
    case "rentFee":
      transfers.toPlatform += amount
      return recorder.noteFee(credits)
    case "poolFee":
    case "rentPoolFee":
      transfers.toPool += amount
      return recorder.notePoolFee(credits)
    case "withheld":
      transfers.toPool += amount
      return recorder.add("withheld", credits)
    case "bounty":
    case "vestingBounty":
      return recorder.add("bountyPaid", credits)
    case "purchase":
      return recorder.add("bought", credits)
    case "withdrawal":
      return recorder.add("withdrawn", credits)
    case "grant":
    case "vested":
    case "clawback":
    case "funding":
      return
  }
}
