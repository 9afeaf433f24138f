/**
 * Random lives of a market of hours: deeds that mostly are legal and sometimes are not, by parties, strangers and
 * nobody, with nodes that go and gateways that stop, each event against the naive market and the audit.
 */
import fc from "fast-check"
import { bookingView, quoteHours, slaView } from "../../../engine/index.ts"
import type { EconomyPatch } from "../../../engine/economy/derive.ts"
import type { Economy } from "../../../engine/economy/schema.ts"
import { auditMarket } from "../../../engine/market/invariants.ts"
import { createMarket, step } from "../../../engine/market/market.ts"
import { stateDigest } from "../../../engine/market/snapshot.ts"
import type { Market } from "../../../engine/market/state/market-state.ts"
import { open } from "../../../engine/market/state/market-state.ts"
import { nextWake } from "../../../engine/market/timers.ts"
import type { Command } from "../../../engine/protocol/command.ts"
import type { MarketEvent } from "../../../engine/protocol/event.ts"
import { priceStrategies } from "../../../engine/protocol/event.ts"
import {
  closedHoles,
  credit,
  dailyPeaks,
  day,
  hour,
  literal,
  minute,
  region,
  usualTerms,
} from "../../support/hours.ts"
import { ensure } from "../ensure.ts"
import type { NaiveHours } from "./naive-bookings.ts"
import { makeNaiveHours } from "./naive-bookings.ts"

const kinds = {
  order: 10,
  orderNow: 8,
  start: 12,
  probe: 4,
  cancel: 3,
  end: 4,
  confirm: 6,
  dispute: 5,
  answer: 4,
  rule: 3,
  lose: 4,
  comeBack: 5,
  relist: 3,
  setPhase: 2,
  schedule: 2,
  unschedule: 1,
  link: 1,
  offer: 7,
  accept: 8,
  closeOffer: 2,
  promise: 4,
  remove: 1,
  wait: 14,
  waitForTimer: 14,
  resume: 3,
  repeat: 2,
} as const
type Kind = keyof typeof kinds

export interface HoursDeed {
  readonly kind: Kind
  readonly a: number
  readonly b: number
  readonly c: number
}

const number = fc.nat(999_999)
export const anyHoursLife: fc.Arbitrary<ReadonlyArray<HoursDeed>> = fc.array(
  fc.record({
    kind: fc.oneof(
      ...Object.entries(kinds).map(([kind, weight]) => ({
        weight,
        arbitrary: fc.constant(kind as Kind),
      })),
    ),
    a: number,
    b: number,
    c: number,
  }),
  { maxLength: 90, size: "max" },
)

/** Economies of hours, each knob turned at will. */
export const anyHoursEconomy: fc.Arbitrary<Economy> = fc
  .record({
    base: fc.constantFrom(literal, closedHoles),
    feeBps: fc.constantFrom(0, 1200, 3333),
    hours: fc.record({
      peak: fc.constantFrom("demand", "clock", "either"),
      surcharge: fc.constantFrom("whole", "firstHour"),
      bulk: fc.constantFrom("cliff", "incremental"),
      bulkAfterHours: fc.constantFrom(0, 2, 10),
    }),
    strategies: fc.record({
      adjustMinutes: fc.constantFrom(15, 60),
      dynamic: fc.constantFrom("line", "step"),
    }),
    escrow: fc.record({
      confirm: fc.constantFrom("coordinator", "consumer"),
      confirmHours: fc.constantFrom(1, 24, 60),
      periodHours: fc.constantFrom(0, 3, 24),
      payFor: fc.constantFrom("completed", "delivered"),
      evidence: fc.constantFrom("heartbeats", "probes"),
      bondHours: fc.constantFrom(0, 1, 24),
      cancelFeeHours: fc.constantFrom(0, 1),
      startGraceMinutes: fc.constantFrom(1, 15),
      lostGraceMinutes: fc.constantFrom(1, 15, 120),
      lostShare: fc.constantFrom(0, 0.05, 1),
    }),
    disputes: fc.record({
      answerHours: fc.constantFrom(2, 48),
      rulingHours: fc.constantFrom(5, 168),
      depositShare: fc.constantFrom(0, 0.1, 1),
    }),
    sla: fc.record({
      form: fc.constantFrom("cliff", "tiers", "linear"),
      excusedShare: fc.constantFrom(0, 0.05, 1),
      penalty: fc.constantFrom(0.5, 1),
    }),
    contracts: fc.record({
      offerHours: fc.constantFrom(1, 30, 72),
      mostOffers: fc.constantFrom(0, 1, 3),
      toLinked: fc.boolean(),
    }),
    reservation: fc.record({
      pays: fc.constantFrom("atOnce", "byHour"),
      maxRegionShare: fc.constantFrom(0.2, 1),
    }),
    promotion: fc.record({
      grantCredits: fc.constantFrom(0, 2),
      giftsPay: fc.constantFrom("earnings", "gifts"),
    }),
  })
  .map(({ base, ...patch }) => base(patch as EconomyPatch))

const consumers = [1, 2] as const
/** Nodes, listings and the accounts that sell them have the same numbers. */
const sellers = [11, 12, 13] as const
const everybody = [...consumers, ...sellers]

export interface HoursLife {
  readonly market: Market
  readonly naive: NaiveHours
  readonly sent: ReadonlyArray<MarketEvent>
  readonly play: (deed: HoursDeed) => void
  readonly passTo: (at: number) => void
  readonly send: (event: MarketEvent) => ReadonlyArray<Command>
}

const auditEvery = process.env["EVENKEEL_LONG"] === "1" ? 1 : 8

export const beginHoursLife = (economy: Economy, seed = "hours"): HoursLife => {
  const market = open(createMarket(economy, seed))
  const naive = makeNaiveHours(economy)
  const sent: Array<MarketEvent> = []

  const send = (event: MarketEvent): ReadonlyArray<Command> => {
    const verdict = naive.judge(event)
    const isJudged = verdict !== "either" && event.at === market.now
    const before = isJudged && verdict === "illegal" ? stateDigest(market) : ""
    const quoted = quoteOf(market, event)
    const commands: Array<Command> = []
    step(market, event, commands)
    sent.push(event)
    const rejected = commands.find(({ _tag }) => _tag === "Rejected")
    if (isJudged)
      ensure((rejected === undefined) === (verdict === "legal"), "30: legal, or rejected", () => ({
        event,
        rejected,
        verdict,
      }))
    if (rejected !== undefined) {
      ensure(commands.length === 1, "30: a rejection and nothing else", () => commands)
      if (before !== "")
        ensure(stateDigest(market) === before, "30: what is rejected changes nothing", () => event)
      return commands
    }
    const [book] = commands.filter((one) => one._tag === "Book")
    if (quoted !== undefined)
      ensure(book === undefined || book.price === quoted, "35: sold at what was quoted", () => book)
    naive.take(event, commands)
    if (sent.length % auditEvery === 0) auditMarket(market)
    return commands
  }

  const passTo = (at: number): void => {
    for (let due = nextWake(market); due <= at; due = nextWake(market))
      send({ _tag: "TimerFired", at: due })
    if (market.now < at) send({ _tag: "TimerFired", at })
  }

  const play = (deed: HoursDeed): void => {
    const { kind, a, b } = deed
    if (kind === "wait")
      return passTo(market.now + Math.floor(((a % 997) / 997) * (b % 4 === 0 ? 30 : 4) * hour))
    if (kind === "waitForTimer") return passTo(nextOfBookings(market) ?? market.now + minute)
    if (kind === "resume") {
      send({ _tag: "GatewayResumed", at: market.now + Math.floor(((a % 997) / 997) * 20 * hour) })
      return
    }
    passTo(market.now)
    const event = eventOf(deed, market, naive, sent)
    if (event !== undefined) send(event)
  }

  for (const fact of opening) send({ ...fact, at: 0 } as MarketEvent)
  return { market, naive, sent, play, passTo, send }
}

const opening: ReadonlyArray<object> = [
  { _tag: "RegionSet", region, ...dailyPeaks(0, 200) },
  ...everybody.map((account) => ({ _tag: "AccountOpened", account })),
  { _tag: "CreditsBought", transfer: 1, account: 1, amount: 100 * credit },
  { _tag: "CreditsBought", transfer: 2, account: 2, amount: 3 * credit },
  { _tag: "CreditsBought", transfer: 3, account: 11, amount: 50 * credit },
  { _tag: "CreditsBought", transfer: 4, account: 12, amount: credit },
  ...sellers.flatMap((node) => [
    { _tag: "NodeRegistered", node, account: node },
    {
      _tag: "ListingSet",
      ...usualTerms,
      listing: node,
      strategy: priceStrategies[node % priceStrategies.length],
    },
    { _tag: "ListingPhaseSet", listing: node, phase: "open" },
    {
      _tag: "SlaSet",
      listing: node,
      availabilityBps: node === 11 ? 9000 : 10_000,
      completionBps: 9800,
      responseMicros: 30_000_000,
      penaltyBps: 10_000,
    },
  ]),
]

/** What an order would cost, said before it is made. */
const quoteOf = (market: Market, event: MarketEvent): number | undefined => {
  if (event._tag !== "BookingRequested" || event.at !== market.now) return undefined
  const quoted = quoteHours(market, event.listing, event)
  return typeof quoted === "object" ? quoted.price : undefined
}

/** When the next booking wants something. */
const nextOfBookings = (market: Market): number | undefined => {
  const times = market.wakes.slice(4).flatMap((queue) => {
    return queue.size === 0 ? [] : [queue.time[queue.heap[0]!]!]
  })
  return times.length === 0 ? undefined : Math.min(...times)
}

const pick = <A>(all: ReadonlyArray<A>, index: number): A | undefined =>
  all[index % Math.max(1, all.length)]

const eventOf = (
  { kind, a, b, c }: HoursDeed,
  market: Market,
  naive: NaiveHours,
  sent: ReadonlyArray<MarketEvent>,
): MarketEvent | undefined => {
  const at = market.now
  const all = [...naive.bookings.values()]
  /** Mostly one in the phase that the deed is about, sometimes any, or none that there is. */
  const bookingIn = (...wanted: ReadonlyArray<string>) => {
    const fitting = all.filter(
      (one) => wanted.includes(one.phase) && (kind !== "start" || one.isGranted),
    )
    return a % 7 === 0 ? pick(all, b) : (pick(fitting, b) ?? pick(all, b))
  }
  const about = (tag: string, booking: { readonly id: number } | undefined, more: object = {}) =>
    ({ _tag: tag, at, booking: booking?.id ?? b % 50, ...more }) as MarketEvent
  const by = (
    booking: { readonly consumer: number; readonly provider: number } | undefined,
    isConsumer: boolean,
  ) => ({
    by:
      c % 11 === 0
        ? (pick(everybody, c) ?? 1)
        : isConsumer
          ? (booking?.consumer ?? 1)
          : (booking?.provider ?? 11),
  })
  const node = pick(sellers, a) ?? 11
  switch (kind) {
    case "order":
    case "orderNow": {
      const ahead = kind === "orderNow" ? 0 : Math.floor(((b % 991) / 991) * 40 * hour)
      const startAt = at + ahead - (a % 37 === 0 ? hour : 0)
      const length = pick([20 * minute, hour, 5 * hour, 10 * hour, 26 * hour, 60 * hour], c) ?? hour
      const endAt = startAt + length + (c % 3)
      return {
        _tag: "BookingRequested",
        at,
        booking: naive.lastId() + (a % 29 === 0 ? 0 : 1 + (b % 2)),
        account: a % 13 === 0 ? node : (pick(consumers, b) ?? 1),
        listing: node,
        startAt,
        endAt,
        jobs: c % 5,
        memoryMib: c % 5 === 0 ? 8192 : (b % 4) * 6144,
        ...(a % 5 === 0 ? { latestStart: startAt + 12 * hour } : {}),
        ...(a % 6 === 0 ? { maxPrice: (b % 20) * 100_000 } : {}),
      }
    }
    case "start":
      return about("DeliveryStarted", bookingIn("held"))
    case "probe":
      return about("DeliveryProbed", bookingIn("active"), { isUp: c % 2 === 0 })
    case "cancel": {
      const booking = bookingIn("held")
      return about("BookingCancelled", booking, by(booking, c % 3 > 0))
    }
    case "end": {
      const booking = bookingIn("active")
      return about("BookingEnded", booking, by(booking, c % 3 > 0))
    }
    case "confirm": {
      const booking = bookingIn("delivered", "active")
      return about("BookingConfirmed", booking, by(booking, c % 9 > 0))
    }
    case "dispute": {
      const booking = bookingIn("delivered", "active")
      return about("BookingDisputed", booking, by(booking, c % 3 > 0))
    }
    case "answer": {
      const booking = bookingIn("disputed")
      return about("DisputeAnswered", booking, by(booking, booking?.disputedBy === "provider"))
    }
    case "rule":
      return about("DisputeRuled", bookingIn("disputed"), {
        consumerBps: pick([0, 1, 3333, 4999, 5000, 10_000], c),
      })
    case "lose":
      return { _tag: "NodeLost", at, node }
    case "comeBack": {
      const away = sellers.find((one) => naive.listings.get(one)?.isOnline === false)
      return { _tag: "NodeReturned", at, node: away ?? node }
    }
    case "relist":
      return {
        _tag: "ListingSet",
        at,
        ...usualTerms,
        listing: node,
        maxJobs: 1 + (b % 5),
        baseRate: pick([0, 1, 99_999, 0.1 * credit, 3 * credit], c) ?? 1,
        strategy: pick(priceStrategies, b) ?? "fixed",
      }
    case "setPhase":
      return {
        _tag: "ListingPhaseSet",
        at,
        listing: node,
        phase: pick(["open", "open", "paused", "closed"] as const, c) ?? "open",
      }
    case "schedule": {
      const from = at + (b % 3) * hour
      const opens = Array.from({ length: 30 }, (_, index) => from + index * day)
      const closes = opens.map((one) => one + (4 + (c % 20)) * hour - 1)
      return {
        _tag: "ScheduleSet",
        at,
        listing: node,
        opens,
        closes,
        until: from + 31 * day,
        ...(a % 2 === 0
          ? { maintenanceFrom: closes, maintenanceUntil: closes.map((one) => one + hour) }
          : {}),
      }
    }
    case "unschedule":
      return { _tag: "ScheduleCleared", at, listing: node }
    case "offer": {
      const before = a % 4 === 0 ? bookingIn("held", "active") : undefined
      const isReserved = before === undefined ? b % 3 === 0 : before.kind === "reservation"
      const { jobs, memoryMib } = before ?? {
        jobs: isReserved ? 0 : 1,
        memoryMib: (c % 3) * 4096 + 1,
      }
      const startAt = b % 2 === 0 && before === undefined ? at + 1 + (c % 40) * hour : undefined
      return {
        _tag: "ContractOffered",
        at,
        contract: naive.lastContract() + (a % 29 === 0 ? 0 : 1),
        listing: before?.listing ?? node,
        client: before?.consumer ?? pick(consumers, b) ?? 1,
        by: c % 17 === 0 ? 1 : (before?.listing ?? node),
        micros: (pick([hour, 5 * hour, 30 * hour, 100 * hour], c) ?? hour) + (c % 3),
        jobs,
        memoryMib,
        ...(isReserved
          ? { fee: pick([0, 50, 500_001], c) ?? 0 }
          : { ratePerHour: pick([0, 1, 80_000, 500_000], c) ?? 1 }),
        availabilityBps: pick([0, 9000, 9900, 10_000], a) ?? 0,
        hasPenalties: b % 4 > 0,
        ...(startAt === undefined ? {} : { startAt }),
        ...(before === undefined ? {} : { extends: before.id }),
      }
    }
    case "accept": {
      const offer = pick([...naive.offers.values()], a)
      const by = c % 11 === 0 ? (pick(everybody, c) ?? 1) : (offer?.client ?? 1)
      const booking = naive.lastId() + (b % 19 === 0 ? 0 : 1)
      return { _tag: "ContractAccepted", at, contract: offer?.id ?? b % 9, booking, by }
    }
    case "closeOffer": {
      const offer = pick([...naive.offers.values()], a)
      const by = pick([offer?.client ?? 1, offer?.provider ?? 11, pick(everybody, b) ?? 1], c) ?? 1
      return { _tag: "ContractClosed", at, contract: offer?.id ?? b % 9, by }
    }
    case "promise":
      return {
        _tag: "SlaSet",
        at,
        listing: node,
        availabilityBps: pick([0, 9000, 9900, 10_000], a) ?? 0,
        completionBps: 9800,
        responseMicros: 30_000_000,
        penaltyBps: pick([0, 5000, 10_000], b) ?? 0,
      }
    case "link":
      return {
        _tag: "AccountsLinked",
        at,
        account: pick(everybody, a) ?? 1,
        other: pick(everybody, b) ?? 2,
      }
    case "remove":
      return { _tag: "NodeRemoved", at, node }
    case "repeat": {
      const before = pick(sent, sent.length - 1 - (a % Math.min(30, sent.length)))
      return before === undefined ||
        before._tag === "TimerFired" ||
        before._tag === "GatewayResumed"
        ? undefined
        : ({ ...before, at } as MarketEvent)
    }
    default:
      return undefined
  }
}

/** What the kernel says of a booking is what the naive market knows. */
export const compareBookings = ({ market, naive }: HoursLife): void => {
  for (const booking of naive.bookings.values()) {
    const view = bookingView(market, booking.id)
    ensure(view?.phase === booking.phase, "a booking is in its phase", () => ({ view, booking }))
    const level = slaView(market, booking.id)
    ensure(
      (level === undefined) === (booking.promise === undefined),
      "a promise is kept",
      () => level,
    )
    // What falls due now has not had its turn yet.
    if (level !== undefined && booking.phase === "active" && nextWake(market) > market.now) {
      const { expected, up } = naive.availabilityOf(booking)
      ensure(
        BigInt(level.upMicros) === up && BigInt(level.expectedMicros) === expected,
        "49, 50: what is up and expected is what was seen",
        () => ({ level, up, expected, booking }),
      )
    }
    ensure(
      BigInt(view.drawn) === booking.drawn && view.isAnswered === booking.isAnswered,
      "a booking stands as it should",
      () => ({ view, booking }),
    )
  }
  ensure(market.bookings.slots.size === naive.bookings.size, "no booking is lost", () => 0)
  ensure(market.contracts.slots.size === naive.offers.size, "no offer is lost", () => 0)
}
