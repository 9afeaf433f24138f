/**
 * What is heard of hosts: heartbeats and polls of their agents, and from them whether a host takes jobs. A
 * host drains as its operator wants it, or when all of its agents do.
 */
import type { NodeId } from "../../../engine/index.ts"
import { microsPerSecond } from "../../../engine/index.ts"
import { isDraining, servedInstances, statusOf } from "../../directory/host-state.ts"
import type { HostRecord } from "../../directory/records.ts"
import type { LiveServices } from "../../directory/services.ts"
import type { Heartbeat } from "../../protocol/host-protocol.ts"
import type { HeldJob } from "../jobs/claim.ts"
import type { JobBoard } from "../jobs/job-board.ts"
import type { SessionSeen } from "./sessions.ts"
import { makeSessions, nameless } from "./sessions.ts"
import { mustSubmit } from "./submit.ts"

/** An agent that is silent for so many of its longest silences is over. */
const silences = 1.5
/** Heartbeats that come faster than this part of their interval are answered and change nothing. */
const heartbeatPart = 10

/** The latest word of a host since the gateway began. */
export interface Heard {
  readonly atMicros: number
  readonly report: Heartbeat
}

export interface Presence {
  /** Gives the jobs that the host should be working on. */
  readonly heartbeat: (host: HostRecord, report: Heartbeat) => ReadonlyArray<HeldJob>
  readonly heardOf: (host: NodeId) => Heard | undefined
  /** An agent of the host has asked for a job, or has had its answer. */
  readonly polled: (host: HostRecord, session: string | undefined) => void
  /** Whether that agent may be handed a job: not while it drains and others of the host do not. */
  readonly mayTake: (host: HostRecord, session: string | undefined) => boolean
  readonly sessionsOf: (host: NodeId) => ReadonlyArray<SessionSeen>
  readonly setAvailable: (host: HostRecord, isAvailable: boolean) => void
  /** As its operator wants it, for all its agents. */
  readonly setDraining: (host: HostRecord, isDraining: boolean) => void
  readonly forget: (host: NodeId) => void
  /** No timer of its own fires any more: the market may end. */
  readonly close: () => void
}

export const makePresence = (services: LiveServices, board: JobBoard): Presence => {
  const { config, directory, driver, uploads } = services
  const heard = new Map<number, Heard>()
  const sessions = makeSessions(
    Math.max(config.hosts.heartbeatSeconds, config.hosts.pollSeconds) * silences * microsPerSecond,
  )

  const setAvailable = (host: HostRecord, isAvailable: boolean): void => {
    for (const { id } of servedInstances(services, host.id))
      if (isDraining(driver.market, id) === isAvailable)
        mustSubmit(driver, { _tag: "AvailabilityChanged", instance: id, isAvailable })
  }
  const setDraining: Presence["setDraining"] = (host, isWanted) => {
    const { isDrained: wasDrained = false, ...record } = directory.hosts.get(host.id) ?? host
    if (isWanted !== wasDrained)
      directory.hosts.put(isWanted ? { ...record, isDrained: true } : record)
    setAvailable(host, !isWanted)
  }

  /**
   * An agent has said whether it drains. One that serves brings its host back, unless its operator has
   * drained that; one that drains takes its host along where no other serves for it.
   */
  const heedSession = (host: HostRecord, session: string | undefined, drains: boolean): void => {
    // An agent that knows of no sessions speaks for the whole host, and means it.
    if (session === undefined && !drains) return setDraining(host, false)
    if (!drains) {
      if (host.isDrained !== true) setAvailable(host, true)
      return board.offerAgain(host.id)
    }
    takeAlong(host.id)
  }
  /** Drains a host whose agents all drain, now or when those that do not have fallen silent. */
  const takeAlong = (id: number): void => {
    const host = directory.hosts.get(id)
    if (host === undefined || host.removedAtMillis !== undefined) return
    const { clock } = driver
    const now = clock.nowMicros()
    const until = sessions.takesUntil(id, now)
    if (until !== undefined) return watch(id, until)
    if (sessions.of(id, now).length > 0) setAvailable(host, false)
  }
  /** Hosts that an agent has drained while another served for them: one timer each. */
  const watched = new Map<number, () => void>()
  let isClosed = false
  const watch = (id: number, atMicros: number): void => {
    if (isClosed || watched.has(id)) return
    const disarm = driver.clock.wakeAt(atMicros, () => {
      watched.delete(id)
      takeAlong(id)
    })
    watched.set(id, disarm)
  }

  const heartbeat: Presence["heartbeat"] = (host, report) => {
    const atMicros = driver.clock.nowMicros()
    const before = heard.get(host.id)?.atMicros ?? -Infinity
    const leastMicros = (config.hosts.heartbeatSeconds * microsPerSecond) / heartbeatPart
    const isEarly = atMicros - before < leastMicros
    if (!isEarly || statusOf(services, host) === "inactive") {
      mustSubmit(driver, {
        _tag: "HeartbeatReceived",
        node: host.id,
        ...utilisationIn(report, driver.market.economy.routing.utilisation === "heeded"),
      })
      heard.set(host.id, { atMicros, report })
    }
    const { session, is_draining } = report
    sessions.heard(host.id, session ?? nameless, atMicros, is_draining)
    if (is_draining !== undefined && host.removedAtMillis === undefined)
      heedSession(host, session, is_draining)
    const held = board.heardOf(host.id, report.jobs ?? [])
    const heldBack = new Set(report.held_back)
    if (held.some(({ jobId, phase }) => phase === "handed" && heldBack.has(jobId)))
      uploads.note(host.id, "heldBack")
    return held
  }

  return {
    heartbeat,
    heardOf: (host) => heard.get(host),
    polled: (host, session = nameless) => {
      sessions.heard(host.id, session, driver.clock.nowMicros())
    },
    mayTake: (host, session = nameless) =>
      sessions.mayTake(host.id, session, driver.clock.nowMicros()),
    sessionsOf: (host) => sessions.of(host, driver.clock.nowMicros()),
    setAvailable,
    setDraining,
    forget: (host) => {
      heard.delete(host)
      sessions.forget(host)
    },
    close: () => {
      isClosed = true
      for (const disarm of watched.values()) disarm()
      watched.clear()
    },
  }
}

/** What a heartbeat says of how busy the machine is, where the market heeds it. */
const utilisationIn = ({ gpu_utilization }: Heartbeat, isHeeded: boolean) =>
  isHeeded && gpu_utilization !== undefined
    ? { utilisationBps: Math.round(10_000 * gpu_utilization) }
    : {}
