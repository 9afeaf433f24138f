/**
 * A naive market of hours: bookings as records, calendars as lists of what is sold, and what is delivered as
 * lists of intervals. It says which events are legal, and what each command about a booking may say; it
 * shares no code with the kernel but the price of hours, which has an oracle of its own.
 */
import type { Command } from "../../../engine/protocol/command.ts"
import type { Economy } from "../../../engine/economy/schema.ts"
import type { MarketEvent } from "../../../engine/protocol/event.ts"
import { ensure, held } from "../ensure.ts"

export type NaivePhase = "held" | "active" | "delivered" | "disputed"

interface NaivePeriod {
  readonly from: number
  readonly until: number
  readonly isComplete: boolean
  /** Until when it can be disputed; the gateway's own absence is none of that time. */
  confirmBy: number
}

export interface NaiveBooking {
  readonly id: number
  readonly consumer: number
  readonly provider: number
  readonly listing: number
  readonly startAt: number
  readonly endAt: number
  readonly jobs: number
  readonly memoryMib: number
  readonly price: number
  readonly bond: number
  phase: NaivePhase
  isGranted: boolean
  grantedAt: number
  /** When it was asked for and not delivered: late, node away, probe failed; the gateway's own absence is none. */
  downs: Array<{ readonly from: number; until: number }>
  isProbeFailed: boolean
  periodFrom: number
  /** Where its hours ended; +Infinity while they run. */
  endedAt: number
  unpaid: Array<NaivePeriod>
  drawn: bigint
  refunded: bigint
  fees: bigint
  releases: number
  disputedBy: "consumer" | "provider" | undefined
  isAnswered: boolean
}

interface NaiveListing {
  readonly id: number
  readonly account: number
  jobs: number
  memoryMib: number
  phase: "draft" | "open" | "paused" | "closed"
  isOnline: boolean
}

const phases = { open: "open", paused: "paused", closed: "closed" } as const

export const makeNaiveHours = (economy: Economy) => {
  const bookings = new Map<number, NaiveBooking>()
  const listings = new Map<number, NaiveListing>()
  const closed = new Map<number, number>()
  const accounts = new Set<number>()
  let lastBooking = -1
  let now = 0
  const { payFor, periodHours, evidence } = economy.escrow
  const periodMicros = periodHours === 0 ? Infinity : periodHours * 3_600_000_000

  const confirmBy = () =>
    now + (economy.escrow.confirm === "consumer" ? economy.escrow.confirmHours * 3_600_000_000 : 0)

  const sideOf = (booking: NaiveBooking, by: number) =>
    by === booking.consumer ? "consumer" : by === booking.provider ? "provider" : undefined

  /** Must an event about a booking be rejected, and may it be? Credits of deposits are not known here. */
  const judge = (event: MarketEvent): "legal" | "illegal" | "either" => {
    switch (event._tag) {
      case "BookingRequested":
        return event.startAt >= 0 &&
          event.booking > lastBooking &&
          accounts.has(event.account) &&
          listings.has(event.listing)
          ? "legal"
          : "illegal"
      case "DeliveryStarted": {
        const booking = bookings.get(event.booking)
        const isDue = booking?.phase === "held" && booking.isGranted && now < booking.endAt
        return isDue ? "legal" : "illegal"
      }
      case "DeliveryProbed":
        return bookings.get(event.booking)?.phase === "active" ? "legal" : "illegal"
      case "DisputeRuled":
        return bookings.get(event.booking)?.phase === "disputed" ? "legal" : "illegal"
      case "BookingCancelled":
      case "BookingEnded":
      case "BookingConfirmed":
      case "BookingDisputed":
      case "DisputeAnswered":
        return judgeDeed(event)
      default:
        return "either"
    }
  }

  const judgeDeed = (event: {
    readonly _tag: string
    readonly booking: number
    readonly by: number
  }): "legal" | "illegal" | "either" => {
    const booking = bookings.get(event.booking)
    if (booking === undefined || !accounts.has(event.by)) return "illegal"
    const side = sideOf(booking, event.by)
    if (side === undefined) return "illegal"
    const { phase } = booking
    switch (event._tag) {
      case "BookingCancelled":
        return phase === "held" ? "legal" : "illegal"
      case "BookingEnded":
        return phase === "active" ? "legal" : "illegal"
      case "BookingConfirmed":
        return side === "consumer" &&
          (phase === "active" || phase === "delivered") &&
          booking.unpaid.length > 0
          ? "legal"
          : "illegal"
      case "BookingDisputed":
        // Not where there is nothing to dispute, or nothing to deposit.
        return phase === "active" || phase === "delivered" ? "either" : "illegal"
      default: {
        const isOther = booking.consumer === booking.provider || side !== booking.disputedBy
        return phase === "disputed" && !booking.isAnswered && isOther ? "either" : "illegal"
      }
    }
  }

  /** What is sold of a listing at a time. */
  const soldAt = (listing: number, time: number) => {
    let jobs = 0
    let memoryMib = 0
    for (const one of bookings.values()) {
      const isThere = one.listing === listing && one.startAt <= time
      if (!isThere || time >= Math.min(one.endAt, one.endedAt)) continue
      jobs += one.jobs
      memoryMib += one.memoryMib
    }
    return { jobs, memoryMib }
  }

  const isDown = (booking: NaiveBooking): boolean =>
    !held(listings, booking.listing).isOnline || (evidence === "probes" && booking.isProbeFailed)

  /** Something has changed: an interval of not being delivered begins or ends. */
  const noteDelivery = (booking: NaiveBooking): void => {
    if (booking.phase !== "active") return
    const last = booking.downs.at(-1)
    const wasDown = last !== undefined && last.until === Infinity
    if (isDown(booking) === wasDown) return
    if (wasDown) last.until = now
    else booking.downs.push({ from: now, until: Infinity })
  }

  const downWithin = ({ downs }: NaiveBooking, from: number, until: number): number =>
    downs.reduce(
      (sum, down) => sum + Math.max(0, Math.min(until, down.until) - Math.max(from, down.from)),
      0,
    )

  /** The periods that have ended by `until`; the last one is cut there. */
  const endPeriods = (
    booking: NaiveBooking,
    until: number,
    isComplete: boolean,
    isLast: boolean,
  ) => {
    while (booking.periodFrom + periodMicros <= until && booking.periodFrom < booking.endAt) {
      const end = Math.min(booking.endAt, booking.periodFrom + periodMicros)
      booking.unpaid.push({
        from: booking.periodFrom,
        until: end,
        isComplete: true,
        confirmBy: confirmBy(),
      })
      booking.periodFrom = end
    }
    if (isLast && booking.periodFrom < until) {
      booking.unpaid.push({ from: booking.periodFrom, until, isComplete, confirmBy: confirmBy() })
      booking.periodFrom = until
    }
  }

  const stop = (booking: NaiveBooking, reason: string): void => {
    const until = Math.min(now, booking.endAt)
    const isOver = until === booking.endAt && reason === "Ended"
    if (booking.phase === "active")
      endPeriods(booking, until, isOver || reason === "Disputed" || endedBy === "consumer", true)
    const last = booking.downs.at(-1)
    if (last?.until === Infinity) last.until = now
    booking.endedAt = until
  }
  /** Is it confirmed by the event that is being taken, or released by the market at once? */
  let isConfirming = false
  /** Who ends a booking by the event that is being taken. */
  let endedBy: "consumer" | "provider" | undefined

  /** What a release may say, by what was delivered. */
  const checkRelease = (
    booking: NaiveBooking,
    command: Extract<Command, { readonly _tag: "Release" }>,
  ): void => {
    const { drawn, fee, share, refund } = command
    ensure(drawn === fee + share, "what is drawn is fee and share", () => command)
    ensure(drawn >= 0 && refund >= 0, "34: nothing is drawn or refunded below 0", () => command)
    booking.drawn += BigInt(drawn)
    booking.fees += BigInt(fee)
    ensure(
      booking.fees === (booking.drawn * BigInt(economy.feeBps)) / 10_000n,
      "32: fees of parts add up to the fee of the whole",
      () => booking,
    )
    ensure(command.period === booking.releases, "periods are paid in order", () => command)
    booking.releases++
    if (booking.phase === "held" || booking.phase === "disputed") return
    const period = booking.unpaid.shift()
    ensure(period !== undefined, "a period is paid for once it is over", () => command)
    ensure(isConfirming || period.confirmBy <= now, "a period waits for its consumer", () => period)
    const length = period.until - period.from
    const down = Math.min(length, downWithin(booking, period.from, period.until))
    const price = drawn + refund
    const expected =
      payFor === "delivered"
        ? price - Number((BigInt(price) * BigInt(down) + BigInt(length) - 1n) / BigInt(length))
        : period.isComplete
          ? price
          : 0
    ensure(drawn === expected, "45: what is paid is what was delivered, or all or none", () => ({
      command,
      period,
      down,
      expected,
    }))
  }

  const checkClose = (
    booking: NaiveBooking,
    command: Extract<Command, { readonly _tag: "Close" }>,
  ): void => {
    const { drawn, penalty, price, refund } = command
    ensure(price === booking.price, "35: the price is that of the order", () => command)
    ensure(drawn + refund === price, "28: drawn and refunded are the price", () => command)
    ensure(BigInt(drawn) === booking.drawn, "28: what was released is what is drawn", () => command)
    ensure(penalty <= booking.bond, "34: a penalty is no more than the bond", () => command)
    ensure(!closed.has(booking.id), "28: a booking closes once", () => command)
    closed.set(booking.id, now)
    bookings.delete(booking.id)
  }

  const note = (command: Command): void => {
    switch (command._tag) {
      case "Grant": {
        const booking = held(bookings, command.booking)
        ensure(!booking.isGranted && now >= booking.startAt, "access is due once", () => command)
        booking.isGranted = true
        booking.grantedAt = now
        booking.downs.push({ from: now, until: Infinity })
        return
      }
      case "Revoke":
        return stop(held(bookings, command.booking), command.reason)
      case "AskConfirmation":
        held(bookings, command.booking).phase = "delivered"
        return
      case "AskRuling":
        held(bookings, command.booking).isAnswered = true
        return
      case "Release":
        return checkRelease(held(bookings, command.booking), command)
      case "Close":
        return checkClose(held(bookings, command.booking), command)
      default:
        return
    }
  }

  /** Before a release of a running booking its periods are over. */
  const passPeriods = (): void => {
    for (const booking of bookings.values())
      if (booking.phase === "active") endPeriods(booking, Math.min(now, booking.endAt), true, false)
  }

  const take = (event: MarketEvent, commands: ReadonlyArray<Command>): void => {
    const before = now
    if (event._tag === "GatewayResumed") excuse(before, event.at)
    now = event.at
    passPeriods()
    endedBy = undefined
    isConfirming = event._tag === "BookingConfirmed"
    switch (event._tag) {
      case "AccountOpened":
        accounts.add(event.account)
        break
      case "ListingSet": {
        const known = listings.get(event.listing)
        const { maxJobs: jobs, memoryMib } = event
        if (known === undefined)
          listings.set(event.listing, {
            id: event.listing,
            account: event.listing,
            jobs,
            memoryMib,
            phase: "draft",
            isOnline: true,
          })
        else Object.assign(known, { jobs, memoryMib })
        break
      }
      case "ListingPhaseSet":
        held(listings, event.listing).phase = phases[event.phase]
        break
      case "NodeLost":
      case "NodeReturned": {
        const listing = listings.get(event.node)
        if (listing === undefined) break
        listing.isOnline = event._tag === "NodeReturned"
        for (const one of bookings.values()) if (one.listing === event.node) noteDelivery(one)
        break
      }
      case "NodeRemoved":
        listings.delete(event.node)
        break
      case "BookingRequested":
        lastBooking = event.booking
        takeOrder(event, commands)
        break
      case "DeliveryStarted": {
        const booking = held(bookings, event.booking)
        const late = booking.downs.at(-1)
        // Late from when access was asked for, but as if from the start where that was late itself.
        if (late?.until === Infinity) late.until = now
        shiftToStart(booking)
        booking.phase = "active"
        booking.periodFrom = booking.startAt
        noteDelivery(booking)
        passPeriods()
        break
      }
      case "DeliveryProbed": {
        const booking = held(bookings, event.booking)
        booking.isProbeFailed = !event.isUp
        noteDelivery(booking)
        break
      }
      case "BookingEnded":
        endedBy = sideOf(held(bookings, event.booking), event.by)
        break
      case "BookingDisputed": {
        const booking = held(bookings, event.booking)
        if (booking.phase === "active") stop(booking, "Disputed")
        booking.phase = "disputed"
        booking.disputedBy = sideOf(booking, event.by)
        break
      }
      case "DisputeAnswered":
        held(bookings, event.booking).isAnswered = true
        break
      default:
    }
    for (const command of commands) note(command)
    for (const booking of bookings.values()) {
      if (booking.phase === "active" && booking.endedAt !== Infinity) booking.phase = "delivered"
      if (booking.phase === "disputed") continue
      const [oldest] = booking.unpaid
      ensure(
        oldest === undefined || oldest.confirmBy >= now,
        "a period is paid for when its time to be disputed is over",
        () => booking,
      )
    }
  }

  /**
   * What was asked for late, while the gateway was away, counts from the start for as long as it took: the kernel
   * knows how long, not when.
   */
  const shiftToStart = (booking: NaiveBooking): void => {
    const late = booking.downs.reduce((sum, { from, until }) => sum + until - from, 0)
    booking.downs = late === 0 ? [] : [{ from: booking.startAt, until: booking.startAt + late }]
  }

  /** Nobody was seen to deliver or not to while the gateway was away. */
  const excuse = (from: number, until: number): void => {
    for (const booking of bookings.values()) {
      for (const period of booking.unpaid) period.confirmBy += until - from
      const last = booking.downs.at(-1)
      if (last === undefined || last.until !== Infinity) continue
      last.until = from
      booking.downs.push({ from: until, until: Infinity })
    }
  }

  const takeOrder = (
    event: Extract<MarketEvent, { readonly _tag: "BookingRequested" }>,
    commands: ReadonlyArray<Command>,
  ): void => {
    const [answer] = commands.filter(({ _tag }) => _tag === "Book" || _tag === "Decline")
    ensure(answer !== undefined, "an order is sold or declined", () => commands)
    const listing = held(listings, event.listing)
    const backBy = listing.isOnline ? now : now + economy.escrow.startGraceMinutes * 60_000_000
    if (answer._tag === "Decline" && answer.reason === "Offline")
      ensure((event.latestStart ?? event.startAt) < backBy, "a machine is away for it", () => event)
    if (answer._tag !== "Book") return
    ensure(answer.startAt >= backBy, "no hours begin now where the machine is away", () => answer)
    ensure(listing.phase === "open", "hours are sold of open listings", () => event)
    const { startAt, endAt, price, bond } = answer
    ensure(
      startAt >= event.startAt && startAt <= (event.latestStart ?? event.startAt),
      "hours start when they were asked for",
      () => answer,
    )
    ensure(endAt - startAt === event.endAt - event.startAt, "and for as long", () => answer)
    ensure(price <= (event.maxPrice ?? Infinity), "35: and at no higher a price", () => answer)
    bookings.set(event.booking, {
      id: event.booking,
      consumer: event.account,
      provider: listing.account,
      listing: event.listing,
      startAt,
      endAt,
      jobs: event.jobs,
      memoryMib: event.memoryMib,
      price,
      bond,
      phase: "held",
      isGranted: false,
      grantedAt: Infinity,
      downs: [],
      isProbeFailed: false,
      periodFrom: startAt,
      endedAt: Infinity,
      unpaid: [],
      drawn: 0n,
      refunded: 0n,
      fees: 0n,
      releases: 0,
      disputedBy: undefined,
      isAnswered: false,
    })
    // At each beginning within it: it is most there.
    for (const { startAt: time, listing: of } of bookings.values()) {
      if (of !== event.listing || time < startAt || time >= endAt) continue
      const sold = soldAt(event.listing, time)
      ensure(
        sold.jobs <= listing.jobs && sold.memoryMib <= listing.memoryMib,
        "27: no more is sold than there is",
        () => ({ event, sold, listing }),
      )
    }
  }

  return { bookings, listings, closed, judge, take, accounts, lastId: () => lastBooking }
}
export type NaiveHours = ReturnType<typeof makeNaiveHours>
