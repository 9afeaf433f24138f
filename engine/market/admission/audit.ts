/** What holds of the admission of instances between steps. */
import { invariant } from "../../core/invariant.ts"
import type { MachineColumn } from "../../core/machine.ts"
import { auditWakeQueue } from "../../core/wake-queue.ts"
import {
  breakerColumn,
  closed,
  credentialColumn,
  doubtColumn,
  floorColumn,
  forBreaker,
  forDoubt,
  halfOpen,
  noDoubt,
  noProbe,
  open,
  probeColumn,
} from "../../machines/admission.ts"
import { serviceColumn } from "../../machines/presence.ts"
import { auditBreaker } from "../../rules/breaker.ts"
import { auditFloorSamples } from "../../rules/floor.ts"
import { auditCandidates } from "../../rules/selection.ts"
import type { Market } from "../state/market-state.ts"
import { ofInstances } from "../state/market-state.ts"
import {
  countedSlots,
  eligibilityReasons,
  isInService,
  outOfServiceReason,
  rampNow,
} from "./eligibility.ts"
import { isCapacity } from "./measurements.ts"

/** Asserts it of every instance. O(instances · memory + models · reasons). */
export const auditAdmission = (market: Market): void => {
  const { instances, models, standings } = market
  auditWakeQueue(market.wakes[ofInstances])
  const counted = standings.map((counts) => new Int32Array(counts.length))
  for (let instance = 0; instance < instances.used; instance++) {
    const { position } = market.wakes[ofInstances]
    if (instances.ids[instance] === -1) {
      invariant(!(position[instance] >= 0), "nobody is waited for who is gone")
      continue
    }
    const model = instances.columns.model[instance]
    invariant(models.ids[model] >= 0, "an instance's model is listed")
    auditBreaker(market.breakers, market.rules, instance, market.now)
    auditFloorSamples(market.floorSamples, market.rules, instance, market.now)
    auditMachines(market, instance)
    auditCapacity(market, instance)
    auditProbe(market, instance)
    auditStanding(market, instance)
    counted[model][instances.columns.reason[instance]] += 1
  }
  for (let model = 0; model < models.used; model++) {
    for (const field of market.levels[model].fields)
      auditCandidates(market.fields[field], market.rules)
    const rampStart = models.columns.rampStart[model]
    invariant(
      rampStart >= market.rules.rampStart && rampStart <= 1,
      "a model's ramp starts at the rules' start or above, at 1 at most",
    )
    invariant(
      standings[model].every((count, reason) => count === counted[model][reason]),
      "a model counts how its instances stand",
    )
  }
}

const auditMachines = ({ breakers, instances: { columns } }: Market, instance: number): void => {
  const machines: ReadonlyArray<readonly [MachineColumn<string>, Uint8Array]> = [
    [breakerColumn, breakers.state],
    [probeColumn, columns.probeFor],
    [floorColumn, columns.isBelowFloor],
    [doubtColumn, columns.isDoubted],
    [credentialColumn, columns.isSuspended],
    [serviceColumn, columns.service],
  ]
  for (const [machine, column] of machines)
    invariant(
      column[instance] < machine.states.length,
      "an instance's machines are in their states",
    )
  invariant(
    columns.parks[instance] === breakers.generation[instance],
    "an instance was parked as often as its breaker tripped",
  )
}

const auditCapacity = (market: Market, instance: number): void => {
  const { columns } = market.instances
  const { now } = market
  const isMeasured = columns.measuredSlots[instance] !== 0
  invariant(
    isCapacity(columns.slots[instance], columns.tokensPerSecond[instance]),
    "a declared capacity is one",
  )
  invariant(
    isMeasured
      ? isCapacity(columns.measuredSlots[instance], columns.measuredTokensPerSecond[instance])
      : columns.measuredTokensPerSecond[instance] === 0,
    "a measured capacity is one, or none",
  )
  invariant(columns.measurement[instance] >= 1, "the measurement of a model has a number")
  invariant(columns.capacity[instance] >= 1, "an instance has a slot or more in use")
  invariant(
    columns.capacity[instance] <= Math.max(1, countedSlots(market, instance)),
    "an instance has no more slots in use than count",
  )
  invariant(columns.inFlight[instance] >= 0, "an instance has 0 attempts or more")
  invariant(
    columns.debt[instance] >= 0 && columns.debtAt[instance] <= now,
    "a debt was noted, and is at least 0",
  )
}

/** What is asked of an instance, and for how long. */
const auditProbe = (market: Market, instance: number): void => {
  const { breakers, now } = market
  const { columns } = market.instances
  const probeFor = columns.probeFor[instance]
  const isAsked = probeFor !== noProbe
  const isHalfOpen = breakers.state[instance] === halfOpen
  invariant(!isAsked || columns.probe[instance] >= 1, "a probe has a number")
  invariant(probeFor !== forBreaker || isHalfOpen, "a probe for the breaker finds it half-open")
  invariant(
    probeFor !== forDoubt || columns.isDoubted[instance] !== noDoubt,
    "a probe for a doubt is made while there is one",
  )
  invariant(
    !isAsked || breakers.state[instance] !== open,
    "an instance that is parked is not probed",
  )
  invariant(
    !isAsked || columns.probeRequest[instance] === 0,
    "an instance is probed by one thing at a time",
  )
  if (!isInService(market, instance)) return
  invariant(!isAsked || columns.probeUntil[instance] >= now, "a probe is lost when its lease ends")
  invariant(
    breakers.state[instance] !== open || breakers.openUntil[instance] >= now,
    "a cooldown ends when it is over",
  )
}

/** How an instance stands, and whether it is looked at again in time. */
const auditStanding = (market: Market, instance: number): void => {
  const { breakers } = market
  const wakes = market.wakes[ofInstances]
  const { columns } = market.instances
  const reason = columns.reason[instance]
  const isWaitedFor = wakes.position[instance] >= 0
  const inService = isInService(market, instance)
  invariant(reason < eligibilityReasons.length, "how an instance stands has a name")
  invariant(
    outOfServiceReason(market, instance) === (inService ? -1 : reason),
    "an instance out of service stands by the first reason for it",
  )
  invariant(inService || !isWaitedFor, "out of service, nothing is waited for")
  const isParked = breakers.state[instance] === open
  invariant(
    !inService ||
      !isParked ||
      (isWaitedFor && wakes.time[instance] <= breakers.openUntil[instance]),
    "an instance is looked at again when its cooldown ends",
  )
  if (columns.isQuiet[instance] === 0) return
  invariant(
    breakers.state[instance] === closed && !isWaitedFor,
    "a quiet instance waits for nothing",
  )
  invariant(rampNow(market, instance, market.now) === 1, "a quiet instance's ramp is over")
  invariant(
    columns.capacity[instance] === countedSlots(market, instance),
    "a quiet instance has all of its slots in use",
  )
  invariant(
    columns.isDoubted[instance] === noDoubt && columns.isBelowFloor[instance] === 0,
    "nothing is held against a quiet instance",
  )
}
