/**
 * What an operator was paid, by day and by host, and what made it so: the platform's fee, what a
 * model switch withholds, what gifts paid, bounties and their vesting (docs/rules.md#fee,
 * #anti-flapping, #credits, #bounties, #vesting). Days are those of UTC.
 *
 * "If this goes on" is the mean of the last whole days, at most seven, counted from the first that
 * brought anything: with fewer than three there is nothing to go on, and nothing is said.
 */
import { Effect, Schema } from "effect"
import type { AccountId } from "../../engine/index.ts"
import {
  earnedLot,
  giftLot,
  lotAccount,
  microsPerHour,
  microsPerSecond,
  vestingLot,
} from "../../engine/index.ts"
import type { LiveServices } from "../directory/services.ts"
import { Credits, described, queryCount, UnixSeconds } from "../http/fields.ts"
import { GiftPay } from "../protocol/money.ts"
import type { StoreBroken, StoreFault } from "../store/errors.ts"
import type { EarningsRow, Spans } from "../store/store.ts"
import { ledgerAccount } from "../views/balance.ts"
import { creditsOf } from "../views/credits.ts"
import type { UnixTime } from "../views/market-time.ts"
import type { PaySum } from "../views/pay.ts"
import { payBy, payOf, sumOfPay } from "../views/pay.ts"

export const payDays = queryCount("How many days back, today included", 90, 30)
export const PayQuery = Schema.Struct({ days: payDays.field })
export type PayQuery = typeof PayQuery.Type

/** An account may have more hosts than a page can show. */
const mostHosts = 200

const calls = {
  calls: Schema.Int,
  output_tokens: Schema.Int,
  gross: described(Schema.String, "What callers were charged, credits"),
  fee: described(Schema.String, "The platform's part of it, credits"),
  withheld: described(Schema.String, "By the reduction after a model switch, credits"),
  earned: described(Schema.String, "Paid, and withdrawable, credits"),
  gift: GiftPay,
  bounty_claimed: described(Schema.String, "Paid hourly as far as the pool reaches, credits"),
}

const PayDay = Schema.Struct({
  at: described(Schema.Int, "Start of the day, UTC, Unix time, s"),
  ...calls,
  bounty: described(Schema.String, "Bounty paid at once, credits"),
  vesting: described(Schema.String, "Bounty that began to vest, credits"),
  released: described(Schema.String, "Bounty of earlier days that was released, credits"),
})

const HostPay = Schema.Struct({ host_id: Schema.String, name: Schema.String, ...calls })

const Estimate = Schema.Struct({
  whole_days: described(Schema.Int, "How many days it is the mean of"),
  earned_per_day: described(
    Schema.String,
    "Withdrawable: shares, and bounty paid at once, credits",
  ),
  gift_per_day: GiftPay,
  least_per_day: described(Schema.String, "Both together, on the worst of these days, credits"),
  most_per_day: described(Schema.String, "Likewise, on the best, credits"),
})

export const PayView = Schema.Struct({
  from: UnixSeconds,
  until: UnixSeconds,
  total: Schema.Struct({ ...calls, bounty: Credits, vesting: Credits, released: Credits }),
  days: described(Schema.Array(PayDay), "In order; days that brought nothing have no entry"),
  hosts: described(Schema.Array(HostPay), `The most first, at most ${mostHosts}`),
  hosts_left_out: described(Schema.Int, "How many more have been paid"),
  estimate: described(
    Schema.NullOr(Estimate),
    "If this goes on: what the last whole days brought. null: fewer than three to go on",
  ),
  rules: Schema.Struct({
    fee_bps: described(Schema.Int, "The platform's part of each call, 1/100 %"),
    gifts_pay: described(
      Schema.Literal("earnings", "gifts"),
      "What a caller's gift is to its host: withdrawable, or a gift again",
    ),
    vesting_days: described(Schema.Number, "Over which a large bounty is released"),
    switch_reduction: described(Schema.Number, "Of pay, right after a model switch, 0 to 1"),
    switch_hours: described(Schema.Number, "Over which that reduction fades"),
    ramp_hours: described(Schema.Number, "Online, until a new host gets its whole share of calls"),
  }),
})
export type PayView = typeof PayView.Type

const microsPerDay = 24 * microsPerHour
const secondsPerDay = microsPerDay / microsPerSecond
const estimateDays = 7
const leastEstimateDays = 3

export const payView = (
  services: LiveServices,
  unixTime: UnixTime,
  account: AccountId,
  days: number,
): Effect.Effect<PayView, StoreBroken | StoreFault> =>
  Effect.gen(function* () {
    const { directory, driver, store } = services
    const { market, clock } = driver
    const originMicros = unixTime(0) * microsPerSecond
    const nowMicros = clock.nowMicros()
    const today = Math.floor((nowMicros + originMicros) / microsPerDay)
    const fromMicros = Math.max(0, (today - days + 1) * microsPerDay - originMicros)
    const spans: Spans = { fromMicros, lengthMicros: microsPerDay, originMicros }

    const hosts = [...directory.hosts.all()].filter((host) => host.account === account)
    const hostOf = new Map(
      hosts.flatMap((host) => directory.instancesOfHost(host.id).map((id) => [id, host] as const)),
    )
    const rows = yield* payOf(services, account, [...hostOf.keys()], spans)
    const { customer } = ledgerAccount(market, account)
    const lots = [earnedLot, giftLot, vestingLot].map((lot) => lotAccount(customer, lot))
    const earnings = yield* store.earnings(lots, spans)

    const byDay = new Map(payBy(rows, ({ span }) => span))
    const bountyDays = earnings
      .filter(({ kind }) => kind !== "share" && kind !== "rentShare")
      .map(({ span }) => span)
    const dayList = [...new Set([...byDay.keys(), ...bountyDays])].sort((a, b) => a - b)
    const dayViews = dayList.map((day) => ({
      day,
      pay: byDay.get(day) ?? nothing,
      bounties: bountiesOf(earnings.filter(({ span }) => span === day)),
    }))
    const byHost = payBy(rows, ({ instance }) => hostOf.get(instance)).toSorted(
      ([, a], [, b]) => b.earned + b.gift - (a.earned + a.gift),
    )
    const credits = (minor: number): string => creditsOf(market, minor)
    const { economy } = market
    return {
      from: unixTime(fromMicros),
      until: unixTime(nowMicros),
      total: {
        ...callsView(credits, sumOfPay(rows)),
        ...bountyView(credits, bountiesOf(earnings)),
      },
      days: dayViews.map(({ day, pay, bounties }) => ({
        at: day * secondsPerDay,
        ...callsView(credits, pay),
        ...bountyView(credits, bounties),
      })),
      hosts: byHost.slice(0, mostHosts).map(([host, pay]) => ({
        host_id: host?.publicId ?? "",
        name: host?.name ?? "",
        ...callsView(credits, pay),
      })),
      hosts_left_out: Math.max(0, byHost.length - mostHosts),
      estimate: estimateOf(
        credits,
        today,
        new Map(
          dayViews.map(({ day, pay, bounties }) => [
            day,
            { earned: pay.earned + bounties.bounty, gift: pay.gift },
          ]),
        ),
      ),
      rules: {
        fee_bps: economy.feeBps,
        gifts_pay: economy.promotion.giftsPay,
        vesting_days: economy.bounty.vestingDays,
        switch_reduction: economy.flap.initialReduction,
        switch_hours: economy.flap.decayHours,
        ramp_hours: economy.ramp.onlineHours,
      },
    }
  })

type AsCredits = (minor: number) => string

const nothing = sumOfPay([])

const callsView = (credits: AsCredits, pay: PaySum) => ({
  calls: pay.jobs,
  output_tokens: pay.tokens,
  gross: credits(pay.gross),
  fee: credits(pay.fee),
  withheld: credits(pay.withheld),
  earned: credits(pay.earned),
  gift: credits(pay.gift),
  bounty_claimed: credits(pay.bounty),
})

interface Bounties {
  readonly bounty: number
  readonly vesting: number
  readonly released: number
}

const bountiesOf = (rows: ReadonlyArray<EarningsRow>): Bounties => {
  const total = (wanted: EarningsRow["kind"]): number =>
    rows.reduce((sum, { kind, total: amount }) => (kind === wanted ? sum + amount : sum), 0)
  return { bounty: total("bounty"), vesting: total("vestingBounty"), released: total("vested") }
}

const bountyView = (credits: AsCredits, { bounty, vesting, released }: Bounties) => ({
  bounty: credits(bounty),
  vesting: credits(vesting),
  released: credits(released),
})

interface Paid {
  readonly earned: number
  readonly gift: number
}

/** `days`: what each day brought. Today is not over, and counts for nothing. */
const estimateOf = (
  credits: AsCredits,
  today: number,
  days: ReadonlyMap<number, Paid>,
): PayView["estimate"] => {
  const first = Math.min(...days.keys())
  const from = Math.max(first, today - estimateDays)
  const count = today - from
  if (!Number.isFinite(first) || count < leastEstimateDays) return null
  const paid = Array.from({ length: count }, (_, n) => days.get(from + n) ?? { earned: 0, gift: 0 })
  const both = paid.map(({ earned, gift }) => earned + gift)
  const mean = (of: (one: Paid) => number): string =>
    credits(Math.floor(paid.reduce((sum, one) => sum + of(one), 0) / count))
  return {
    whole_days: count,
    earned_per_day: mean(({ earned }) => earned),
    gift_per_day: mean(({ gift }) => gift),
    least_per_day: credits(Math.min(...both)),
    most_per_day: credits(Math.max(...both)),
  }
}
