/**
 * An alert as a table (docs/hours.md#checks-and-alerts). What is measured lies above its band, below it, or within:
 * within the band nothing changes, so that a figure that flickers around a threshold is told of once.
 *
 *     above: value ≥ threshold        below: value < threshold − 5 points
 */
import type { Machine } from "../../../engine/index.ts"
import { machine, move } from "../../../engine/index.ts"

export type AlertState = "ok" | "firing" | "resolved"
export type AlertInput = "above" | "below"

export const alertMachine: Machine<AlertState, AlertInput, "tell"> = machine({
  name: "alert",
  meaning: "An alert of a machine that is sold by the hour, as its agent tells of it.",
  initial: "ok",
  final: [],
  table: {
    ok: { above: ["firing", "tell"], below: ["ok"] },
    firing: { above: ["firing"], below: ["resolved", "tell"] },
    resolved: { above: ["firing", "tell"], below: ["resolved"] },
  },
})

/** Both ends are shares, 0 to 1, but for GPUs that are gone. */
export interface Band {
  readonly from: number
  /** It ends below this. */
  readonly until: number
}

const hysteresisPoints = 5

/** Of a threshold in percent. One of less than ten ends at its half, so that there is an end. */
export const bandOf = (percent: number): Band => ({
  from: percent / 100,
  until: Math.max(percent - hysteresisPoints, percent / 2) / 100,
})

/** One GPU that is gone is one too many. */
export const gpuBand: Band = { from: 1, until: 1 }

/** `undefined`: within the band. */
export const inputOf = (value: number, { from, until }: Band): AlertInput | undefined =>
  value >= from ? "above" : value < until ? "below" : undefined

export interface Alert {
  readonly state: AlertState
  /** What was measured when it last changed. */
  readonly value: number
}

export const calm: Alert = { state: "ok", value: 0 }

/** The alert after a measurement, and whether that is to be told. */
export const measured = (
  alert: Alert,
  value: number,
  band: Band,
): { readonly alert: Alert; readonly isTold: boolean } => {
  const input = inputOf(value, band)
  const made = input === undefined ? undefined : move(alertMachine, alert.state, input)
  if (made === undefined) return { alert, isTold: false }
  const [state, ...outputs] = made
  return outputs.includes("tell")
    ? { alert: { state, value }, isTold: true }
    : { alert: { ...alert, state }, isTold: false }
}
