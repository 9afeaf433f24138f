/**
 * M/G/c, first come, first served: Poisson arrivals, one line, c equal servers.
 *
 * Starts from a given state and follows the first `customers` who arrive. Later arrivals cannot
 * change their waits, so that there is nothing to simulate after them; and when the start is drawn
 * from the stationary distribution, every one of their waits is stationary (Poisson arrivals see
 * time averages), with no warm-up to remove.
 */
import type { Stream } from "../../../engine/index.ts"
import { EventQueue } from "../../kernel/event-queue.ts"
import { exponential } from "../../kernel/variates.ts"
import type { ServiceTime } from "./service-time.ts"
import { WaitingLine } from "./waiting-line.ts"

export interface FcfsQueue {
  readonly arrivalRate: number
  readonly servers: number
  readonly service: ServiceTime
}

/** What goes on at time 0. */
export interface FcfsStart {
  /** What is left of the services under way, one for a busy server. */
  readonly residuals: ReadonlyArray<number>
  readonly waiting: number
}

/** Takes in the time of each customer in the system, as their services begin: a sketch, for example. */
export interface SojournSink {
  readonly add: (sojourn: number) => void
}

export interface FcfsRun {
  readonly meanWait: number
  /** Means of what was drawn for the customers followed. */
  readonly meanService: number
  readonly meanInterarrival: number
}

/** Follows the first `customers`, and adds the time of each in the system to `sojourns`. */
export const runFcfsQueue = (
  { arrivalRate, servers, service }: FcfsQueue,
  start: FcfsStart,
  customers: number,
  arrivals: Stream,
  services: Stream,
  sojourns: SojournSink | null,
): FcfsRun => {
  // Actors 0 … servers − 1 are the servers' completions, actor `servers` is the next arrival.
  const queue = new EventQueue(servers + 1)
  const line = new WaitingLine()
  const idle: Array<number> = []
  let arrived = 0
  let started = 0
  let waits = 0
  let serviceTimes = 0
  let lastArrival = 0

  const serve = (server: number, arrivalTime: number): void => {
    const time = service.draw(services)
    queue.schedule(server, queue.now + time)
    if (arrivalTime < 0) return
    const wait = queue.now - arrivalTime
    started += 1
    waits += wait
    serviceTimes += time
    if (sojourns !== null) sojourns.add(wait + time)
  }

  for (let server = servers - 1; server >= 0; server--) {
    const residual = start.residuals[server]
    if (residual === undefined) idle.push(server)
    else queue.schedule(server, residual)
  }
  // Those who wait at the start are not followed; a negative arrival time tells them apart.
  for (let i = 0; i < start.waiting; i++) line.join(-1)
  queue.schedule(servers, exponential(arrivals, arrivalRate))

  while (started < customers) {
    const actor = queue.pop()
    if (actor === servers) {
      const now = queue.now
      arrived += 1
      lastArrival = now
      if (arrived < customers) queue.schedule(servers, now + exponential(arrivals, arrivalRate))
      const server = idle.pop()
      if (server === undefined) line.join(now)
      else serve(server, now)
    } else if (line.length > 0) serve(actor, line.takeFirst())
    else idle.push(actor)
  }
  return {
    meanWait: waits / customers,
    meanService: serviceTimes / customers,
    meanInterarrival: lastArrival / customers,
  }
}
