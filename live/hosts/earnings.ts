/**
 * What one host earned, hour by hour: from the postings to its operator's earned lot, each joined to
 * the end of the call that it is for, which names the instance.
 */
import { Effect } from "effect"
import { earnedLot, lotAccount, microsPerHour } from "../../engine/index.ts"
import { balanceView, ledgerAccount } from "../views/balance.ts"
import { creditsOf } from "../views/credits.ts"
import { earningsByHour } from "../views/earnings.ts"
import type { UnixTime } from "../views/market-time.ts"
import type { LiveServices } from "../directory/services.ts"
import type { HostRecord } from "../directory/records.ts"
import { durably } from "../driver/market-driver.ts"
import type { StoreBroken, StoreFault } from "../store/errors.ts"
import type { HostHour } from "../store/store.ts"
import type { Earnings } from "../protocol/host-protocol.ts"

/** The last `hours` hours of the market's clock. Hours without earnings have no entry. */
export const earningsOf = (
  services: LiveServices,
  unixTime: UnixTime,
  host: HostRecord,
  hours: number,
): Effect.Effect<Earnings, StoreBroken | StoreFault> =>
  Effect.gen(function* () {
    const { directory, driver, store } = services
    const { market, clock } = driver
    const nowMicros = clock.nowMicros()
    const fromHour = Math.max(0, Math.floor(nowMicros / microsPerHour) - hours + 1)
    const lot = lotAccount(ledgerAccount(market, host.account).customer, earnedLot)
    const credits = (minor: number): string => creditsOf(market, minor)
    yield* durably(driver)
    const rows = yield* store.hostEarnings(
      lot,
      directory.instancesOfHost(host.id),
      fromHour * microsPerHour,
    )
    const account = yield* earningsByHour(services, unixTime, host.account, hours)
    const total = (of: (row: HostHour) => number): number =>
      rows.reduce((sum, row) => sum + of(row), 0)
    return {
      host_id: host.publicId,
      from: unixTime(fromHour * microsPerHour),
      until: unixTime(nowMicros),
      hours: rows.map((row) => ({
        at: unixTime(row.hour * microsPerHour),
        jobs: row.jobs,
        output_tokens: row.tokens,
        gross: credits(row.gross),
        fee: credits(row.fee),
        withheld: credits(row.withheld),
        earned: credits(row.earned),
        bounty_claimed: credits(row.bounty),
      })),
      total: {
        jobs: total((row) => row.jobs),
        output_tokens: total((row) => row.tokens),
        earned: credits(total((row) => row.earned)),
      },
      account: {
        balance: balanceView(market, host.account),
        bounties: account.filter(({ kind }) => kind !== "share"),
      },
    }
  })
