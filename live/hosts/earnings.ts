/**
 * What one host earned, hour by hour: from the postings to its operator's lots, and its operator's
 * balance beside it.
 */
import { Effect } from "effect"
import { microsPerHour } from "../../engine/index.ts"
import { balanceView } from "../views/balance.ts"
import { creditsOf } from "../views/credits.ts"
import { earningsByHour } from "../views/earnings.ts"
import type { UnixTime } from "../views/market-time.ts"
import { payBy, payOf, sumOfPay } from "../views/pay.ts"
import type { LiveServices } from "../directory/services.ts"
import type { HostRecord } from "../directory/records.ts"
import type { StoreBroken, StoreFault } from "../store/errors.ts"
import type { Earnings } from "../protocol/host-protocol.ts"

/** The last `hours` hours of the market's clock. Hours without earnings have no entry. */
export const earningsOf = (
  services: LiveServices,
  unixTime: UnixTime,
  host: HostRecord,
  hours: number,
): Effect.Effect<Earnings, StoreBroken | StoreFault> =>
  Effect.gen(function* () {
    const { directory, driver } = services
    const { market, clock } = driver
    const nowMicros = clock.nowMicros()
    const fromHour = Math.max(0, Math.floor(nowMicros / microsPerHour) - hours + 1)
    const credits = (minor: number): string => creditsOf(market, minor)
    const rows = yield* payOf(services, host.account, directory.instancesOfHost(host.id), {
      fromMicros: fromHour * microsPerHour,
      lengthMicros: microsPerHour,
      originMicros: 0,
    })
    const account = yield* earningsByHour(services, unixTime, host.account, hours)
    const total = sumOfPay(rows)
    return {
      host_id: host.publicId,
      from: unixTime(fromHour * microsPerHour),
      until: unixTime(nowMicros),
      hours: payBy(rows, ({ span }) => span).map(([hour, sum]) => ({
        at: unixTime(hour * microsPerHour),
        jobs: sum.jobs,
        output_tokens: sum.tokens,
        gross: credits(sum.gross),
        fee: credits(sum.fee),
        withheld: credits(sum.withheld),
        earned: credits(sum.earned),
        gift: credits(sum.gift),
        bounty_claimed: credits(sum.bounty),
      })),
      total: {
        jobs: total.jobs,
        output_tokens: total.tokens,
        earned: credits(total.earned),
        gift: credits(total.gift),
      },
      account: {
        balance: balanceView(market, host.account),
        bounties: account.filter(({ kind }) => kind === "bounty" || kind === "vestingBounty"),
      },
    }
  })
