/**
 * n parallel servers, each with a line of its own, exponential services, Poisson arrivals, and a
 * rule that sends each customer to one of the lines on arrival.
 *
 * The mean time in the system follows from the average number in it by Little's law, the arrival
 * rate being known: W = L ÷ λ. No customer needs to be followed. Starts from given lengths, and
 * leaves out a warm-up.
 */
import type { Stream } from "../../../engine/index.ts"
import { EventQueue } from "../../kernel/event-queue.ts"
import { exponential } from "../../kernel/variates.ts"
import type { QueueLengths } from "./queue-lengths.ts"

export interface ParallelQueues {
  readonly servers: number
  /** Arrivals at all servers together, per unit of time. */
  readonly arrivalRate: number
  /** The line that the next customer joins. */
  readonly join: (lengths: QueueLengths, choices: Stream) => number
}

export interface ParallelRun {
  readonly meanSojourn: number
  /** Arrivals in the window minus expected, and service begun in it minus expected, per unit of work. */
  readonly arrivalExcess: number
  readonly serviceExcess: number
}

export interface ParallelStreams {
  readonly arrivals: Stream
  readonly services: Stream
  readonly choices: Stream
}

/**
 * Runs for `warmUp` and then for `duration`, in units of the mean service time. `lengths` is the
 * state at the start, and changes.
 */
export const runParallelQueues = (
  { servers, arrivalRate, join }: ParallelQueues,
  lengths: QueueLengths,
  warmUp: number,
  duration: number,
  { arrivals, services, choices }: ParallelStreams,
): ParallelRun => {
  // Actors 0 … servers − 1 are the servers' completions; then the next arrival, and the window.
  const arrival = servers
  const window = servers + 1
  const queue = new EventQueue(servers + 2)
  let present = 0
  let area = 0
  let since = 0
  let arrived = 0
  let serviceExcess = 0
  for (let server = 0; server < servers; server++) {
    present += lengths.of(server)
    if (lengths.of(server) > 0) queue.schedule(server, exponential(services, 1))
  }
  queue.schedule(arrival, exponential(arrivals, arrivalRate))
  queue.schedule(window, warmUp)

  const serve = (server: number): void => {
    const time = exponential(services, 1)
    serviceExcess += time - 1
    queue.schedule(server, queue.now + time)
  }

  for (let windows = 0; ;) {
    const actor = queue.pop()
    const now = queue.now
    area += present * (now - since)
    since = now
    if (actor < servers) {
      present -= 1
      if (lengths.shorten(actor) > 0) serve(actor)
    } else if (actor === arrival) {
      present += 1
      arrived += 1
      queue.schedule(arrival, now + exponential(arrivals, arrivalRate))
      const server = join(lengths, choices)
      if (lengths.lengthen(server) === 1) serve(server)
    } else if (windows++ === 0) {
      area = 0
      arrived = 0
      serviceExcess = 0
      queue.schedule(window, warmUp + duration)
    } else break
  }
  return {
    meanSojourn: area / duration / arrivalRate,
    arrivalExcess: arrived / duration / arrivalRate - 1,
    serviceExcess: serviceExcess / duration / arrivalRate,
  }
}

/** Joins a shortest queue. */
export const joinShortest = (lengths: QueueLengths): number => lengths.shortest()

/** Joins the shorter of two different queues picked at random; of equals, the one picked first. */
export const joinShorterOfTwo =
  (servers: number) =>
  (lengths: QueueLengths, choices: Stream): number => {
    const first = Math.floor(choices.next() * servers)
    const other = Math.floor(choices.next() * (servers - 1))
    const second = other < first ? other : other + 1
    return lengths.of(second) < lengths.of(first) ? second : first
  }
