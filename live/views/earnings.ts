/**
 * What an account's hosts earned, hour by hour, from the postings on disk: shares of calls, those that
 * gifts paid apart, and bounties paid at once or still vesting.
 */
import type { AccountId } from "../../engine/index.ts"
import { Effect, Schema } from "effect"
import { earnedLot, giftLot, lotAccount, microsPerHour, vestingLot } from "../../engine/index.ts"
import { queryCount } from "../http/fields.ts"
import type { EarningsHour } from "../protocol/money.ts"
import type { LiveServices } from "../directory/services.ts"
import { durably } from "../driver/market-driver.ts"
import type { StoreBroken, StoreFault } from "../store/errors.ts"
import { ledgerAccount } from "./balance.ts"
import { creditsOf } from "./credits.ts"
import type { UnixTime } from "./market-time.ts"

export const earningsHours = queryCount("How far back, hours", 2160, 168)
export const EarningsQuery = Schema.Struct({ hours: earningsHours.field })
export type EarningsQuery = typeof EarningsQuery.Type

/** The last `hours` hours of the market's clock, in order. Hours without earnings have no entry. */
export const earningsByHour = (
  services: LiveServices,
  unixTime: UnixTime,
  account: AccountId,
  hours: number,
): Effect.Effect<ReadonlyArray<EarningsHour>, StoreBroken | StoreFault> =>
  Effect.gen(function* () {
    const { driver, store } = services
    const { market, clock } = driver
    const { customer } = ledgerAccount(market, account)
    yield* durably(driver)
    const fromHour = Math.floor(clock.nowMicros() / microsPerHour) - hours + 1
    const gifts = lotAccount(customer, giftLot)
    const lots = [lotAccount(customer, earnedLot), gifts, lotAccount(customer, vestingLot)]
    const rows = yield* store.earnings(lots, {
      fromMicros: Math.max(0, fromHour) * microsPerHour,
      lengthMicros: microsPerHour,
      originMicros: 0,
    })
    return rows.flatMap(({ span, kind, lot, total }) =>
      // What is released was earned before.
      kind === "vested"
        ? []
        : {
            at: unixTime(span * microsPerHour),
            kind: lot === gifts ? ("giftShare" as const) : kind,
            amount: creditsOf(market, total),
          },
    )
  })
