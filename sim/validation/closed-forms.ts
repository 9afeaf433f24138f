/**
 * The catalogue of closed forms: queues with known answers, times in units of the mean service
 * time. Lengths are set so that at effort 1 every half-width, at the level that holds for all of
 * them together, is comfortably below 1% of the truth.
 */
import { openStream, type Stream } from "../../engine/index.ts"
import { QuantileSketch } from "../statistics/samples/quantile-sketch.ts"
import type { ClosedForm, Quantity } from "./closed-form.ts"
import { runFcfsQueue } from "./models/fcfs-queue.ts"
import { runLossSystem } from "./models/loss-system.ts"
import { joinShorterOfTwo, joinShortest, runParallelQueues } from "./models/parallel-queues.ts"
import { runSharedServer } from "./models/processor-sharing.ts"
import { QueueLengths } from "./models/queue-lengths.ts"
import {
  deterministicService,
  exponentialService,
  gammaService,
  hyperexponentialService,
  logNormalService,
  mixedService,
  type ServiceTime,
} from "./models/service-time.ts"
import {
  lossStart,
  multiServerStart,
  sharedServerStart,
  singleServerStart,
} from "./stationary-start.ts"
import { erlangB, erlangWait } from "./truth/erlang.ts"
import { powerOfTwoSojourn, tailShare } from "./truth/power-of-two.ts"
import { shortestOfTwoSojourn } from "./truth/shortest-of-two.ts"
import { meanSojourn, meanWait, sharedSojourn, sojournQuantile } from "./truth/single-server.ts"

const REPLICATIONS = 100

/** The sketch's error adds to that of the estimate: it is a twentieth of the width allowed. */
const SKETCH_ERROR = 0.0005

const exact = (name: string, truth: () => number, source: string): Quantity => ({
  name,
  truth,
  truthHalfWidth: 0,
  source,
})

const streamsOf = (name: string, seed: string, replication: number) => {
  const open = (purpose: string): Stream =>
    openStream(seed, `validation/${name}/${purpose}`, replication)
  return {
    start: open("start"),
    arrivals: open("arrivals"),
    services: open("services"),
    choices: open("choices"),
  }
}

const singleServer = (utilisation: number, length: number): ClosedForm => {
  const name = `M/M/1, ρ ${utilisation}`
  const service = exponentialService(1)
  return {
    name,
    quantities: [
      exact("mean sojourn", () => meanSojourn(utilisation), "1 ÷ (1 − ρ)"),
      exact("p99 sojourn", () => sojournQuantile(utilisation, 0.99), "ln 100 ÷ (1 − ρ)"),
    ],
    replications: REPLICATIONS,
    length,
    lengthUnit: "customers",
    replicate: (seed, replication, customers) => {
      const { start, arrivals, services } = streamsOf(name, seed, replication)
      const sojourns = new QuantileSketch(SKETCH_ERROR)
      const run = runFcfsQueue(
        { arrivalRate: utilisation, servers: 1, service },
        multiServerStart(1, utilisation, start),
        customers,
        arrivals,
        services,
        sojourns,
      )
      return {
        values: [run.meanWait + run.meanService, sojourns.quantile(0.99)],
        controls: [run.meanService - 1, run.meanInterarrival - 1 / utilisation],
      }
    },
  }
}

const multiServer = (servers: number, utilisation: number, length: number): ClosedForm => {
  const name = `M/M/${servers}, ρ ${utilisation}`
  const load = servers * utilisation
  const service = exponentialService(1)
  return {
    name,
    quantities: [exact("mean wait", () => erlangWait(servers, load), "Erlang C ÷ (c − a)")],
    replications: REPLICATIONS,
    length,
    lengthUnit: "customers",
    replicate: (seed, replication, customers) => {
      const { start, arrivals, services } = streamsOf(name, seed, replication)
      const run = runFcfsQueue(
        { arrivalRate: load, servers, service },
        multiServerStart(servers, load, start),
        customers,
        arrivals,
        services,
        null,
      )
      return {
        values: [run.meanWait],
        controls: [run.meanService - 1, run.meanInterarrival - 1 / load],
      }
    },
  }
}

const lossSystem = (servers: number, load: number, length: number): ClosedForm => {
  const name = `M/M/${servers}/${servers}, a ${load}`
  return {
    name,
    quantities: [exact("share lost", () => erlangB(servers, load), "Erlang B")],
    replications: REPLICATIONS,
    length,
    lengthUnit: "customers",
    replicate: (seed, replication, customers) => {
      const { start, arrivals, services } = streamsOf(name, seed, replication)
      const run = runLossSystem(
        { arrivalRate: load, servers, serviceRate: 1 },
        lossStart(servers, load, start),
        customers,
        arrivals,
        services,
      )
      return {
        values: [run.lostShare],
        controls: [run.serviceExcess, run.meanInterarrival - 1 / load],
      }
    },
  }
}

const generalService = (service: ServiceTime, length: number): ClosedForm => {
  const utilisation = 0.8
  const name = `M/G/1, ρ ${utilisation}, ${service.name}`
  return {
    name,
    quantities: [
      exact(
        "mean wait",
        () => meanWait(utilisation, service.squaredVariation),
        "Pollaczek–Khinchine",
      ),
    ],
    replications: REPLICATIONS,
    length,
    lengthUnit: "customers",
    replicate: (seed, replication, customers) => {
      const { start, arrivals, services } = streamsOf(name, seed, replication)
      const run = runFcfsQueue(
        { arrivalRate: utilisation, servers: 1, service },
        singleServerStart(utilisation, service, start),
        customers,
        arrivals,
        services,
        null,
      )
      return {
        values: [run.meanWait],
        controls: [run.meanService - 1, run.meanInterarrival - 1 / utilisation],
      }
    },
  }
}

/**
 * Processor sharing, asked for the time of jobs of exactly ¼, 1 and 4. Each is a tenth of all
 * jobs, whatever the distribution of the others: the answers must not depend on it.
 */
const sharedServer = (others: ServiceTime, length: number): ClosedForm => {
  const utilisation = 0.8
  const name = `M/G/1-PS, ρ ${utilisation}, ${others.name}`
  const sizes = [0.25, 1, 4]
  const service = mixedService(others.name, [
    [0.7, others],
    ...sizes.map((size) => [0.1, deterministicService(size)] as const),
  ])
  const arrivalRate = utilisation / service.mean
  return {
    name,
    quantities: sizes.map((size) =>
      exact(`mean sojourn of size ${size}`, () => sharedSojourn(utilisation, size), "x ÷ (1 − ρ)"),
    ),
    replications: REPLICATIONS,
    length,
    lengthUnit: "customers",
    replicate: (seed, replication, customers) => {
      const { start, arrivals, services } = streamsOf(name, seed, replication)
      const run = runSharedServer(
        { arrivalRate, service },
        sharedServerStart(utilisation, service, start),
        customers,
        sizes,
        arrivals,
        services,
      )
      return {
        values: run.meanSojourns,
        controls: [run.meanService - service.mean, run.meanInterarrival - 1 / arrivalRate],
      }
    },
  }
}

/** Power of two choices. Starts from the limit's distribution, drawn for each queue. */
const powerOfTwo = (
  servers: number,
  utilisation: number,
  truth: Quantity,
  replications: number,
  length: number,
): ClosedForm => {
  const name = `power of two choices, n ${servers}, λ ${utilisation}`
  return {
    name,
    quantities: [truth],
    replications,
    length,
    lengthUnit: "service times",
    replicate: (seed, replication, duration) => {
      const streams = streamsOf(name, seed, replication)
      const lengths = new QueueLengths(servers)
      for (let server = 0; server < servers; server++) {
        const u = streams.start.next()
        while (u < tailShare(utilisation, lengths.of(server) + 1)) lengths.lengthen(server)
      }
      const run = runParallelQueues(
        { servers, arrivalRate: servers * utilisation, join: joinShorterOfTwo(servers) },
        lengths,
        10,
        duration,
        streams,
      )
      return { values: [run.meanSojourn], controls: [run.arrivalExcess, run.serviceExcess] }
    },
  }
}

const shortestQueue = (
  servers: number,
  utilisation: number,
  truth: Quantity,
  warmUp: number,
  length: number,
): ClosedForm => {
  const name = `join the shortest queue, n ${servers}, ρ ${utilisation}`
  return {
    name,
    quantities: [truth],
    replications: REPLICATIONS,
    length,
    lengthUnit: "service times",
    replicate: (seed, replication, duration) => {
      const streams = streamsOf(name, seed, replication)
      const run = runParallelQueues(
        { servers, arrivalRate: servers * utilisation, join: joinShortest },
        new QueueLengths(servers),
        warmUp,
        duration,
        streams,
      )
      return { values: [run.meanSojourn], controls: [run.arrivalExcess, run.serviceExcess] }
    },
  }
}

const shortestOfTwo = (utilisation: number, length: number): ClosedForm =>
  shortestQueue(
    2,
    utilisation,
    exact("mean sojourn", () => shortestOfTwoSojourn(utilisation), "stationary equations"),
    1000,
    length,
  )

const manyChoices = (utilisation: number, length: number): ClosedForm =>
  powerOfTwo(
    10_000,
    utilisation,
    exact("mean sojourn", () => powerOfTwoSojourn(utilisation), "Mitzenmacher, n → ∞"),
    40,
    length,
  )

const simulated = (truth: number, truthHalfWidth: number): Quantity => ({
  name: "mean sojourn",
  truth: () => truth,
  truthHalfWidth,
  source: "reference simulation, apart from this kernel",
})

export const closedForms: ReadonlyArray<ClosedForm> = [
  singleServer(0.5, 80_000),
  singleServer(0.8, 770_000),
  singleServer(0.9, 4_100_000),
  multiServer(2, 0.9, 540_000),
  multiServer(10, 0.8, 370_000),
  multiServer(10, 0.9, 800_000),
  lossSystem(1, 0.5, 10_000),
  lossSystem(10, 5, 210_000),
  lossSystem(10, 8, 20_000),
  generalService(deterministicService(1), 75_000),
  generalService(gammaService(1, 0.25), 80_000),
  generalService(exponentialService(1), 140_000),
  generalService(hyperexponentialService(1, 4), 370_000),
  sharedServer(deterministicService(1), 100_000),
  sharedServer(exponentialService(1), 110_000),
  sharedServer(logNormalService(1, 4), 170_000),
  manyChoices(0.5, 4),
  manyChoices(0.7, 4),
  manyChoices(0.9, 4),
  powerOfTwo(100, 0.9, simulated(2.6455, 0.0027), REPLICATIONS, 300),
  shortestOfTwo(0.5, 5_000),
  shortestOfTwo(0.8, 36_000),
  shortestOfTwo(0.9, 175_000),
  shortestQueue(100, 0.9, simulated(1.0663, 0.0014), 50, 150),
]
