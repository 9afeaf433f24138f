/**
 * Draws of the stationary state of queues whose stationary distribution is known, so that a
 * simulation of them starts where its warm-up would end.
 */
import type { Stream } from "../../engine/index.ts"
import { bernoulli, choice, exponential, geometric } from "../kernel/variates.ts"
import type { FcfsStart } from "./models/fcfs-queue.ts"
import { drawResidual, type ServiceTime } from "./models/service-time.ts"
import { erlangC } from "./truth/erlang.ts"

/** How many of M/M/c/c's servers are busy: P(n) ∝ aⁿ ÷ n!, n = 0 … c. */
export const lossStart = (servers: number, load: number, stream: Stream): number =>
  choice(stream, poissonTerms(servers, load))

/**
 * M/M/c with services of mean 1: with Erlang's probability C all servers are busy and a geometric
 * number waits, otherwise fewer are busy in the proportion aⁿ ÷ n!.
 */
export const multiServerStart = (servers: number, load: number, stream: Stream): FcfsStart => {
  const allBusy = bernoulli(stream, erlangC(servers, load))
  const busy = allBusy ? servers : choice(stream, poissonTerms(servers - 1, load))
  return {
    residuals: Array.from({ length: busy }, () => exponential(stream, 1)),
    waiting: allBusy ? geometric(stream, 1 - load / servers) : 0,
  }
}

/**
 * M/G/1: the work found is a geometric number of residual services (Beneš 1957; Kleinrock,
 * "Queueing Systems", volume 1, 1975, section 5.12). First come, first served, how it is split
 * into services makes no difference to those who come later: it is one residual.
 */
export const singleServerStart = (
  utilisation: number,
  service: ServiceTime,
  stream: Stream,
): FcfsStart => {
  const residuals = sharedServerStart(utilisation, service, stream)
  const work = residuals.reduce((sum, residual) => sum + residual, 0)
  return { residuals: residuals.length === 0 ? [] : [work], waiting: 0 }
}

/**
 * M/G/1, processor sharing: a geometric number of jobs, whose remaining sizes are independent
 * residual services (Kelly, "Reversibility and Stochastic Networks", 1979, section 3.3).
 */
export const sharedServerStart = (
  utilisation: number,
  service: ServiceTime,
  stream: Stream,
): ReadonlyArray<number> =>
  Array.from({ length: geometric(stream, 1 - utilisation) }, () => drawResidual(service, stream))

/** aⁿ ÷ n! for n = 0 … most. */
const poissonTerms = (most: number, load: number): ReadonlyArray<number> => {
  const terms = [1]
  for (let n = 1; n <= most; n++) terms.push((terms[n - 1] * load) / n)
  return terms
}
