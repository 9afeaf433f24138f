/**
 * Pay of calls: what some instances of one operator brought it, from the postings on disk, added up by
 * whatever is asked for.
 */
import { Effect } from "effect"
import type { AccountId } from "../../engine/index.ts"
import { earnedLot, giftLot, lotAccount } from "../../engine/index.ts"
import type { LiveServices } from "../directory/services.ts"
import { durably } from "../driver/market-driver.ts"
import type { StoreBroken, StoreFault } from "../store/errors.ts"
import type { PayRow, Spans } from "../store/store.ts"
import { ledgerAccount } from "./balance.ts"

/** Minor units, but for `jobs` and `tokens`. */
export type PaySum = Omit<PayRow, "span" | "instance">

export const payOf = (
  { driver, store }: Pick<LiveServices, "driver" | "store">,
  account: AccountId,
  instances: ReadonlyArray<number>,
  spans: Spans,
): Effect.Effect<ReadonlyArray<PayRow>, StoreBroken | StoreFault> =>
  Effect.gen(function* () {
    const { customer } = ledgerAccount(driver.market, account)
    yield* durably(driver)
    return yield* store.pay({
      ...spans,
      earnedLot: lotAccount(customer, earnedLot),
      giftLot: lotAccount(customer, giftLot),
      instances,
    })
  })

export const sumOfPay = (rows: ReadonlyArray<PaySum>): PaySum => {
  const total = (of: (row: PaySum) => number): number => rows.reduce((sum, row) => sum + of(row), 0)
  return {
    jobs: total(({ jobs }) => jobs),
    tokens: total(({ tokens }) => tokens),
    gross: total(({ gross }) => gross),
    fee: total(({ fee }) => fee),
    withheld: total(({ withheld }) => withheld),
    earned: total(({ earned }) => earned),
    gift: total(({ gift }) => gift),
    bounty: total(({ bounty }) => bounty),
  }
}

/** Sums by key, in the order in which the keys come. */
export const payBy = <K>(
  rows: ReadonlyArray<PayRow>,
  keyOf: (row: PayRow) => K,
): ReadonlyArray<readonly [K, PaySum]> => {
  const groups = new Map<K, Array<PayRow>>()
  for (const row of rows) {
    const key = keyOf(row)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [row])
    else group.push(row)
  }
  return [...groups].map(([key, group]) => [key, sumOfPay(group)] as const)
}
