/**
 * What a machine earned, by client, by model and by hour of the day (docs/hours.md#figures): each part is
 * whole minor units, and the parts add up to the total exactly, whatever they are told apart by. A payment
 * for a span of time belongs to the hours that it was for, by their length; what does not divide goes to the
 * largest remainders, of equal ones to the earlier hour.
 */
import { microsPerHour } from "../../engine/index.ts"
import type { Clock } from "./day.ts"
import { microsByHour } from "./day.ts"

/** A payment, as it was posted. Minor units; times in µs since 1970-01-01T00:00Z. */
export interface Payment {
  readonly client: string
  readonly model: string
  /** What was paid for: a booking of its own name, or calls. */
  readonly order: string | undefined
  readonly calls: number
  readonly gross: number
  readonly fee: number
  readonly share: number
  /** The time that it was for; equal: a moment. */
  readonly fromMicros: number
  readonly untilMicros: number
  /** How long a job was worked on for it, all jobs together. */
  readonly jobMicros: number
}

export interface Part {
  readonly key: string
  readonly share: number
  /** Bookings and calls that were paid for, in whole or in part. */
  readonly bookings: number
  readonly calls: number
}

export interface Totals {
  readonly gross: number
  readonly fee: number
  readonly share: number
  readonly bookings: number
  readonly calls: number
  readonly jobMicros: number
}

export const breakdowns = ["client", "model", "hour"] as const
export type Breakdown = (typeof breakdowns)[number]

export const totalsOf = (payments: ReadonlyArray<Payment>): Totals => ({
  gross: sum(payments, ({ gross }) => gross),
  fee: sum(payments, ({ fee }) => fee),
  share: sum(payments, ({ share }) => share),
  bookings: ordersIn(payments),
  calls: sum(payments, ({ calls }) => calls),
  jobMicros: sum(payments, ({ jobMicros }) => jobMicros),
})

/** Minor units an hour: `amount` ÷ job-hours; `undefined`: there were none. */
export const perHour = (amount: number, jobMicros: number): number | undefined =>
  jobMicros === 0 ? undefined : Math.round(amount / (jobMicros / microsPerHour))

/** Parts that add up to the total: the greatest first, hours in their order. */
export const partsBy = (
  payments: ReadonlyArray<Payment>,
  by: Breakdown,
  clock: Clock,
): ReadonlyArray<Part> => {
  if (by === "hour") return byHour(payments, clock)
  const groups = new Map<string, Array<Payment>>()
  for (const payment of payments) {
    const group = groups.get(payment[by])
    if (group === undefined) groups.set(payment[by], [payment])
    else group.push(payment)
  }
  return [...groups]
    .map(([key, all]) => {
      const { share, bookings, calls } = totalsOf(all)
      return { key, share, bookings, calls }
    })
    .toSorted((one, other) => other.share - one.share || (one.key < other.key ? -1 : 1))
}

const byHour = (payments: ReadonlyArray<Payment>, clock: Clock): ReadonlyArray<Part> => {
  const hours = new Map<number, { share: number; calls: number; orders: Set<string> }>()
  for (const { share, order, calls, fromMicros, untilMicros } of payments) {
    const weights =
      untilMicros > fromMicros ? microsByHour([[fromMicros, untilMicros]], clock) : undefined
    const shares =
      weights === undefined
        ? [[clock(fromMicros).hour, share] as const]
        : splitBy(share, weights).flatMap((part, hour) =>
            weights[hour] > 0 ? [[hour, part] as const] : [],
          )
    for (const [hour, part] of shares) {
      const one = hours.get(hour) ?? { share: 0, calls: 0, orders: new Set() }
      one.share += part
      one.calls += calls
      if (order !== undefined) one.orders.add(order)
      hours.set(hour, one)
    }
  }
  return [...hours]
    .toSorted(([one], [other]) => one - other)
    .map(([hour, { share, calls, orders }]) => ({
      key: String(hour),
      share,
      bookings: orders.size,
      calls,
    }))
}

/** Whole parts of a whole amount by weight: largest remainders, of equal ones the first. */
export const splitBy = (amount: number, weights: ReadonlyArray<number>): ReadonlyArray<number> => {
  const whole = BigInt(weights.reduce((total, weight) => total + weight, 0))
  const shares = weights.map((weight) => BigInt(amount) * BigInt(weight))
  const parts = shares.map((share) => Number(share / whole))
  const left = amount - parts.reduce((total, part) => total + part, 0)
  const remainders = shares
    .map((share, index) => ({ index, remainder: share % whole }))
    .toSorted((one, other) =>
      one.remainder === other.remainder
        ? one.index - other.index
        : one.remainder > other.remainder
          ? -1
          : 1,
    )
  for (const { index } of remainders.slice(0, left)) parts[index]++
  return parts
}

const ordersIn = (payments: ReadonlyArray<Payment>): number =>
  new Set(payments.flatMap(({ order }) => order ?? [])).size

const sum = <T>(all: ReadonlyArray<T>, of: (one: T) => number): number =>
  all.reduce((total, one) => total + of(one), 0)
