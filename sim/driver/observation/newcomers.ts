/**
 * What newcomers get, against equal veterans: nodes of the same device, speed and slots that serve the
 * same model at the same time, and are 14 days old. Both are taken by the time that they were online,
 * and neither while its pay is reduced for a switch, so that age alone is what separates them.
 */
import type { InstanceView } from "../../../engine/index.ts"
import type { Recorder } from "../../recording/recorder.ts"
import type { NodeColumns } from "../nodes/nodes-table.ts"

const veteranSeconds = 14 * 86_400

/** What a node did since the last sample, or since it began to serve its model if that was later. */
export interface NodePeriod {
  /** Nodes of one group are equal but for their age. */
  readonly group: string
  readonly onlineSeconds: number
  /** Online time of the whole life, in the middle of the period. */
  readonly ageSeconds: number
  readonly ramp: number
  readonly isReduced: boolean
  readonly requests: number
  readonly pay: number
}

/** `view`: its instance in the market now. */
export const periodOf = (columns: NodeColumns, node: number, view: InstanceView): NodePeriod => {
  const onlineSeconds = (view.onlineMicros - columns.onlineAtSample[node]) / 1e6
  return {
    group: [
      columns.device[node],
      columns.speed[node],
      columns.declaredSlots[node],
      columns.model[node],
    ].join("/"),
    onlineSeconds,
    ageSeconds: view.onlineMicros / 1e6 - onlineSeconds / 2,
    ramp: view.ramp,
    isReduced: view.reduction > 0,
    requests: columns.requestsSince[node],
    pay: columns.paySince[node],
  }
}

/** Notes each newcomer's period beside what veterans of its group had in as much time online. */
export const compareNewcomers = (
  recorder: Pick<Recorder, "noteNewcomer">,
  periods: ReadonlyArray<NodePeriod>,
): void => {
  const compared = periods.filter(({ isReduced, onlineSeconds }) => !isReduced && onlineSeconds > 0)
  const veterans = new Map<string, { onlineSeconds: number; requests: number; pay: number }>()
  for (const { group, ageSeconds, onlineSeconds, requests, pay } of compared) {
    if (ageSeconds < veteranSeconds) continue
    const sums = veterans.get(group) ?? { onlineSeconds: 0, requests: 0, pay: 0 }
    sums.onlineSeconds += onlineSeconds
    sums.requests += requests
    sums.pay += pay
    veterans.set(group, sums)
  }
  for (const { group, ageSeconds, onlineSeconds, ramp, requests, pay } of compared) {
    const equals = veterans.get(group)
    if (equals === undefined || ageSeconds >= veteranSeconds) continue
    const part = onlineSeconds / equals.onlineSeconds
    recorder.noteNewcomer("onlineSeconds", ageSeconds, onlineSeconds)
    recorder.noteNewcomer("ramp", ageSeconds, ramp * onlineSeconds)
    recorder.noteNewcomer("traffic", ageSeconds, requests)
    recorder.noteNewcomer("veteranTraffic", ageSeconds, equals.requests * part)
    recorder.noteNewcomer("pay", ageSeconds, pay)
    recorder.noteNewcomer("veteranPay", ageSeconds, equals.pay * part)
  }
}
