/**
 * The kernel: `step` takes one event and leaves the commands that follow from it.
 *
 * Its contract: all time comes with the events; all chance comes from the market's seeded streams;
 * the same economy, seed and events give the same commands, to the last minor unit. An event that is
 * not legal in the present state changes nothing and yields one `Rejected` command with its reason.
 * A broken invariant throws, and is never caught.
 */
import { eligibilityReasons } from "./admission/eligibility.ts"
import type { Command, Rejection } from "../protocol/command.ts"
import { emit } from "../protocol/command.ts"
import { hexOf } from "../core/digest.ts"
import type { Economy } from "../economy/schema.ts"
import type { EventOf, MarketEvent } from "../protocol/event.ts"
import {
  onAccountOpened,
  onCreditsBought,
  onPoolFunded,
  onWithdrawalPosted,
  onWithdrawalRequested,
  onWithdrawalVoided,
} from "./accounts/desk.ts"
import { resumeGateway } from "./clock/gateway.ts"
import { turnHours } from "./clock/hours.ts"
import {
  onAvailabilityChanged,
  onCredentialReplaced,
  onInstanceDrained,
  onInstanceStarted,
  onInstanceStopped,
  onModelSwitched,
} from "./presence/instances.ts"
import { onCapacityMeasured } from "./admission/measurements.ts"
import {
  checkHeartbeat,
  onHeartbeatReceived,
  onNodeLost,
  onNodeRegistered,
  onNodeRemoved,
  onNodeReturned,
} from "./presence/nodes.ts"
import { onAccountsLinked } from "./accounts/parties.ts"
import { lookAgain, onProbeEnded } from "./admission/probes.ts"
import { onFraudConfirmed } from "./payout/vesting.ts"
import { openStream } from "../core/random.ts"
import { makeCandidates } from "../rules/selection.ts"
import { onAttemptEnded, onRequestArrived } from "./requests/requests.ts"
import type { Market } from "./state/market-state.ts"
import { makeMarket, nextWake } from "./state/market-state.ts"
import { insert, slotOf } from "../core/table.ts"
import { nextEntity, nextTime } from "../core/wake-queue.ts"
import { isWhole, microsPerDay } from "../core/units.ts"

/**
 * Timers of nodes and instances that are overdue by more than this are not fired one by one: an
 * instance may have one every few seconds. A driver that was away for so long says so.
 */
const longestDelayMicros = 366 * microsPerDay

/** An empty market at time 0 under these rules; every draw of it follows from `seed`. */
export const createMarket = (economy: Economy, seed: string): Market =>
  makeMarket(economy, seed, eligibilityReasons.length)

/**
 * Takes one event and appends the commands that follow to `out`. Events come in order of time, and
 * never later than `nextWake`: a driver that has nothing until then sends `TimerFired` first.
 * O(log instances), but for the turn of an hour, which is O(instances).
 */
export const step = (market: Market, event: MarketEvent, out: Array<Command>): void => {
  market.sink.commands = out
  const rejection = rejectTime(market, event.at) ?? take(market, event)
  if (rejection !== undefined)
    emit(market.sink, { _tag: "Rejected", event: event._tag, reason: rejection })
}

const rejectTime = (market: Market, at: number): Rejection | undefined => {
  if (!isWhole(at)) return "InvalidQuantity"
  if (at < market.now) return "ClockWentBackwards"
  return undefined
}

const take = (market: Market, event: MarketEvent): Rejection | undefined => {
  if (event._tag === "TimerFired") return fireTimers(market, event.at)
  if (event._tag === "GatewayResumed") return resumeGateway(market, event.at)
  if (event.at > nextWake(market)) return "TimerDue"
  const before = market.now
  market.now = event.at
  const rejection = apply(market, event)
  if (rejection === undefined) market.idleHours = 0
  else market.now = before
  return rejection
}

const apply = (market: Market, event: MarketEvent): Rejection | undefined => {
  switch (event._tag) {
    case "RequestArrived":
      return onRequestArrived(market, event)
    case "AttemptEnded":
      return onAttemptEnded(market, event)
    case "ProbeEnded":
      return onProbeEnded(market, event)
    case "HeartbeatReceived":
      return onHeartbeatReceived(market, event)
    case "AccountOpened":
      return onAccountOpened(market, event)
    case "AccountsLinked":
      return onAccountsLinked(market, event)
    case "CreditsBought":
      return onCreditsBought(market, event)
    case "PoolFunded":
      return onPoolFunded(market, event)
    case "WithdrawalRequested":
      return onWithdrawalRequested(market, event)
    case "WithdrawalPosted":
      return onWithdrawalPosted(market, event)
    case "WithdrawalVoided":
      return onWithdrawalVoided(market, event)
    case "FraudConfirmed":
      return onFraudConfirmed(market, event)
    case "ModelListed":
      return onModelListed(market, event)
    case "NodeRegistered":
      return onNodeRegistered(market, event)
    case "NodeLost":
      return onNodeLost(market, event)
    case "NodeReturned":
      return onNodeReturned(market, event)
    case "NodeRemoved":
      return onNodeRemoved(market, event)
    case "InstanceStarted":
      return onInstanceStarted(market, event)
    case "ModelSwitched":
      return onModelSwitched(market, event)
    case "CapacityMeasured":
      return onCapacityMeasured(market, event)
    case "AvailabilityChanged":
      return onAvailabilityChanged(market, event)
    case "InstanceDrained":
      return onInstanceDrained(market, event)
    case "InstanceStopped":
      return onInstanceStopped(market, event)
    case "CredentialReplaced":
      return onCredentialReplaced(market, event)
    case "TimerFired":
    case "GatewayResumed":
      return undefined
  }
}

const onModelListed = (market: Market, event: EventOf<"ModelListed">): Rejection | undefined => {
  const { inputPricePerMtok, outputPricePerMtok } = event
  if (!isWhole(event.model) || !isWhole(inputPricePerMtok) || !isWhole(outputPricePerMtok))
    return "InvalidQuantity"
  const known = slotOf(market.models, event.model)
  const model = known >= 0 ? known : insert(market.models, event.model)
  const { columns } = market.models
  columns.inputPricePerMtok[model] = inputPricePerMtok
  columns.outputPricePerMtok[model] = outputPricePerMtok
  if (known >= 0) return undefined
  columns.multiplierHundredths[model] = 100
  market.candidates[model] = makeCandidates()
  market.routeStreams[model] = openStream(market.seed, "route", event.model)
  market.demandByParty[model] = new Map()
  market.operators[model] = new Map()
  market.standings[model] = new Int32Array(eligibilityReasons.length)
  return undefined
}

/** Everything that was due by `at`, each at its own time, in order. */
const fireTimers = (market: Market, at: number): Rejection | undefined => {
  if (at - nextInstanceWake(market) > longestDelayMicros) return "TooFarAhead"
  for (let due = nextWake(market); due <= at; due = nextWake(market)) {
    market.now = due
    // At the same instant: what single instances and nodes want first, then the turn of the hour.
    if (due < nextInstanceWake(market)) {
      turnHours(market, Math.min(at, nextInstanceWake(market) - 1), true)
      continue
    }
    market.idleHours = 0
    if (due === nextTime(market.instanceWakes)) lookAgain(market, nextEntity(market.instanceWakes))
    else checkHeartbeat(market, nextEntity(market.heartbeatWakes))
  }
  market.now = at
  return undefined
}

const nextInstanceWake = (market: Market): number =>
  Math.min(nextTime(market.instanceWakes), nextTime(market.heartbeatWakes))

/** The digest over all commands so far: 16 hexadecimal digits. */
export const digestOf = (market: Market): string => hexOf(market.sink.digest)
