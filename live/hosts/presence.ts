/**
 * Which hosts are heard of. The kernel takes a silent node offline by itself; this is the driver's
 * side of it: the jobs that are at such a host end, and fail over. A host that polls is watched from
 * its registration on, any other from its first heartbeat.
 *
 * What was heard before the gateway began is forgotten with it: every host has the whole time-out to
 * be heard of again, so nobody is punished for the gateway's own downtime.
 */
import type { Clock } from "../driver/clock.ts"
import type { Heartbeat } from "./protocol.ts"

export interface Heard {
  readonly atMicros: number
  readonly report: Heartbeat
}

export interface Presence {
  /** Watches a host, as though it had been heard of now. */
  readonly watch: (host: number) => void
  readonly heard: (host: number, report: Heartbeat) => void
  readonly latest: (host: number) => Heard | undefined
  readonly forget: (host: number) => void
  /** Calls `listener` for each host that falls silent. */
  readonly onLost: (listener: (host: number) => void) => void
}

interface Watched {
  heardMicros: number
  heard: Heard | undefined
  /** Ends the timer; `undefined`: the host is silent, or was never heard of. */
  disarm: (() => void) | undefined
}

export const makePresence = (clock: Clock, timeoutMicros: number): Presence => {
  const hosts = new Map<number, Watched>()
  const listeners: Array<(host: number) => void> = []

  /** One timer a host, moved when it fires: a heartbeat itself sets none. */
  const look = (host: number, watched: Watched): void => {
    const due = watched.heardMicros + timeoutMicros
    if (clock.nowMicros() < due) {
      // A moment later than the kernel, so that it knows already.
      watched.disarm = clock.wakeAt(due + 1, () => look(host, watched))
      return
    }
    watched.disarm = undefined
    for (const listener of listeners) listener(host)
  }
  const watch = (host: number): Watched => {
    let watched = hosts.get(host)
    if (watched === undefined) {
      watched = { heardMicros: 0, heard: undefined, disarm: undefined }
      hosts.set(host, watched)
    }
    watched.heardMicros = clock.nowMicros()
    if (watched.disarm === undefined) look(host, watched)
    return watched
  }

  return {
    watch: (host) => void watch(host),
    heard: (host, report) => {
      watch(host).heard = { atMicros: clock.nowMicros(), report }
    },
    latest: (host) => hosts.get(host)?.heard,
    forget: (host) => {
      hosts.get(host)?.disarm?.()
      hosts.delete(host)
    },
    onLost: (listener) => {
      listeners.push(listener)
    },
  }
}
