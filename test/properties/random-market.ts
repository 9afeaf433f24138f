/**
 * Random lives of a market. A life is a list of deeds: small records of numbers that say what is
 * tried, by whom and when. The player turns each into an event that refers to what there is at that
 * moment, so that most are legal, and some are hostile: unknown, repeated, stale, negative, no
 * numbers, huge, too late or too early. After every event and every timer, the kernel's audit of its
 * own state has to hold, and the naive market to agree with what the kernel did.
 */
import { Schema } from "effect"
import fc from "fast-check"
import type { Command } from "../../engine/protocol/command.ts"
import type { Economy } from "../../engine/economy/schema.ts"
import { MarketEvent, outcomes } from "../../engine/protocol/event.ts"
import { auditMarket } from "../../engine/market/invariants.ts"
import { createMarket, step } from "../../engine/market/market.ts"
import type { Market } from "../../engine/market/state/market-state.ts"
import { open } from "../../engine/market/state/market-state.ts"
import { nextWake } from "../../engine/market/timers.ts"
import { instanceView } from "../../engine/market/views/instance-view.ts"
import { compareMarkets } from "./compare-markets.ts"
import { ensure } from "./ensure.ts"
import type { NaiveAccount, NaiveMarket, NaiveRequest } from "./naive-market.ts"
import { makeNaiveMarket } from "./naive-market.ts"

const second = 1_000_000
const hour = 3600 * second

export interface Deed {
  readonly kind: Kind
  readonly a: number
  readonly b: number
  readonly c: number
  readonly gap: number
}

/** What is tried, and how often. */
const kinds = {
  arrive: 16,
  endWell: 14,
  endBadly: 10,
  endProbe: 12,
  /** Several calls at once: many arrive, many fail in a row, many are slow. */
  crowd: 3,
  stumble: 4,
  crawl: 3,
  openAccount: 2,
  buy: 3,
  fundPool: 1,
  requestWithdrawal: 2,
  postWithdrawal: 1,
  voidWithdrawal: 1,
  link: 1,
  confirmFraud: 1,
  listModel: 2,
  registerNode: 2,
  setPrice: 4,
  beat: 3,
  loseNode: 2,
  returnNode: 4,
  removeNode: 1,
  start: 4,
  switchModel: 2,
  measure: 4,
  setAvailability: 2,
  drain: 1,
  stop: 1,
  replaceCredential: 2,
  wait: 4,
  /** The gateway was away for a while. */
  resume: 1,
  corrupt: 5,
  repeat: 2,
} as const
export type Kind = keyof typeof kinds

const number = fc.nat(999_999)

/** A deed of some kinds, each as often as ever. */
const deedOf = (some: ReadonlyArray<Kind>): fc.Arbitrary<Deed> =>
  fc.record({
    kind: fc.oneof(...some.map((name) => ({ weight: kinds[name], arbitrary: fc.constant(name) }))),
    a: number,
    b: number,
    c: number,
    gap: number,
  })

const anyDeed = deedOf(Object.keys(kinds) as ReadonlyArray<Kind>)

/** A life of few kinds of deeds. */
export const lifeOf = (...some: ReadonlyArray<Kind>): fc.Arbitrary<ReadonlyArray<Deed>> =>
  fc.array(deedOf(some), { maxLength: 60, size: "max" })

/** The deeds of a whole life. */
export const anyLife: fc.Arbitrary<ReadonlyArray<Deed>> = fc.array(anyDeed, {
  maxLength: 160,
  size: "max",
})

/** Those of a short one, where each is lived several times over. */
export const anyShortLife: fc.Arbitrary<ReadonlyArray<Deed>> = fc.array(anyDeed, {
  maxLength: 50,
  size: "max",
})

/** The beginning of most lives: two models, two consumers with credit, three operators with nodes. */
const opening: ReadonlyArray<Fact> = [
  { _tag: "ModelListed", model: 1, inputPricePerMtok: 400_000, outputPricePerMtok: 3_000_000 },
  { _tag: "ModelListed", model: 2, inputPricePerMtok: 0, outputPricePerMtok: 7_000_000_000 },
  ...[1, 2, 3, 4, 5].map((account) => ({ _tag: "AccountOpened" as const, account })),
  { _tag: "CreditsBought", transfer: 1, account: 1, amount: 5_000_000_000 },
  { _tag: "CreditsBought", transfer: 2, account: 2, amount: 40_000_000 },
  { _tag: "PoolFunded", transfer: 3, amount: 600_000 },
  ...[1, 2, 3].flatMap((node) => [
    { _tag: "NodeRegistered" as const, node, account: 2 + node },
    {
      _tag: "InstanceStarted" as const,
      instance: node,
      node,
      model: 1,
      slots: 30 * node,
      tokensPerSecond: 3000,
      isPlatformAsked: false,
    },
    {
      _tag: "CapacityMeasured" as const,
      instance: node,
      measurement: 1,
      slots: 50,
      tokensPerSecond: 2500,
    },
  ]),
  {
    _tag: "InstanceStarted",
    instance: 4,
    node: 3,
    model: 2,
    slots: 40,
    tokensPerSecond: 90,
    isPlatformAsked: false,
  },
  { _tag: "CapacityMeasured", instance: 4, measurement: 1, slots: 40, tokensPerSecond: 90 },
]

type WithoutTime<E> = E extends unknown ? Omit<E, "at"> : never
type Fact = WithoutTime<MarketEvent>

/** One event as it was sent, with the commands that it gave. */
export interface Sent {
  readonly event: MarketEvent
  readonly commands: ReadonlyArray<Command>
}

export interface Life {
  readonly market: Market
  readonly naive: NaiveMarket
  readonly sent: ReadonlyArray<Sent>
  readonly play: (deed: Deed) => void
  /** Sends an event as it is, and compares. */
  readonly send: (event: MarketEvent) => ReadonlyArray<Command>
  /** Lets time pass to `at`, timer by timer; what is asked is answered at once, or not at all. */
  readonly passTo: (at: number, isAnswering?: boolean) => void
}

/** The audit walks all of the state: in the long mode after each event, else after one of so many. */
const auditEvery = process.env["EVENKEEL_LONG"] === "1" ? 1 : 16

const isEvent = Schema.is(MarketEvent)

/** Begins a life; unless it `isWatched`, the states are not audited and compared after each event. */
export const beginLife = (economy: Economy, seed: string, isWatched = true): Life => {
  const market = open(createMarket(economy, seed))
  const naive = makeNaiveMarket(economy)
  const sent: Array<Sent> = []
  const healthOf = (instance: number) => instanceView(market, instance)?.health ?? Number.NaN

  const send = (event: MarketEvent): ReadonlyArray<Command> => {
    const isLegal = naive.isLegal(event, nextWake(market))
    const commands: Array<Command> = []
    step(market, event, commands)
    // A journal is read by this schema: what it refuses could never be replayed.
    ensure(
      isEvent(event) || commands[0]?._tag === "Rejected",
      "26: what is taken is an event",
      () => event,
    )
    sent.push({ event, commands })
    const rejected = commands.find((one) => one._tag === "Rejected")
    ensure(
      (rejected === undefined) === isLegal,
      "26: legal events are taken, illegal ones rejected",
      () => ({
        event,
        rejected,
        isLegal,
      }),
    )
    if (isLegal) naive.take(event, commands, healthOf)
    else ensure(commands.length === 1, "26: a rejection and nothing else", () => commands)
    if (isWatched) {
      if (sent.length % auditEvery === 0) auditMarket(market)
      compareMarkets(market, naive)
    }
    return commands
  }

  const passTo = (at: number, isAnswering = false): void => {
    for (let due = nextWake(market); due <= at; due = nextWake(market))
      for (const command of send({ _tag: "TimerFired", at: due }))
        if (isAnswering && (command._tag === "Probe" || command._tag === "Measure"))
          send({ ...goodAnswer(command), at: due })
  }

  const play = (deed: Deed): void => {
    const at = timeOf(deed, market)
    if (deed.kind !== "resume") passTo(at, deed.kind === "wait" && isAnswered(deed.c))
    const times = isMany(deed.kind) ? 2 + (deed.b % 9) : 1
    for (let i = 0; i < times; i++) {
      const event = eventOf({ ...deed, b: deed.b + i }, at, naive, sent)
      if (event !== undefined) send(event)
      const started = naive.requests.get(naive.clock.lastRequest)
      if (event?._tag !== "RequestArrived" || started === undefined) continue
      if (deed.kind === "stumble") send({ ...failureOf(started, deed.c + i), at })
      if (deed.kind === "crawl") send({ ...slowEndOf(started), at })
    }
  }

  for (const fact of opening) send({ ...fact, at: 0 } as MarketEvent)
  return { market, naive, sent, play, send, passTo }
}

/** Are probes answered while this deed's time passes? */
const isAnswered = (c: number): boolean => c % 8 > 0

const isMany = (what: Kind): boolean => what === "crowd" || what === "stumble" || what === "crawl"

const ended = { _tag: "AttemptEnded", retryAfterMicros: 0 } as const

/** The node's own fault, mostly before the first token. */
const failureOf = (request: NaiveRequest, lot: number) => ({
  ...ended,
  request: request.id,
  attempt: request.attempt,
  outcome: pick(["upstreamError", "stalled", "malformed"] as const, lot) ?? "stalled",
  outputTokens: lot % 4 === 0 ? request.maxTokens : 0,
  reportedTokens: lot % 4 === 0 ? request.maxTokens : 0,
  decodeMicros: 0,
})

/** Everything was delivered, at half a token a second. */
const slowEndOf = (request: NaiveRequest) => ({
  ...ended,
  request: request.id,
  attempt: request.attempt,
  outcome: "completed" as const,
  outputTokens: request.maxTokens,
  reportedTokens: request.maxTokens,
  decodeMicros: request.maxTokens * 2 * second,
})

type Asked = Extract<Command, { readonly _tag: "Probe" | "Measure" }>

/** A probe that was answered well and fast, or a measurement of a good machine. */
export const goodAnswer = (asked: Asked) =>
  asked._tag === "Measure"
    ? ({
        _tag: "CapacityMeasured",
        instance: asked.instance,
        measurement: asked.measurement,
        slots: 4,
        tokensPerSecond: 1000,
      } as const)
    : ({
        _tag: "ProbeEnded",
        instance: asked.instance,
        probe: asked.probe,
        outcome: "completed",
        outputTokens: asked.tokens,
        decodeMicros: Math.ceil((asked.tokens * second) / 64),
        retryAfterMicros: 0,
      } as const)

const timeOf = ({ gap, c, kind: what }: Deed, market: Market): number => {
  const { now } = market
  const lot = gap % 100
  if (what === "wait") {
    // What nobody answers is asked again, twice a minute: hours of it are enough.
    const most = isAnswered(c) ? 80 : 2
    const hours = Math.min(most, lot < 40 ? 0.2 : lot < 70 ? 2 : lot < 90 ? 12 : 80)
    return now + Math.floor(((gap % 9973) / 9973) * hours * hour)
  }
  if (what === "resume") return now + Math.floor(((gap % 9973) / 9973) * 30 * hour)
  if (lot < 45) return now
  if (lot < 60) return now + Math.floor(gap / 10)
  if (lot < 80) return now + Math.floor(gap / 100) * 1000
  if (lot < 92) return now + Math.floor(gap / 100) * 10_000
  return lot < 98 ? nextWake(market) : now + 1
}

const pick = <A>(from: Iterable<A>, index: number): A | undefined => {
  const all = [...from]
  return all[index % Math.max(1, all.length)]
}

/** An id that there is, or now and then one that there is not. */
const idOf = (ids: Iterable<number>, index: number, most: number): number =>
  index % 16 === 15 ? Math.floor(index / 16) % most : (pick(ids, Math.floor(index / 16)) ?? 1)

const corruptions = [Number.NaN, -1, 0.5, Infinity, -Infinity, 2 ** 53, 2 ** 53 - 1, 999_999, 0]

const eventOf = (
  deed: Deed,
  at: number,
  naive: NaiveMarket,
  sent: ReadonlyArray<Sent>,
): MarketEvent | undefined => {
  const { a, b, c } = deed
  if (deed.kind === "wait") return { _tag: "TimerFired", at }
  if (deed.kind === "resume") return { _tag: "GatewayResumed", at }
  if (deed.kind === "repeat") {
    const before = pick(sent, sent.length - 1 - (a % Math.min(40, sent.length)))
    // As it was, or as if it happened now.
    return before === undefined || b % 4 === 0 ? before?.event : { ...before.event, at }
  }
  if (deed.kind === "corrupt") return corrupted(deed, at, naive, sent)
  const fact = factOf(deed.kind, a, b, c, naive)
  return fact === undefined ? undefined : ({ ...fact, at } as MarketEvent)
}

/** Some event with one of its numbers spoilt. */
const corrupted = (
  { a, b, c }: Deed,
  at: number,
  naive: NaiveMarket,
  sent: ReadonlyArray<Sent>,
): MarketEvent | undefined => {
  const names = Object.keys(kinds).filter(
    (one) => !["wait", "resume", "corrupt", "repeat"].includes(one),
  )
  const what = pick(names, c) as PlainKind
  const fact = factOf(what, Math.floor(a / 3), Math.floor(b / 3), Math.floor(c / 32), naive)
  const event = fact === undefined ? pick(sent, a)?.event : { ...fact, at }
  if (event === undefined) return undefined
  const fields = Object.entries(event).flatMap(([name, value]) =>
    typeof value === "number" ? [name] : [],
  )
  const spoilt = { ...event, [pick(fields, a) ?? "at"]: pick(corruptions, b) } as MarketEvent
  // Nothing comes after a time at its end.
  const isTime = spoilt._tag === "TimerFired" || spoilt._tag === "GatewayResumed"
  return isTime && spoilt.at > at + 50 * hour ? undefined : spoilt
}

type PlainKind = Exclude<Kind, "wait" | "resume" | "corrupt" | "repeat">

const factOf = (
  what: PlainKind,
  a: number,
  b: number,
  c: number,
  naive: NaiveMarket,
): Fact | undefined => {
  const account = idOf(naive.accounts.keys(), a, 9)
  const node = idOf(naive.nodes.keys(), a, 9)
  const instance = idOf(naive.instances.keys(), a, 12)
  const model = idOf(naive.models.keys(), b, 5)
  const transfer = 1 + (b % 200)
  const slots = 1 + (b % 40)
  const tokensPerSecond = 1 + (c % 900)
  switch (what) {
    case "arrive":
    case "crowd":
    case "stumble":
    case "crawl": {
      const inputTokens = b % 500
      const maxTokens = c % 7 === 0 ? c % 9 : c % 900
      const consumer = a % 5 === 0 ? account : a % 9 === 0 ? 2 : 1
      const request = naive.clock.lastRequest + 1 + (a % 3)
      const isSecond = a % 2 === 0
      const fact = {
        _tag: "RequestArrived",
        request,
        account: consumer,
        model: isSecond ? 2 : 1,
      } as const
      const price = c % 11 === 0 ? { maxPricePerMtok: c * 5000 } : {}
      return { ...fact, ...price, inputTokens, maxTokens }
    }
    case "endWell":
    case "endBadly":
      return endOf(what, a, b, c, naive)
    case "endProbe":
      return probeEndOf(a, b, c, naive)
    case "openAccount":
      return { _tag: "AccountOpened", account: 1 + (a % 9) }
    case "buy":
      return { _tag: "CreditsBought", transfer, account, amount: c % 13 === 0 ? 2 ** 52 : 1 + c }
    case "fundPool":
      return { _tag: "PoolFunded", transfer, amount: 1 + c }
    case "requestWithdrawal": {
      const free = (holder: NaiveAccount) => Number(naive.freeOf(holder).earned)
      const earners = [...naive.accounts.values()].toSorted((x, y) => free(y) - free(x))
      const holder = c % 3 === 0 ? naive.accounts.get(account) : earners[0]
      const most = holder === undefined ? 0 : free(holder)
      const amount = c % 4 === 0 ? most + (c % 3) - 1 : 1 + (c % (most + 1))
      return { _tag: "WithdrawalRequested", transfer, account: holder?.id ?? account, amount }
    }
    case "postWithdrawal":
    case "voidWithdrawal": {
      const _tag = what === "postWithdrawal" ? "WithdrawalPosted" : "WithdrawalVoided"
      return { _tag, transfer: pick(naive.withdrawals.keys(), a) ?? transfer }
    }
    case "link":
      return { _tag: "AccountsLinked", account, other: idOf(naive.accounts.keys(), c, 9) }
    case "confirmFraud":
      return { _tag: "FraudConfirmed", account }
    case "listModel":
      return {
        _tag: "ModelListed",
        model: 1 + (a % 4),
        inputPricePerMtok: b % 3 === 0 ? 0 : b,
        outputPricePerMtok: c % 17 === 0 ? 2 ** 52 : c * 1000,
      }
    case "registerNode":
      return { _tag: "NodeRegistered", node: 1 + (b % 6), account }
    case "beat":
      return {
        _tag: "HeartbeatReceived",
        node,
        ...(b % 3 === 0 ? { utilisationBps: c % 10_002 } : {}),
      }
    case "setPrice":
      return {
        _tag: "PriceSet",
        instance,
        // A few prices for many hosts; now and then one with too many digits, or beyond reach.
        outputPricePerMtok:
          c % 19 === 0 ? 1234 : (1 + (b % 4)) * 10 ** (c % 23 === 0 ? 15 : 3 + (c % 5)),
      }
    case "loseNode":
      return { _tag: "NodeLost", node }
    case "returnNode":
      return {
        _tag: "NodeReturned",
        node:
          pick(
            [...naive.nodes.values()].filter((one) => !one.isOnline).map((one) => one.id),
            a,
          ) ?? node,
      }
    case "removeNode":
      return { _tag: "NodeRemoved", node }
    case "start":
      return {
        _tag: "InstanceStarted",
        instance: 1 + (c % 9),
        node,
        model,
        slots,
        tokensPerSecond,
        isPlatformAsked: c % 5 === 0,
      }
    case "switchModel":
      return {
        _tag: "ModelSwitched",
        instance,
        model,
        slots,
        tokensPerSecond,
        isPlatformAsked: c % 5 === 0,
      }
    case "measure": {
      const unmeasured = [...naive.instances.values()].filter((one) => one.measured === undefined)
      const one = pick(unmeasured, a) ?? naive.instances.get(instance)
      const measurement = (one?.models ?? 1) - (a % 13 === 12 ? 1 : 0)
      const id = one?.id ?? instance
      return { _tag: "CapacityMeasured", instance: id, measurement, slots, tokensPerSecond }
    }
    case "setAvailability":
      return { _tag: "AvailabilityChanged", instance, isAvailable: b % 3 > 0 }
    case "drain":
      return { _tag: "InstanceDrained", instance }
    case "stop":
      return { _tag: "InstanceStopped", instance }
    case "replaceCredential":
      return {
        _tag: "CredentialReplaced",
        instance:
          pick(
            [...naive.instances.values()].filter((one) => one.isSuspended).map((one) => one.id),
            a,
          ) ?? instance,
      }
  }
}

const endOf = (
  what: "endWell" | "endBadly",
  a: number,
  b: number,
  c: number,
  naive: NaiveMarket,
): Fact | undefined => {
  const request = pick(naive.requests.values(), a)
  if (request === undefined) return undefined
  const outcome = what === "endWell" ? "completed" : (pick(outcomes, b) ?? "stalled")
  const isNothing = what === "endBadly" && c % 3 > 0
  const outputTokens = isNothing ? 0 : c % (request.maxTokens + 1)
  const excess = b % 5 === 0 ? (b % 40) - 12 : 0
  return {
    _tag: "AttemptEnded",
    request: request.id,
    attempt: request.attempt - (a % 19 === 18 ? 1 : 0),
    outcome,
    outputTokens,
    reportedTokens: Math.max(0, outputTokens + excess),
    // From 0.5 tokens a second to without measure.
    decodeMicros: Math.floor((outputTokens * second) / (0.5 + (b % 12))) * (b % 10 === 9 ? 0 : 1),
    retryAfterMicros: c % 5 === 0 ? c * 100 : 0,
  }
}

const probeEndOf = (a: number, b: number, c: number, naive: NaiveMarket): Fact | undefined => {
  const probing = [...naive.instances.values()].filter((one) => one.probe !== undefined)
  // With no probe under way, now and then an answer that nobody waits for.
  const instance = pick(probing, a) ?? (a % 5 === 0 ? pick(naive.instances.values(), a) : undefined)
  if (instance === undefined) return undefined
  const outputTokens = c % 3 === 0 ? 0 : (c % 2 === 0 ? 31 : 399) + (c % 4)
  return {
    _tag: "ProbeEnded",
    instance: instance.id,
    probe: a % 17 === 16 ? instance.probes - 1 : instance.probes,
    outcome: b % 2 === 0 ? "completed" : (pick(outcomes, Math.floor(b / 2)) ?? "stalled"),
    outputTokens: Math.max(0, outputTokens),
    decodeMicros: Math.floor((outputTokens * second) / (1 + (b % 14))),
    retryAfterMicros: c % 5 === 0 ? c * 100 : 0,
  }
}
