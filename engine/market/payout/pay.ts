/**
 * What is in clearing is paid out (docs/rules.md#fee): the share to the provider less what is withheld, the
 * fee to the platform and the bounty pool. What gifts have paid may stay a gift. One group of transfers.
 */
import { invariant } from "../../core/invariant.ts"
import { mulDivFloor } from "../../core/units.ts"
import {
  bountyPool,
  clearing,
  earned,
  gift,
  lotAccount,
  platform,
  post,
} from "../../ledger/accounts.ts"
import type { PostingKind } from "../../protocol/command.ts"
import type { Market } from "../state/market-state.ts"

/** Parts of what was charged, minor units: `share` with what is withheld of it, `fee` with the pool's part. */
export interface Split {
  readonly charge: number
  readonly paidByGift: number
  readonly share: number
  readonly withheld: number
  readonly fee: number
  readonly poolFee: number
}

/** What its parts are called, by what was sold. */
const kinds = {
  call: { share: "share", fee: "fee", poolFee: "poolFee" },
  hours: { share: "rentShare", fee: "rentFee", poolFee: "rentPoolFee" },
} as const satisfies Record<string, Record<string, PostingKind>>

/** A part of the share, with nothing withheld of it, that goes to another account. */
export interface Loan {
  readonly to: number
  readonly amount: number
}
const noLoan: Loan = { to: 0, amount: 0 }

/** Pays `provider` for what was sold; `reference` is its number, of the request or of the booking. */
export const pay = (
  market: Market,
  provider: number,
  split: Split,
  sold: keyof typeof kinds,
  reference: number,
  { to, amount: lent }: Loan = noLoan,
): void => {
  const { ledger, sink, rules } = market
  const { charge, paidByGift, share, withheld, fee, poolFee } = split
  const giftIn = (amount: number): number =>
    rules.doGiftsStayGifts && paidByGift > 0 ? mulDivFloor(amount, paidByGift, charge) : 0
  const shareAsGift = giftIn(share - withheld - lent)
  const { share: ofShare, fee: ofFee, poolFee: ofPoolFee } = kinds[sold]
  const shareEarned = share - withheld - lent - shareAsGift
  invariant(shareEarned >= 0, "a charge is split into parts of 0 or more")
  if (lent > 0) {
    const asGift = giftIn(lent)
    post(ledger, sink, "lend", clearing, lotAccount(to, earned), lent - asGift, reference)
    post(ledger, sink, "lend", clearing, lotAccount(to, gift), asGift, reference)
  }
  post(ledger, sink, ofShare, clearing, lotAccount(provider, earned), shareEarned, reference)
  post(ledger, sink, ofShare, clearing, lotAccount(provider, gift), shareAsGift, reference)
  post(ledger, sink, "withheld", clearing, bountyPool, withheld, reference)
  post(ledger, sink, ofFee, clearing, platform, fee - poolFee, reference)
  post(ledger, sink, ofPoolFee, clearing, bountyPool, poolFee, reference)
}
