/**
 * Drives one instance of the instance servers through a list of arrivals, aborts and speed
 * changes, and records what became of each request.
 */
import { COMPLETED, FIRST_TOKEN, type InstanceServers } from "../../../sim/fleet/instance-server.ts"
import type { Arrival, Outcome, SpeedChange } from "./small-step-server.ts"

export interface Drive {
  readonly outcomes: ReadonlyArray<Outcome>
  /** By request: what its abort returned, or −1 where it was not aborted. */
  readonly abortedWith: ReadonlyArray<number>
  /** By request: its slot at the end, or −1 where it is not in the instance. */
  readonly slots: ReadonlyArray<number>
}

/** Operations at the same microsecond: speed changes, then aborts, then arrivals. */
export const drive = (
  servers: InstanceServers,
  instance: number,
  arrivals: ReadonlyArray<Arrival>,
  speedChanges: ReadonlyArray<SpeedChange>,
  end: number,
  onMicro: (now: number, slots: ReadonlyArray<number>) => void = () => undefined,
): Drive => {
  const outcomes = arrivals.map(() => ({ firstTokenAt: Infinity, completedAt: Infinity }))
  const abortedWith = arrivals.map(() => -1)
  const slots = arrivals.map(() => -1)
  const moments = new Set<number>([end])
  for (const { at, abortAt } of arrivals) {
    moments.add(at).add(abortAt)
  }
  for (const { at } of speedChanges) moments.add(at)
  for (const moment of [...moments].filter((at) => at <= end).sort((a, b) => a - b)) {
    for (;;) {
      const now = servers.nextEventMicros(instance)
      if (now > moment) break
      onMicro(now, slots)
      const count = servers.advance(instance, now)
      for (let i = 0; i < count; i++) {
        const request = servers.eventHandles[i]
        if (servers.eventKinds[i] === FIRST_TOKEN) outcomes[request].firstTokenAt = now
        if (servers.eventKinds[i] === COMPLETED) {
          outcomes[request].completedAt = now
          slots[request] = -1
        }
      }
    }
    onMicro(moment, slots)
    for (const change of speedChanges) {
      if (change.at === moment) servers.setSpeedFactor(instance, change.factor, moment)
    }
    for (const [request, arrival] of arrivals.entries()) {
      if (arrival.abortAt !== moment || slots[request] < 0) continue
      abortedWith[request] = servers.abort(slots[request], moment)
      slots[request] = -1
    }
    for (const [request, arrival] of arrivals.entries()) {
      if (arrival.at !== moment || arrival.abortAt <= moment) continue
      slots[request] = servers.admit(instance, moment, request, arrival.input, arrival.output)
    }
  }
  return { outcomes, abortedWith, slots }
}
