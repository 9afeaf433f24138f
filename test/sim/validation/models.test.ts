import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { openStream } from "../../../engine/index.ts"
import { exponential } from "../../../sim/kernel/variates.ts"
import { QuantileSketch } from "../../../sim/statistics/samples/quantile-sketch.ts"
import { runFcfsQueue } from "../../../sim/validation/models/fcfs-queue.ts"
import { runLossSystem } from "../../../sim/validation/models/loss-system.ts"
import {
  joinShorterOfTwo,
  joinShortest,
  runParallelQueues,
} from "../../../sim/validation/models/parallel-queues.ts"
import { runSharedServer } from "../../../sim/validation/models/processor-sharing.ts"
import { QueueLengths } from "../../../sim/validation/models/queue-lengths.ts"
import { WaitingLine } from "../../../sim/validation/models/waiting-line.ts"
import { exponentialService, gammaService } from "../../../sim/validation/models/service-time.ts"
import { assertProperty } from "../../support/property.ts"

/** Each model again, written without an event queue, on the same draws. */

const seeds = fc.nat(1e9)
const opened = (seed: number) => ({
  start: openStream("models", "start", seed),
  arrivals: openStream("models", "arrivals", seed),
  services: openStream("models", "services", seed),
  choices: openStream("models", "choices", seed),
})
const interarrivals = (seed: number, rate: number, count: number) => {
  const { arrivals } = opened(seed)
  return Array.from({ length: count }, () => exponential(arrivals, rate))
}
const mean = (values: ReadonlyArray<number>) => values.reduce((a, b) => a + b, 0) / values.length

describe("first come, first served", () => {
  const servers = fc.integer({ min: 1, max: 4 })
  const rate = fc.double({ min: 0.3, max: 1.2, noNaN: true })

  it("gives each customer the wait of Kiefer and Wolfowitz's recursion", async () => {
    await assertProperty(
      fc.property(seeds, servers, rate, fc.nat(4), fc.nat(5), (seed, c, perServer, busy, line) => {
        const arrivalRate = perServer * c
        const customers = 60
        const service = gammaService(1, 0.5)
        const draw = openStream("models", "residuals", seed)
        const residuals = Array.from({ length: Math.min(busy, c) }, () => draw.next() * 3)
        const waiting = residuals.length === c ? line : 0
        const { arrivals, services } = opened(seed)
        const sojourns = new QuantileSketch(0.001)
        const run = runFcfsQueue(
          { arrivalRate, servers: c, service },
          { residuals, waiting },
          customers,
          arrivals,
          services,
          sojourns,
        )

        // When each server is free again, counted from the present arrival.
        const again = opened(seed).services
        const free = Array.from({ length: c }, (_, server) => residuals[server] ?? 0)
        const take = (from: number) => {
          const next = free.indexOf(Math.min(...free))
          const wait = Math.max(0, free[next] - from)
          const time = service.draw(again)
          free[next] = from + wait + time
          return { wait, sojourn: wait + time }
        }
        for (let i = 0; i < waiting; i++) take(0)
        let now = 0
        const gaps = interarrivals(seed, arrivalRate, customers)
        const visits = gaps.map((gap) => take((now += gap)))
        expect(run.meanWait).toBeCloseTo(mean(visits.map(({ wait }) => wait)), 9)
        expect(run.meanWait + run.meanService).toBeCloseTo(
          mean(visits.map(({ sojourn }) => sojourn)),
          9,
        )
        expect(run.meanInterarrival).toBeCloseTo(mean(gaps), 9)
        expect(sojourns.n).toBe(customers)
        const longest = Math.max(...visits.map(({ sojourn }) => sojourn))
        expect(sojourns.quantile(1) / longest).toBeCloseTo(1, 2)
      }),
    )
  })
})

describe("the loss system", () => {
  it("loses those who find all servers busy", async () => {
    await assertProperty(
      fc.property(seeds, fc.integer({ min: 1, max: 5 }), fc.nat(5), (seed, c, busyAtStart) => {
        const customers = 80
        const { arrivals, services } = opened(seed)
        const busy = Math.min(busyAtStart, c)
        const run = runLossSystem(
          { arrivalRate: c, servers: c, serviceRate: 1 },
          busy,
          customers,
          arrivals,
          services,
        )

        const again = opened(seed).services
        let ends = Array.from({ length: busy }, () => exponential(again, 1))
        let now = 0
        let lost = 0
        let excess = 0
        for (const gap of interarrivals(seed, c, customers)) {
          now += gap
          ends = ends.filter((end) => end > now)
          if (ends.length === c) lost += 1
          else {
            const time = exponential(again, 1)
            excess += time - 1
            ends.push(now + time)
          }
        }
        expect(run.lostShare).toBe(lost / customers)
        expect(run.meanInterarrival).toBeCloseTo(now / customers, 9)
        expect(run.serviceExcess).toBeCloseTo(excess / customers, 9)
      }),
    )
  })
})

describe("processor sharing", () => {
  it("splits the server equally among all jobs present", async () => {
    const residuals = fc.array(fc.double({ min: 0.1, max: 3, noNaN: true }), { maxLength: 4 })
    await assertProperty(
      fc.property(seeds, residuals, (seed, present) => {
        const customers = 30
        const arrivalRate = 0.9
        // Every second job on average is of size 1 exactly.
        const service = {
          ...exponentialService(1),
          draw: (stream: ReturnType<typeof openStream>) =>
            stream.next() < 0.5 ? 1 : exponential(stream, 1),
        }
        const { arrivals, services } = opened(seed)
        const run = runSharedServer(
          { arrivalRate, service },
          present,
          customers,
          [1],
          arrivals,
          services,
        )

        const again = opened(seed)
        let jobs = present.map((left) => ({ left, size: NaN, arrived: NaN, followed: false }))
        let now = 0
        let arrived = 0
        let gone = 0
        let nextArrival = exponential(again.arrivals, arrivalRate)
        const times: Array<number> = []
        while (gone < customers) {
          const soonest = Math.min(...jobs.map(({ left }) => left * jobs.length))
          const step = Math.min(soonest, nextArrival - now)
          jobs.forEach((job) => (job.left -= step / jobs.length))
          now += step
          if (step === soonest) {
            const least = Math.min(...jobs.map(({ left }) => left))
            const job = jobs.find(({ left }) => left === least)!
            jobs = jobs.filter((other) => other !== job)
            if (job.followed) gone += 1
            if (job.followed && job.size === 1) times.push(now - job.arrived)
          } else {
            nextArrival = now + exponential(again.arrivals, arrivalRate)
            const size = service.draw(again.services)
            jobs.push({ left: size, size, arrived: now, followed: arrived < customers })
            arrived += 1
          }
        }
        if (times.length > 0) expect(run.meanSojourns[0]).toBeCloseTo(mean(times), 7)
        expect(run.meanInterarrival).toBeCloseTo(
          mean(interarrivals(seed, arrivalRate, customers)),
          9,
        )
      }),
    )
  })
})

describe("parallel queues", () => {
  const servers = fc.integer({ min: 2, max: 6 })

  it.each(["shortest", "shorter of two"] as const)("join the %s", async (rule) => {
    await assertProperty(
      fc.property(seeds, servers, fc.array(fc.nat(3), { maxLength: 6 }), (seed, n, initial) => {
        const arrivalRate = 0.9 * n
        const [warmUp, duration] = [3, 12]
        const join = rule === "shortest" ? joinShortest : joinShorterOfTwo(n)
        const lengths = new QueueLengths(n)
        initial.slice(0, n).forEach((length, server) => {
          for (let i = 0; i < length; i++) lengths.lengthen(server)
        })
        const queues = Array.from({ length: n }, (_, server) => lengths.of(server))
        const run = runParallelQueues(
          { servers: n, arrivalRate, join },
          lengths,
          warmUp,
          duration,
          opened(seed),
        )

        // Who of several shortest is joined makes no difference to the number in the system, as
        // long as services are drawn when they begin; the same choice keeps the draws in step.
        const twin = new QueueLengths(n)
        queues.forEach((length, server) => {
          for (let i = 0; i < length; i++) twin.lengthen(server)
        })
        const { arrivals, services, choices } = opened(seed)
        const ends = queues.map((length) => (length > 0 ? exponential(services, 1) : Infinity))
        let nextArrival = exponential(arrivals, arrivalRate)
        let now = 0
        let area = 0
        let arrived = 0
        const end = warmUp + duration
        while (now < end) {
          const next = Math.min(nextArrival, ...ends, end)
          const from = Math.max(now, warmUp)
          if (next > from) area += (next - from) * queues.reduce((a, b) => a + b, 0)
          now = next
          if (now === end) break
          if (now === nextArrival) {
            if (now > warmUp) arrived += 1
            nextArrival = now + exponential(arrivals, arrivalRate)
            const server = join(twin, choices)
            if (rule === "shortest") expect(queues[server]).toBe(Math.min(...queues))
            twin.lengthen(server)
            queues[server] += 1
            if (queues[server] === 1) ends[server] = now + exponential(services, 1)
          } else {
            const server = ends.indexOf(now)
            twin.shorten(server)
            queues[server] -= 1
            ends[server] = queues[server] > 0 ? now + exponential(services, 1) : Infinity
          }
        }
        expect(run.meanSojourn).toBeCloseTo(area / duration / arrivalRate, 9)
        expect(run.arrivalExcess).toBeCloseTo(arrived / duration / arrivalRate - 1, 9)
      }),
    )
  })

  it("picks two different queues at random, all pairs alike, and joins the shorter", () => {
    const n = 5
    const lengths = new QueueLengths(n)
    for (let server = 0; server < n; server++) {
      for (let i = server; i < n - 1; i++) lengths.lengthen(server)
    }
    const { choices } = opened(0)
    const counts = new Array<number>(n).fill(0)
    const draws = 100_000
    for (let i = 0; i < draws; i++) counts[joinShorterOfTwo(n)(lengths, choices)] += 1
    // Queue i is the shorter of the pairs with the i longer ones, of 10 pairs in all.
    counts.forEach((count, i) => {
      const expected = i / 10
      expect(Math.abs(count / draws - expected)).toBeLessThan(5.5 * Math.sqrt(0.25 / draws))
    })
    expect(counts[0]).toBe(0)
  })
})

describe("queue lengths", () => {
  it("know a shortest queue after any changes", async () => {
    const changes = fc.array(fc.tuple(fc.nat(5), fc.boolean()), { maxLength: 300 })
    await assertProperty(
      fc.property(changes, (steps) => {
        const lengths = new QueueLengths(6)
        const plain = new Array<number>(6).fill(0)
        for (const [queue, up] of steps) {
          if (up) expect(lengths.lengthen(queue)).toBe(++plain[queue])
          else if (plain[queue] > 0) expect(lengths.shorten(queue)).toBe(--plain[queue])
          expect(lengths.of(lengths.shortest())).toBe(Math.min(...plain))
          expect(plain.map((_, i) => lengths.of(i))).toEqual(plain)
        }
      }),
    )
  })

  it("grow as long as they need to", () => {
    const { choices } = opened(1)
    const lengths = new QueueLengths(7)
    const plain = new Array<number>(7).fill(0)
    for (let step = 0; step < 5000; step++) {
      const queue = Math.floor(choices.next() * 7)
      if (choices.next() < 0.7) expect(lengths.lengthen(queue)).toBe(++plain[queue])
      else if (plain[queue] > 0) expect(lengths.shorten(queue)).toBe(--plain[queue])
      expect(lengths.of(lengths.shortest())).toBe(Math.min(...plain))
    }
    expect(Math.min(...plain)).toBeGreaterThan(200)
    // Joining a shortest every time levels them, so each is found in its turn.
    for (let step = 0; step < 3000; step++) lengths.lengthen(lengths.shortest())
    const after = plain.map((_, queue) => lengths.of(queue))
    expect(Math.max(...after) - Math.min(...after)).toBeLessThanOrEqual(1)
  })
})

describe("a waiting line", () => {
  it("is first in, first out, however long", async () => {
    await assertProperty(
      fc.property(fc.array(fc.boolean(), { maxLength: 200, size: "max" }), (joins) => {
        const line = new WaitingLine()
        const plain: Array<number> = []
        joins.forEach((join, i) => {
          if (join) {
            line.join(i)
            plain.push(i)
          } else if (plain.length > 0) expect(line.takeFirst()).toBe(plain.shift())
          expect(line.length).toBe(plain.length)
        })
      }),
    )
  })
})
