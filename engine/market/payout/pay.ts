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

/** Pays `provider`; `reference` is the request or booking that it is for. */
export const pay = (market: Market, provider: number, split: Split, reference: number): void => {
  const { ledger, sink, rules } = market
  const { charge, paidByGift, share, withheld, fee, poolFee } = split
  const shareAsGift =
    rules.doGiftsStayGifts && paidByGift > 0 ? mulDivFloor(share - withheld, paidByGift, charge) : 0
  const shareEarned = share - withheld - shareAsGift
  invariant(shareEarned >= 0, "a charge is split into parts of 0 or more")
  post(ledger, sink, "share", clearing, lotAccount(provider, earned), shareEarned, reference)
  post(ledger, sink, "share", clearing, lotAccount(provider, gift), shareAsGift, reference)
  post(ledger, sink, "withheld", clearing, bountyPool, withheld, reference)
  post(ledger, sink, "fee", clearing, platform, fee - poolFee, reference)
  post(ledger, sink, "poolFee", clearing, bountyPool, poolFee, reference)
}
