/**
 * A naive market of hours: bookings as records, calendars as lists of what is sold, and what is delivered as
 * lists of intervals. It says which events are legal, and what each command about a booking may say; it
 * shares no code with the kernel but the price of hours, which has an oracle of its own.
 */
import type { Command } from "../../../engine/protocol/command.ts"
import type { Economy } from "../../../engine/economy/schema.ts"
import type { MarketEvent } from "../../../engine/protocol/event.ts"
import { ensure, held } from "../ensure.ts"
import type { Interval } from "./naive-sla.ts"
import { naiveAvailability, naiveRefund } from "./naive-sla.ts"

export type NaivePhase = "held" | "active" | "delivered" | "disputed"

interface NaivePeriod {
  readonly from: number
  readonly until: number
  readonly isComplete: boolean
  /** Of no length: what leaving a contract costs beside its periods, if anything. */
  readonly isExtra?: boolean
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
  /** The same as it was, for what was promised: the gateway's own absence is asked of apart. */
  readonly missed: Array<{ readonly from: number; until: number }>
  readonly kind: "hours" | "contract" | "reservation"
  readonly promise: NaivePromise | undefined
  /** That was known at the order. */
  readonly maintenance: ReadonlyArray<Interval>
  /** Paid out of the bond for what was promised. */
  fromBond: number
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

interface NaivePromise {
  readonly availabilityBps: number
  readonly penaltyBps: number
}

export interface NaiveOffer {
  readonly id: number
  readonly listing: number
  readonly client: number
  readonly provider: number
  /** What is kept: from the first it may start at, to the last it may end at. */
  readonly from: number
  readonly until: number
  readonly startAt: number | undefined
  readonly micros: number
  readonly jobs: number
  readonly memoryMib: number
  readonly ratePerHour: number | undefined
  readonly fee: number | undefined
  readonly promise: NaivePromise | undefined
  readonly deadline: number
}

interface NaiveListing {
  readonly id: number
  readonly account: number
  jobs: number
  memoryMib: number
  phase: "draft" | "open" | "paused" | "closed"
  isOnline: boolean
  promise: NaivePromise | undefined
  maintenance: ReadonlyArray<Interval>
}

const phases = { open: "open", paused: "paused", closed: "closed" } as const

export const makeNaiveHours = (economy: Economy) => {
  const bookings = new Map<number, NaiveBooking>()
  const listings = new Map<number, NaiveListing>()
  const closed = new Map<number, number>()
  const accounts = new Set<number>()
  const offers = new Map<number, NaiveOffer>()
  const aways: Array<Interval> = []
  let lastContract = -1
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
      case "SlaSet":
        return listings.has(event.listing) ? "legal" : "illegal"
      case "ContractOffered":
        return isOffer(event) ? "legal" : "illegal"
      case "ContractAccepted": {
        const isClient = offers.get(event.contract)?.client === event.by
        if (!isClient || event.booking <= lastBooking) return "illegal"
        // Parties are not known here.
        return economy.contracts.toLinked ? "legal" : "either"
      }
      case "ContractClosed": {
        const offer = offers.get(event.contract)
        const isParty = event.by === offer?.client || event.by === offer?.provider
        return offer !== undefined && isParty ? "legal" : "illegal"
      }
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

  const isOffer = (event: Extract<MarketEvent, { readonly _tag: "ContractOffered" }>): boolean => {
    const listing = listings.get(event.listing)
    const before = event.extends === undefined ? undefined : bookings.get(event.extends)
    const goesOn =
      before?.listing === event.listing &&
      before.consumer === event.client &&
      before.kind === (event.fee === undefined ? "contract" : "reservation") &&
      before.jobs === event.jobs &&
      before.memoryMib === event.memoryMib
    return (
      event.contract > lastContract &&
      listing?.account === event.by &&
      accounts.has(event.client) &&
      (event.extends === undefined || goesOn)
    )
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
    for (const one of offers.values()) {
      if (one.listing !== listing || time < one.from || time >= one.until) continue
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
    if (wasDown) endMissed(booking, now)
    else booking.missed.push({ from: now, until: Infinity })
  }

  const endMissed = ({ missed }: NaiveBooking, at: number): void => {
    const last = missed.at(-1)
    if (last?.until === Infinity) last.until = Math.max(last.from, at)
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
    const isEven = booking.periodFrom === until
    if (booking.phase === "active")
      endPeriods(booking, until, isOver || reason === "Disputed" || endedBy === "consumer", true)
    // Who leaves a contract at the very end of a period may owe something for those before.
    const isLeft = endedBy === "consumer" && booking.kind === "contract"
    if (isLeft && isEven && booking.phase === "active")
      booking.unpaid.push({
        from: until,
        until,
        isComplete: true,
        isExtra: true,
        confirmBy: confirmBy(),
      })
    const last = booking.downs.at(-1)
    if (last?.until === Infinity) last.until = now
    endMissed(booking, now)
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
    if (period.isExtra === true) return
    const length = period.until - period.from
    const down = Math.min(length, downWithin(booking, period.from, period.until))
    const price = drawn + refund
    const expected =
      payFor === "delivered"
        ? price - Number((BigInt(price) * BigInt(down) + BigInt(length) - 1n) / BigInt(length))
        : period.isComplete
          ? price
          : 0
    const refund34 = refundOf(booking, period, price)
    const kept = Math.max(0, expected - refund34)
    if (period.isComplete) {
      booking.fromBond += Math.min(booking.bond - booking.fromBond, refund34 - (expected - kept))
      ensure(drawn === kept, "45, 49: what is paid is what was delivered as promised", () => ({
        command,
        period,
        down,
        expected,
        refund34,
      }))
    } else if (booking.promise !== undefined) {
      // A period that its host has ended was promised to its end, at a price that is not known here.
      booking.fromBond = Number.NaN
      ensure(drawn <= kept, "45: no more is paid than was delivered", () => command)
    } else
      ensure(drawn === expected, "45: what is paid is what was delivered, or all or none", () => ({
        command,
        period,
        down,
        expected,
      }))
  }

  const refundOf = (booking: NaiveBooking, period: NaivePeriod, price: number): number => {
    if (booking.promise === undefined) return 0
    const { missed, maintenance } = booking
    const share = economy.sla.excusedShare
    const seen = naiveAvailability(share, period, missed, aways, maintenance)
    ensure(seen.up <= seen.expected, "50: up is a part of expected", () => seen)
    if (missed.length === 0)
      ensure(seen.up === seen.expected, "50: who is never down is up all the time", () => seen)
    return naiveRefund(economy, booking.promise, seen, price)
  }

  /** Of the period that runs. */
  const availabilityOf = ({ endAt, maintenance, missed, periodFrom }: NaiveBooking) => {
    const until = Math.min(now, endAt, periodFrom + periodMicros)
    const share = economy.sla.excusedShare
    return naiveAvailability(share, { from: periodFrom, until }, missed, aways, maintenance)
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
    if (command.outcome === "released" && !Number.isNaN(booking.fromBond))
      ensure(penalty === booking.fromBond, "34: the bond pays what escrow did not", () => ({
        command,
        booking,
      }))
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
        booking.missed.push({ from: now, until: Infinity })
        return
      }
      case "CloseOffer": {
        const offer = held(offers, command.contract)
        ensure(
          (command.outcome === "expired") === offer.deadline <= now,
          "an offer runs out when its time is over",
          () => ({ command, offer, now }),
        )
        offers.delete(command.contract)
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
            promise: undefined,
            maintenance: [],
          })
        else Object.assign(known, { jobs, memoryMib })
        break
      }
      case "SlaSet":
        held(listings, event.listing).promise = event
        break
      case "ScheduleSet": {
        const { maintenanceFrom: from = [], maintenanceUntil: until = [] } = event
        held(listings, event.listing).maintenance = from.map((one, index) => ({
          from: one,
          until: until[index] ?? one,
        }))
        break
      }
      case "ContractOffered":
        lastContract = event.contract
        takeOffer(event, commands)
        break
      case "ContractAccepted":
        lastBooking = event.booking
        takeContract(event, commands)
        break
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
        // What a period that is over already did not get is not counted in the next one.
        endMissed(booking, Math.min(now, booking.endAt, booking.startAt + periodMicros))
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
        booking.disputedBy = sideOf(booking, event.by)
        endedBy = booking.disputedBy
        if (booking.phase === "active") stop(booking, "Disputed")
        booking.phase = "disputed"
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
    aways.push({ from, until })
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
    open({
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
      kind: "hours",
      promise: listing.promise,
    })
  }

  type Sold = Pick<
    NaiveBooking,
    | "id"
    | "consumer"
    | "provider"
    | "listing"
    | "startAt"
    | "endAt"
    | "jobs"
    | "memoryMib"
    | "price"
    | "bond"
    | "kind"
    | "promise"
  >

  const open = (sold: Sold): void => {
    bookings.set(sold.id, {
      ...sold,
      missed: [],
      maintenance: held(listings, sold.listing).maintenance,
      fromBond: 0,
      phase: "held",
      isGranted: false,
      grantedAt: Infinity,
      downs: [],
      isProbeFailed: false,
      periodFrom: sold.startAt,
      endedAt: Infinity,
      unpaid: [],
      drawn: 0n,
      refunded: 0n,
      fees: 0n,
      releases: 0,
      disputedBy: undefined,
      isAnswered: false,
    })
    checkRoom(sold.listing, sold.startAt, sold.endAt)
  }

  /** At each beginning within it: it is most there. */
  const checkRoom = (id: number, from: number, until: number): void => {
    const listing = held(listings, id)
    const times = [
      ...[...bookings.values()].map(({ startAt, listing: of }) => [startAt, of] as const),
      ...[...offers.values()].map(({ from: at, listing: of }) => [at, of] as const),
    ]
    for (const [time, of] of times) {
      if (of !== id || time < from || time >= until) continue
      const sold = soldAt(id, time)
      ensure(
        sold.jobs <= listing.jobs && sold.memoryMib <= listing.memoryMib,
        "27: no more is sold than there is",
        () => ({ sold, listing }),
      )
    }
  }

  const takeOffer = (
    event: Extract<MarketEvent, { readonly _tag: "ContractOffered" }>,
    commands: ReadonlyArray<Command>,
  ): void => {
    const [answer] = commands.filter(({ _tag }) => _tag === "Offer" || _tag === "DeclineOffer")
    ensure(answer !== undefined, "an offer stands or is declined", () => commands)
    if (answer._tag !== "Offer") return
    const { contract: id, client, fee, jobs, listing, memoryMib, micros, ratePerHour } = event
    const { startAt = bookings.get(event.extends ?? -1)?.endAt } = event
    const last = now + economy.contracts.offerHours * 3_600_000_000
    const deadline = startAt === undefined ? last : Math.min(last, startAt)
    ensure(answer.untilMicros === deadline, "an offer stands as long as it should", () => answer)
    const from = startAt ?? now
    const until = (startAt ?? last) + micros
    const seller = held(listings, listing)
    const { availabilityBps } = event
    const penaltyBps = seller.promise?.penaltyBps ?? Math.round(economy.sla.penalty * 10_000)
    const promise = event.hasPenalties ? { availabilityBps, penaltyBps } : undefined
    offers.set(id, {
      id,
      listing,
      client,
      provider: seller.account,
      from,
      until,
      startAt,
      micros,
      jobs,
      memoryMib,
      ratePerHour,
      fee,
      promise,
      deadline,
    })
    checkRoom(listing, from, until)
  }

  const takeContract = (
    event: Extract<MarketEvent, { readonly _tag: "ContractAccepted" }>,
    commands: ReadonlyArray<Command>,
  ): void => {
    const [answer] = commands.filter(({ _tag }) => _tag === "Book" || _tag === "Decline")
    ensure(answer !== undefined, "a contract is a booking, or declined", () => commands)
    if (answer._tag !== "Book") return
    const { client, fee, jobs, listing, memoryMib, provider, ...offer } = held(
      offers,
      event.contract,
    )
    const { startAt, endAt, price, bond } = answer
    ensure(startAt === (offer.startAt ?? now), "a contract starts as offered", () => answer)
    ensure(endAt - startAt === offer.micros, "and for as long", () => answer)
    const perHour = BigInt(offer.ratePerHour ?? 0) * BigInt(Math.max(1, jobs))
    const whole = (perHour * BigInt(offer.micros) + 3_599_999_999n) / 3_600_000_000n
    ensure(BigInt(price) === BigInt(fee ?? whole), "35: at the price of the offer", () => answer)
    const kind = fee === undefined ? "contract" : "reservation"
    const rest = held(listings, listing).promise
    const promise =
      offer.promise === undefined
        ? undefined
        : { ...offer.promise, penaltyBps: rest?.penaltyBps ?? offer.promise.penaltyBps }
    // What was kept for it is its own now.
    const { contract } = event
    const kept = held(offers, contract)
    offers.set(contract, { ...kept, from: 0, until: 0 })
    open({
      id: event.booking,
      consumer: client,
      provider,
      listing,
      startAt,
      endAt,
      jobs,
      memoryMib,
      price,
      bond,
      kind,
      promise,
    })
  }

  return {
    offers,
    availabilityOf,
    lastContract: () => lastContract,
    bookings,
    listings,
    closed,
    judge,
    take,
    accounts,
    lastId: () => lastBooking,
  }
}
export type NaiveHours = ReturnType<typeof makeNaiveHours>
