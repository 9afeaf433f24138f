/**
 * A network in simulated time: each message takes its own while, so that they overtake one another,
 * and may be lost or come twice. What was sent to a process that has died since does not arrive.
 */
import { drawBelow } from "../../../engine/index.ts"
import type { Stream } from "../../../engine/index.ts"
import type { Clock } from "../../../live/driver/clock.ts"

export interface Network {
  /** Delivers `arrive` later: perhaps never, perhaps twice. */
  readonly send: (arrive: () => void) => void
  /** An ordered connection: what is sent arrives in order, until it breaks for good. */
  readonly connect: (onBroken: () => void) => Connection
}

export interface Connection {
  readonly send: (arrive: () => void) => void
  readonly close: () => void
}

const slowestMicros = 80_000

export const makeNetwork = (clock: Clock, chance: Stream, lossShare: number): Network => {
  const later = (arrive: () => void, notBefore = 0): number => {
    const at = Math.max(notBefore, clock.nowMicros() + 1 + drawBelow(chance, slowestMicros))
    clock.wakeAt(at, arrive)
    return at
  }
  return {
    send: (arrive) => {
      if (chance.next() < lossShare) return
      later(arrive)
      if (chance.next() < lossShare) later(arrive)
    },
    connect: (onBroken) => {
      let last = 0
      let isOpen = true
      return {
        send: (arrive) => {
          if (!isOpen) return
          if (chance.next() < lossShare / 4) {
            isOpen = false
            last = later(onBroken, last + 1)
            return
          }
          last = later(() => {
            if (isOpen) arrive()
          }, last + 1)
        },
        close: () => {
          isOpen = false
        },
      }
    },
  }
}
