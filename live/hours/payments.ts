/** What a machine's provider was paid for it: for hours that were sold, and for calls that its host served. */
import { Effect } from "effect"
import { earnedLot, giftLot, lotAccount, microsPerHour } from "../../engine/index.ts"
import type { Payment } from "../analytics/earnings.ts"
import type { BookingRecord } from "../directory/records.ts"
import type { LiveServices } from "../directory/services.ts"
import { durably } from "../driver/market-driver.ts"
import type { StoreBroken, StoreFault } from "../store/errors.ts"
import { ledgerAccount } from "../views/balance.ts"
import type { Listed } from "./gpus.ts"
import type { MarketCalendar } from "./market-calendar.ts"

/** The model of hours: what runs in them is the consumer's. */
export const hoursModel = "hours"
const nobody = ""
const pageOfSteps = 1000
/** Zones differ by whole quarters of an hour, so that a quarter lies in one hour of any of them. */
const quarterMicros = microsPerHour / 4

interface Parts {
  readonly services: LiveServices
  readonly calendar: MarketCalendar
}

/** From a time of the market on. Instants are µs since 1970. O(payments). */
export const paymentsOf = (
  parts: Parts,
  listed: Listed,
  fromMicros: number,
): Effect.Effect<ReadonlyArray<Payment>, StoreBroken | StoreFault> =>
  Effect.gen(function* () {
    yield* durably(parts.services.driver)
    return [
      ...(yield* paidHours(parts, listed, fromMicros)),
      ...(yield* paidCalls(parts, listed, fromMicros)),
    ]
  })

interface Released {
  readonly period: number
  readonly drawn: number
  readonly fee: number
  readonly share: number
}

const paidHours = (
  { services, calendar }: Parts,
  { gpu }: Listed,
  fromMicros: number,
): Effect.Effect<ReadonlyArray<Payment>, StoreFault> =>
  Effect.gen(function* () {
    const { directory, driver, store } = services
    const { periodHours } = driver.market.economy.escrow
    const payments: Array<Payment> = []
    for (let afterId = 0; ;) {
      const steps = yield* store.bookingSteps({
        listing: gpu.id,
        kind: "released",
        fromMicros,
        afterId,
        count: pageOfSteps,
      })
      for (const { at, booking, consumer, figures } of steps) {
        const { period, drawn, fee, share } = JSON.parse(figures) as Released
        const record = directory.bookings.get(booking)
        const [from, until] = (record && spanOf(record, period, periodHours)) ?? [at, at]
        payments.push({
          client: directory.accounts.get(consumer)?.publicId ?? nobody,
          model: hoursModel,
          order: record?.publicId,
          calls: 0,
          gross: drawn,
          fee,
          share,
          fromMicros: calendar.originMicros + from,
          untilMicros: calendar.originMicros + until,
          jobMicros: (until - from) * Math.max(1, record?.jobs ?? 1),
        })
      }
      const last = steps.at(-1)
      if (last === undefined || steps.length < pageOfSteps) return payments
      afterId = last.id
    }
  })

/** What of a booking's time its period is, by the periods of the economy; `undefined`: none of it. */
const spanOf = (
  { startAt, endAt, revokedAt = endAt }: BookingRecord,
  period: number,
  periodHours: number,
): readonly [number, number] | undefined => {
  const length = periodHours === 0 ? Infinity : periodHours * microsPerHour
  const from = period === 0 ? startAt : startAt + period * length
  const until = Math.min(endAt, revokedAt, from + length)
  return from < until ? [from, until] : undefined
}

const paidCalls = (
  { services, calendar }: Parts,
  { host }: Listed,
  fromMicros: number,
): Effect.Effect<ReadonlyArray<Payment>, StoreFault> =>
  Effect.gen(function* () {
    const { directory, driver, store } = services
    const instances = directory.instancesOfHost(host.id)
    if (instances.length === 0) return []
    const { customer } = ledgerAccount(driver.market, host.account)
    const rows = yield* store.payByCaller({
      earnedLot: lotAccount(customer, earnedLot),
      giftLot: lotAccount(customer, giftLot),
      instances,
      fromMicros,
      lengthMicros: quarterMicros,
      originMicros: calendar.originMicros,
    })
    return rows.map(({ span, account, model, jobs, gross, fee, share, decodeMicros }): Payment => {
      const atMicros = span * quarterMicros
      return {
        client: (account !== null && directory.accounts.get(account)?.publicId) || nobody,
        model: (model !== null && directory.models.get(model)?.name) || nobody,
        order: undefined,
        calls: jobs,
        gross,
        fee,
        share,
        fromMicros: atMicros,
        untilMicros: atMicros,
        jobMicros: decodeMicros,
      }
    })
  })
