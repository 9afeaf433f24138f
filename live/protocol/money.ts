/** What is told of credits: a balance by lots, and what hosts earned. */
import { Schema } from "effect"
import { Credits, described } from "../http/fields.ts"

export const BalanceView = Schema.Struct({
  /** Sign-up gift: spent first, never withdrawable. */
  gift: Credits,
  bought: Credits,
  /** Withdrawable, but for what is held. */
  earned: Credits,
  /** Bounty that is released day by day; cannot be spent yet. */
  vesting: Credits,
  /** Part of gift, bought and earned that open calls and withdrawals hold. */
  held: Credits,
  /** What can be spent now: gift, bought and earned, less what is held. */
  spendable: Credits,
})
export type BalanceView = typeof BalanceView.Type

/** Pay that callers' gifts made. */
export const GiftPay = described(
  Schema.String,
  "Credits that callers paid of their gifts: to be spent, not withdrawn",
)

export const EarningsHour = Schema.Struct({
  at: described(Schema.Int, "Start of the hour, Unix time, s"),
  kind: described(
    Schema.Literal("share", "rentShare", "giftShare", "bounty", "vestingBounty"),
    "share: of calls; rentShare: of hours; giftShare: what consumers paid of their gifts, which stays a gift: to be spent, not withdrawn",
  ),
  amount: Credits,
})
export type EarningsHour = typeof EarningsHour.Type
