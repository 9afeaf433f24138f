/**
 * One instance through its failures, probes and slow streams: steps that are done to the kernel and
 * to a naive model that keeps all failure times, and compared after each. For fast-check's commands,
 * and for the exploration of every reachable state.
 */
import type { Command } from "../../engine/protocol/command.ts"
import type { Economy } from "../../engine/economy/schema.ts"
import type { MarketEvent, Outcome } from "../../engine/protocol/event.ts"
import { createMarket, step } from "../../engine/market/market.ts"
import type { Market } from "../../engine/market/state/market-state.ts"
import { open } from "../../engine/market/state/market-state.ts"
import { nextWake } from "../../engine/market/timers.ts"
import { instanceView } from "../../engine/market/views/instance-view.ts"
import { commandsOf, economyWith } from "../support/market.ts"
import { ensure } from "./ensure.ts"
import type { NaiveBreaker } from "./naive-breaker.ts"
import {
  closeNaively,
  forgetNaively,
  makeNaiveBreaker,
  micros,
  noteWhileClosed,
  tripNaively,
} from "./naive-breaker.ts"

const second = 1_000_000

export interface Attempt {
  readonly request: number
  readonly account: number
  /** Trips at its dispatch: an attempt of before the last trip no longer counts. */
  readonly trips: number
}

/** What is under way to find out about the instance: a probe of the gateway's own, or a request. */
interface Probe {
  readonly by: "gateway" | "request"
  readonly id: number
  readonly purpose: "breaker" | "floor" | "doubt"
  readonly until: number
}

export interface Model {
  readonly knobs: Economy["breaker"]
  readonly minWitnesses: 1 | 2
  readonly floorProbeMicros: number
  readonly breaker: NaiveBreaker
  readonly attempts: Array<Attempt>
  now: number
  isOnline: boolean
  isBelowFloor: boolean
  isDoubted: boolean
  nextRequest: number
  probe: Probe | undefined
  /** Probes of the gateway's own so far. */
  probes: number
  probeAfter: number
}

export interface Real {
  readonly market: Market
}

export interface BreakerSetting {
  readonly breaker: Economy["breaker"]
  readonly minWitnesses: 1 | 2
  readonly floorProbeSeconds: number
}

type Verdict = "success" | "failure" | "neutral"

const isSynthetic = (m: Model) => m.knobs.probe === "synthetic"

const send = (real: Real, event: MarketEvent): ReadonlyArray<Command> => {
  const out: Array<Command> = []
  step(real.market, event, out)
  ensure(commandsOf(out, "Rejected").length === 0, "every event is legal", () => ({ event, out }))
  return out
}

/** May the instance get a request? */
export const isOpenToRequests = (m: Model): boolean =>
  m.isOnline &&
  !m.isBelowFloor &&
  (m.breaker.mode === "closed" ||
    (m.breaker.mode === "halfOpen" && !isSynthetic(m) && m.probe === undefined))

/** What time alone has changed, while the node is online. */
const lookAgain = (m: Model): void => {
  if (!m.isOnline) return
  if (m.breaker.mode === "open" && m.now >= m.breaker.openUntil) {
    m.breaker.mode = "halfOpen"
    m.probeAfter = m.now
  }
  if (m.probe === undefined || m.now < m.probe.until) return
  if (m.probe.by === "gateway") m.probeAfter = m.now + micros(m.knobs.probeRetrySeconds)
  m.probe = undefined
}

const wantedProbe = (m: Model): Probe["purpose"] | undefined => {
  if (!m.isOnline || m.probe !== undefined || m.now < m.probeAfter) return undefined
  if (m.breaker.mode === "halfOpen" && isSynthetic(m)) return "breaker"
  if (m.breaker.mode === "closed" && m.isDoubted) return "doubt"
  return m.breaker.mode !== "open" && m.isBelowFloor ? "floor" : undefined
}

/** Takes the probe that the model wants, and none that it does not. */
const expectProbes = (m: Model, commands: ReadonlyArray<Command>): void => {
  const sent = commandsOf(commands, "Probe")
  const purpose = wantedProbe(m)
  const isAsWanted = sent.length === (purpose === undefined ? 0 : 1) && sent[0]?.purpose === purpose
  ensure(isAsWanted, "13, 14: a probe when it is due, and no other", () => ({ m, sent }))
  if (purpose === undefined) return
  m.probes++
  const until = m.now + micros(m.knobs.probeLeaseSeconds)
  m.probe = { by: "gateway", id: m.probes, purpose, until }
}

const expectParks = (m: Model, commands: ReadonlyArray<Command>, isTripped: boolean): void => {
  const parks = commandsOf(commands, "Park")
  ensure(parks.length === (isTripped ? 1 : 0), "parked when it trips, and only then", () => ({
    m,
    parks,
  }))
  if (!isTripped) return
  tripNaively(m.breaker, m.knobs, m.now)
  m.probe = undefined
  m.isDoubted = false
  ensure(parks[0]?.untilMicros === m.breaker.openUntil, "parked for the cooldown", () => parks)
}

/** Have both accounts' calls shown the failures that it remembers? */
const isSeenByTwo = ({ breaker }: Model): boolean =>
  new Set(breaker.failures.map((one) => one.account)).size > 1

const reasonOf = (m: Model): string => {
  if (!m.isOnline) return "Inactive"
  if (m.breaker.mode === "open") return "Parked"
  if (m.breaker.mode === "halfOpen" && (isSynthetic(m) || m.probe?.by === "request"))
    return "ProbeUnderWay"
  return m.isBelowFloor ? "BelowFloor" : "Eligible"
}

export const compare = (m: Model, { market }: Real): void => {
  const view = instanceView(market, 1)
  ensure(
    view?.breaker === m.breaker.mode &&
      view.reason === reasonOf(m) &&
      view.parks === m.breaker.trips &&
      view.inFlight === m.attempts.length,
    "the instance is where the model is",
    () => ({ view, m }),
  )
}

/** Something that can be done to both, where it may be done at all. */
export interface Step {
  readonly name: string
  readonly isPossible: (m: Readonly<Model>) => boolean
  readonly run: (m: Model, r: Real) => void
}

const always = () => true

/** A request of an account arrives: dispatched where the model lets it, refused where not. */
export const beginFor = (account: 1 | 2): Step => ({
  name: `begin for ${account}`,
  isPossible: always,
  run: (m, r) => {
    const request = m.nextRequest++
    const out = send(r, {
      _tag: "RequestArrived",
      at: m.now,
      request,
      account,
      model: 1,
      inputTokens: 1,
      maxTokens: 2,
    })
    const isDispatched = commandsOf(out, "Dispatch").length === 1
    ensure(isDispatched === isOpenToRequests(m), "10–13: dispatched where it may be", () => ({
      m,
      out,
    }))
    if (!isDispatched) return
    if (m.breaker.mode === "halfOpen") {
      const until = m.now + micros(m.knobs.probeLeaseSeconds)
      m.probe = { by: "request", id: request, purpose: "breaker", until }
    }
    m.attempts.push({ request, account, trips: m.breaker.trips })
  },
})
export const begin = beginFor(1)

/** An attempt ends; a slow one delivers its two tokens 10 s apart. */
export const end = (index: number, outcome: Outcome, verdict: Verdict, isSlow = false): Step => ({
  name: `end(${index}, ${outcome}${isSlow ? ", slow" : ""})`,
  isPossible: (m) => m.attempts.length > 0,
  run: (m, r) => {
    const [attempt] = m.attempts.splice(index % m.attempts.length, 1)
    if (attempt === undefined) throw new Error("no attempt is under way")
    const outputTokens = isSlow ? 2 : outcome === "completed" ? 1 : 0
    const out = send(r, {
      _tag: "AttemptEnded",
      at: m.now,
      request: attempt.request,
      attempt: 0,
      outcome,
      outputTokens,
      reportedTokens: outputTokens,
      decodeMicros: isSlow ? 10 * second : 0,
      retryAfterMicros: 0,
    })
    const isCurrent = attempt.trips === m.breaker.trips
    const isProbe = m.probe?.by === "request" && m.probe.id === attempt.request
    let isTripped = false
    if (isCurrent && m.breaker.mode === "closed" && verdict !== "neutral") {
      const { account, request } = attempt
      const outcome = { at: m.now, isFailure: verdict === "failure", account, request }
      const isDue = noteWhileClosed(m.breaker, m.knobs, outcome)
      isTripped = isDue && (m.minWitnesses === 1 || isSeenByTwo(m))
      if (isDue && !isTripped) {
        m.isDoubted = true
        expectProbes(m, out)
      }
    } else if (isCurrent && m.breaker.mode === "halfOpen" && isProbe) {
      m.probe = undefined
      if (verdict === "success") closeNaively(m.breaker)
      isTripped = verdict === "failure"
      if (isTripped) forgetNaively(m.breaker)
    }
    expectParks(m, out, isTripped)
    if (!isSlow || m.isBelowFloor) return
    m.isBelowFloor = true
    m.probeAfter = m.now + m.floorProbeMicros
  },
})

/** A probe of the gateway's own is answered: fast, or with its two tokens 10 s apart. */
export const answer = (outcome: Outcome, verdict: Verdict, isSlow = false): Step => ({
  name: `answer(${outcome}${isSlow ? ", slow" : ""})`,
  isPossible: (m) => m.probe?.by === "gateway",
  run: (m, r) => {
    const purpose = m.probe?.purpose
    const out = send(r, {
      _tag: "ProbeEnded",
      at: m.now,
      instance: 1,
      probe: m.probes,
      outcome,
      outputTokens: 2,
      decodeMicros: isSlow ? 10 * second : 1,
      retryAfterMicros: 0,
    })
    m.probe = undefined
    if (purpose !== "floor" && verdict === "failure") forgetNaively(m.breaker)
    expectParks(m, out, purpose !== "floor" && verdict === "failure")
    if (purpose !== "floor") {
      if (verdict === "success") closeNaively(m.breaker)
      if (verdict === "neutral") m.probeAfter = m.now + micros(m.knobs.probeRetrySeconds)
      if (purpose === "doubt" && verdict === "success") {
        m.isDoubted = false
        m.probeAfter = m.now + micros(m.knobs.cooldownSeconds)
      }
    } else if (verdict === "success" && !isSlow) m.isBelowFloor = false
    else m.probeAfter = m.now + m.floorProbeMicros
    lookAgain(m)
    expectProbes(m, out)
  },
})

export const wait = (pause: number): Step => ({
  name: `wait(${pause})`,
  isPossible: always,
  run: (m, r) => {
    const until = m.now + pause
    for (let due = nextWake(r.market); due <= until; due = nextWake(r.market)) {
      const out = send(r, { _tag: "TimerFired", at: due })
      m.now = due
      lookAgain(m)
      expectProbes(m, out)
      compare(m, r)
    }
    send(r, { _tag: "TimerFired", at: until })
    m.now = until
  },
})

export const lose: Step = {
  name: "lose",
  isPossible: (m) => m.isOnline,
  run: (m, r) => {
    send(r, { _tag: "NodeLost", at: m.now, node: 1 })
    m.isOnline = false
  },
}

export const comeBack: Step = {
  name: "comeBack",
  isPossible: (m) => !m.isOnline,
  run: (m, r) => {
    const out = send(r, { _tag: "NodeReturned", at: m.now, node: 1 })
    m.isOnline = true
    lookAgain(m)
    expectProbes(m, out)
  },
}

/** An economy of these knobs without ramp or retries, in which every stream of two tokens counts. */
export const economyOf = ({ breaker, minWitnesses, floorProbeSeconds }: BreakerSetting): Economy =>
  economyWith({
    breaker,
    blame: { minWitnesses },
    ramp: { start: 1 },
    routing: { maxRetries: 0 },
    floor: { minStreamTokens: 2, minSamples: 1, maxSamples: 1, probeSeconds: floorProbeSeconds },
    promotion: { grantCredits: 0 },
  })

const opening: ReadonlyArray<MarketEvent> = [
  { _tag: "ModelListed", at: 0, model: 1, inputPricePerMtok: 0, outputPricePerMtok: 0 },
  { _tag: "AccountOpened", at: 0, account: 1 },
  { _tag: "AccountOpened", at: 0, account: 2 },
  { _tag: "NodeRegistered", at: 0, node: 1, account: 1 },
  {
    _tag: "InstanceStarted",
    at: 0,
    instance: 1,
    node: 1,
    model: 1,
    slots: 1024,
    tokensPerSecond: 100,
    isPlatformAsked: false,
  },
]

/** Served often enough elsewhere to be believed for hours, whatever fails here. */
const callsElsewhere = 32
const instanceElsewhere = 2

const servedElsewhere: ReadonlyArray<MarketEvent> = [
  { _tag: "ModelListed", at: 0, model: 2, inputPricePerMtok: 0, outputPricePerMtok: 0 },
  {
    _tag: "InstanceStarted",
    at: 0,
    instance: instanceElsewhere,
    node: 1,
    model: 2,
    slots: 1024,
    tokensPerSecond: 100,
    isPlatformAsked: true,
  },
  ...Array.from({ length: callsElsewhere }, (_, i): ReadonlyArray<MarketEvent> => [
    {
      _tag: "RequestArrived",
      at: 0,
      request: i + 1,
      account: 1 + (i % 2),
      model: 2,
      inputTokens: 1,
      maxTokens: 1,
    },
    {
      _tag: "AttemptEnded",
      at: 0,
      request: i + 1,
      attempt: 0,
      outcome: "completed",
      outputTokens: 1,
      reportedTokens: 1,
      decodeMicros: 0,
      retryAfterMicros: 0,
    },
  ]).flat(),
  { _tag: "InstanceStopped", at: 0, instance: instanceElsewhere },
]

/** A fresh instance and its model. */
export const beginBoth = (
  setting: BreakerSetting,
  economy = economyOf(setting),
): { model: Model; real: Real } => {
  const real: Real = { market: open(createMarket(economy, "breaker")) }
  for (const event of opening) send(real, event)
  if (setting.minWitnesses === 2) for (const event of servedElsewhere) send(real, event)
  const model: Model = {
    knobs: setting.breaker,
    minWitnesses: setting.minWitnesses,
    floorProbeMicros: micros(setting.floorProbeSeconds),
    breaker: makeNaiveBreaker(),
    attempts: [],
    now: 0,
    isOnline: true,
    isBelowFloor: false,
    isDoubted: false,
    nextRequest: setting.minWitnesses === 2 ? callsElsewhere + 1 : 1,
    probe: undefined,
    probes: 0,
    probeAfter: 0,
  }
  return { model, real }
}
