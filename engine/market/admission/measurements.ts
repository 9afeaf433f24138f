/**
 * Measurements (docs/rules.md#capacity): where capacity is verified, an instance serves only once the
 * driver has measured what it really does with its present model.
 *
 * A measurement is numbered by the models that the instance has served. One that is not answered
 * within its lease is asked for again under the same number, so that the first answer counts however
 * late it comes, unless the instance serves another model by then.
 */
import { refresh } from "./eligibility.ts"
import { invariant } from "../../core/invariant.ts"
import type { Rejection } from "../../protocol/command.ts"
import { emit } from "../../protocol/command.ts"
import type { EventOf } from "../../protocol/event.ts"
import type { Market } from "../state/market-state.ts"
import { slotOf } from "../../core/table.ts"
import { isWhole } from "../../core/units.ts"

/** More than any machine serves at once, and few enough for loads to be compared exactly. */
const maxSlots = 1024

export const isCapacity = (slots: number, tokensPerSecond: number): boolean =>
  isWhole(slots) &&
  slots >= 1 &&
  slots <= maxSlots &&
  isWhole(tokensPerSecond) &&
  tokensPerSecond >= 1

/** Makes an instance unmeasured: what was measured of another model no longer says anything. */
export const forgetMeasurement = (market: Market, instance: number): void => {
  const { columns } = market.instances
  columns.measurement[instance] += 1
  columns.measureUntil[instance] = 0
  columns.measuredSlots[instance] = 0
  columns.measuredTokensPerSecond[instance] = 0
}

/** Asks for an instance's measurement where it is due. */
export const measureWhereDue = (market: Market, instance: number): void => {
  const { columns, ids } = market.instances
  const { rules, now } = market
  if (!rules.isCapacityVerified || columns.measuredSlots[instance] !== 0) return
  if (now < columns.measureUntil[instance]) return
  invariant(columns.measurement[instance] >= 1, "a measurement is of a model that is served")
  columns.measureUntil[instance] = now + rules.measureLeaseMicros
  emit(market.sink, {
    _tag: "Measure",
    instance: ids[instance],
    measurement: columns.measurement[instance],
  })
}

export const onCapacityMeasured = (
  market: Market,
  event: EventOf<"CapacityMeasured">,
): Rejection | undefined => {
  const instance = slotOf(market.instances, event.instance)
  if (instance < 0) return "UnknownInstance"
  if (!isCapacity(event.slots, event.tokensPerSecond)) return "InvalidQuantity"
  const { columns } = market.instances
  if (columns.measurement[instance] !== event.measurement) return "StaleMeasurement"
  columns.measuredSlots[instance] = event.slots
  columns.measuredTokensPerSecond[instance] = event.tokensPerSecond
  refresh(market, instance)
  return undefined
}
