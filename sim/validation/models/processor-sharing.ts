/**
 * M/G/1, processor sharing: the server's capacity is split equally among all jobs present.
 *
 * Two event queues, as in the simulation of any shared server: one in time, and one in service
 * received by each. With n jobs present the latter's clock runs at rate 1 ÷ n for all of them, so
 * that a job leaves when it has advanced by the job's size, and only the first to leave needs an
 * entry in time, moved whenever n changes.
 *
 * Starts from given jobs and follows the first `customers` who arrive, until all have left.
 */
import type { Stream } from "../../../engine/index.ts"
import { EventQueue } from "../../kernel/event-queue.ts"
import { exponential } from "../../kernel/variates.ts"
import type { ServiceTime } from "./service-time.ts"

export interface SharedServer {
  readonly arrivalRate: number
  readonly service: ServiceTime
}

export interface SharingRun {
  /** For each size asked about: the mean time in the system of the jobs of exactly this size. */
  readonly meanSojourns: ReadonlyArray<number>
  readonly meanService: number
  readonly meanInterarrival: number
}

const ARRIVAL = 0
const DEPARTURE = 1

export const runSharedServer = (
  { arrivalRate, service }: SharedServer,
  residualsAtStart: ReadonlyArray<number>,
  customers: number,
  sizes: ReadonlyArray<number>,
  arrivals: Stream,
  services: Stream,
): SharingRun => {
  const queue = new EventQueue(2)
  // Actors are the places that jobs take; times are amounts of service received.
  const places = new EventQueue(64)
  const arrivalTimes: Array<number> = []
  const classes: Array<number> = []
  const free: Array<number> = []
  const sojourns = sizes.map(() => 0)
  const counts = sizes.map(() => 0)
  let received = 0
  let since = 0
  let present = 0
  let arrived = 0
  let left = 0
  let work = 0
  let lastArrival = 0

  /** Adds a job; an arrival time below 0 is that of one who is not followed. */
  const admit = (arrivalTime: number, size: number): void => {
    const place = free.pop() ?? arrivalTimes.length
    arrivalTimes[place] = arrivalTime
    classes[place] = sizes.indexOf(size)
    places.schedule(place, received + size)
    present += 1
  }
  const scheduleDeparture = (): void => {
    queue.schedule(DEPARTURE, queue.now + (places.peekTime() - received) * present)
  }

  for (const residual of residualsAtStart) admit(-1, residual)
  if (present > 0) scheduleDeparture()
  queue.schedule(ARRIVAL, exponential(arrivals, arrivalRate))

  while (left < customers) {
    const actor = queue.pop()
    const now = queue.now
    if (actor === ARRIVAL) {
      queue.schedule(ARRIVAL, now + exponential(arrivals, arrivalRate))
      if (present > 0) received += (now - since) / present
      const size = service.draw(services)
      arrived += 1
      if (arrived <= customers) {
        work += size
        lastArrival = now
        admit(now, size)
      } else admit(-1, size)
    } else {
      const place = places.pop()
      received = places.now
      present -= 1
      free.push(place)
      const arrivalTime = arrivalTimes[place]
      if (arrivalTime >= 0) {
        left += 1
        const sizeClass = classes[place]
        if (sizeClass >= 0) {
          sojourns[sizeClass] += now - arrivalTime
          counts[sizeClass] += 1
        }
      }
    }
    since = now
    if (present > 0) scheduleDeparture()
  }
  return {
    meanSojourns: sojourns.map((sum, i) => sum / counts[i]),
    meanService: work / customers,
    meanInterarrival: lastArrival / customers,
  }
}
