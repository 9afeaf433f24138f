/**
 * M/M/c/c, the loss system: c servers and no line. A customer who finds all servers busy is lost.
 *
 * Starts from a given number of busy servers and follows the first `customers` who arrive; from a
 * stationary start, each is lost with the stationary probability, with no warm-up to remove.
 */
import type { Stream } from "../../../engine/index.ts"
import { EventQueue } from "../../kernel/event-queue.ts"
import { exponential } from "../../kernel/variates.ts"

export interface LossSystem {
  readonly arrivalRate: number
  readonly servers: number
  readonly serviceRate: number
}

export interface LossRun {
  readonly lostShare: number
  readonly meanInterarrival: number
  /** Σ (service time − its mean) over those served ÷ all customers: its mean is 0. */
  readonly serviceExcess: number
}

export const runLossSystem = (
  { arrivalRate, servers, serviceRate }: LossSystem,
  busyAtStart: number,
  customers: number,
  arrivals: Stream,
  services: Stream,
): LossRun => {
  // Actors 0 … servers − 1 are the servers' completions, actor `servers` is the next arrival.
  const queue = new EventQueue(servers + 1)
  const idle: Array<number> = []
  let arrived = 0
  let lost = 0
  let excess = 0
  for (let server = 0; server < servers; server++) {
    // What is left of an exponential service is distributed as the whole.
    if (server < busyAtStart) queue.schedule(server, exponential(services, serviceRate))
    else idle.push(server)
  }
  queue.schedule(servers, exponential(arrivals, arrivalRate))

  while (arrived < customers) {
    const actor = queue.pop()
    if (actor !== servers) {
      idle.push(actor)
      continue
    }
    arrived += 1
    queue.schedule(servers, queue.now + exponential(arrivals, arrivalRate))
    const server = idle.pop()
    if (server === undefined) lost += 1
    else {
      const time = exponential(services, serviceRate)
      excess += time - 1 / serviceRate
      queue.schedule(server, queue.now + time)
    }
  }
  return {
    lostShare: lost / customers,
    meanInterarrival: queue.now / customers,
    serviceExcess: excess / customers,
  }
}
