/** A clock that a test moves by hand; due wakes run in order of their time. */
import type { Clock } from "../../../live/driver/clock.ts"

export interface ManualClock extends Clock {
  /** Lets time pass to `atMicros`, waking whoever is due on the way. */
  readonly moveTo: (atMicros: number) => void
  readonly pass: (micros: number) => void
}

export const manualClock = (startMicros = 0): ManualClock => {
  let now = startMicros
  let order = 0
  const wakes = new Map<number, { readonly at: number; readonly wake: () => void }>()
  const earliest = (until: number): number | undefined => {
    let found: number | undefined
    for (const [id, { at }] of wakes)
      if (at <= until && (found === undefined || at < (wakes.get(found)?.at ?? Infinity)))
        found = id
    return found
  }
  const moveTo = (atMicros: number): void => {
    for (let id = earliest(atMicros); id !== undefined; id = earliest(atMicros)) {
      const due = wakes.get(id)
      wakes.delete(id)
      now = Math.max(now, due?.at ?? now)
      due?.wake()
    }
    now = Math.max(now, atMicros)
  }
  return {
    nowMicros: () => now,
    wakeAt: (atMicros, wake) => {
      const id = order++
      wakes.set(id, { at: atMicros, wake })
      return () => void wakes.delete(id)
    },
    moveTo,
    pass: (micros) => moveTo(now + micros),
  }
}
