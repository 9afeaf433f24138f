/**
 * How fast is the event kernel? Three queues, each simulated by three programs that draw the same
 * variates and so go through the same states: the event queue of sim/kernel, a loop written by hand
 * for this one model (no generality at all: typed arrays, a bare binary heap of completions, the
 * next arrival in a local variable), and js-simulator, the discrete-event package for JavaScript.
 *
 * The programs take turns within every round, and a ratio is the median of the rounds' ratios: what
 * else the machine does slows all of them alike. Time is the process's CPU time. One arrival or one
 * departure is one event.
 */
import { createRequire } from "node:module"
import { openStream, type Stream } from "../../engine/core/random.ts"
import { EventQueue } from "../../sim/kernel/event-queue.ts"
import { exponential } from "../../sim/kernel/variates.ts"
import { QueueLengths } from "../../sim/validation/models/queue-lengths.ts"

const UTILISATION = 0.9

export interface KernelBenchRow {
  readonly model: string
  /** Millions of events a second, medians over the rounds. */
  readonly kernel: number
  readonly handWritten: number
  readonly jsSimulator: number
  /** Medians of the ratios of speeds within a round; goals are ≥ 0.75 and ≥ 2. */
  readonly kernelToHandWritten: number
  readonly kernelToJsSimulator: number
  /** Whether all three ended every round with the same mean time in the system, to the last bit. */
  readonly agree: boolean
}

export interface KernelBenchOptions {
  readonly rounds?: number
  readonly events?: number
}

/** Simulates `events` events and returns the mean time in the system, by Little's law. */
type Program = (seed: string, events: number) => number

/** Runs the comparison. About 20 s for the default 15 rounds of a million events. */
export const benchKernel = ({
  rounds = 15,
  events = 1_000_000,
}: KernelBenchOptions = {}): ReadonlyArray<KernelBenchRow> =>
  models.map(({ model, programs }) => {
    const speeds = programs.map((): Array<number> => [])
    let agree = true
    // The first rounds let V8 find out what to optimise, and are not counted.
    for (let round = -2; round < rounds; round++) {
      const answers = programs.map((program, index) => {
        const before = process.cpuUsage()
        const answer = program(`bench/${round}`, events)
        const spent = process.cpuUsage(before)
        if (round >= 0) speeds[index].push(events / (spent.user + spent.system))
        return answer
      })
      agree = agree && answers.every((answer) => answer === answers[0])
    }
    const [kernel, handWritten, jsSimulator] = speeds as [number[], number[], number[]]
    return {
      model,
      kernel: median(kernel),
      handWritten: median(handWritten),
      jsSimulator: median(jsSimulator),
      kernelToHandWritten: median(kernel.map((speed, round) => speed / handWritten[round])),
      kernelToJsSimulator: median(kernel.map((speed, round) => speed / jsSimulator[round])),
      agree,
    }
  })

const median = (values: ReadonlyArray<number>): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]

const streamsOf = (seed: string): { arrivals: Stream; services: Stream } => ({
  arrivals: openStream(seed, "arrivals", 0),
  services: openStream(seed, "services", 0),
})

// One line and `servers` servers. Only the number in the system is kept: who waits does not matter.

const lineOnKernel =
  (servers: number): Program =>
  (seed, events) => {
    const { arrivals, services } = streamsOf(seed)
    const rate = UTILISATION * servers
    const queue = new EventQueue(servers + 1)
    const idle = Array.from({ length: servers }, (_, server) => server)
    let present = 0
    let area = 0
    let since = 0
    queue.schedule(servers, exponential(arrivals, rate))
    for (let event = 0; event < events; event++) {
      const actor = queue.pop()
      const now = queue.now
      area += present * (now - since)
      since = now
      if (actor === servers) {
        present += 1
        queue.schedule(servers, now + exponential(arrivals, rate))
        const server = idle.pop()
        if (server !== undefined) queue.schedule(server, now + exponential(services, 1))
      } else {
        present -= 1
        if (present >= servers) queue.schedule(actor, now + exponential(services, 1))
        else idle.push(actor)
      }
    }
    return area / since / rate
  }

const singleServerByHand: Program = (seed, events) => {
  const { arrivals, services } = streamsOf(seed)
  let present = 0
  let area = 0
  let now = 0
  let nextArrival = exponential(arrivals, UTILISATION)
  let nextDeparture = Infinity
  for (let event = 0; event < events; event++) {
    if (nextArrival < nextDeparture) {
      area += present * (nextArrival - now)
      now = nextArrival
      present += 1
      nextArrival = now + exponential(arrivals, UTILISATION)
      if (present === 1) nextDeparture = now + exponential(services, 1)
    } else {
      area += present * (nextDeparture - now)
      now = nextDeparture
      present -= 1
      nextDeparture = present > 0 ? now + exponential(services, 1) : Infinity
    }
  }
  return area / now / UTILISATION
}

const lineByHand =
  (servers: number): Program =>
  (seed, events) => {
    const { arrivals, services } = streamsOf(seed)
    const rate = UTILISATION * servers
    // A binary heap of the completions' times; a free slot holds +∞.
    const heap = new Float64Array(2 * servers + 2).fill(Infinity)
    let busy = 0
    let present = 0
    let area = 0
    let now = 0
    let nextArrival = exponential(arrivals, rate)
    for (let event = 0; event < events; event++) {
      const top = heap[0]
      if (nextArrival < top) {
        area += present * (nextArrival - now)
        now = nextArrival
        present += 1
        nextArrival = now + exponential(arrivals, rate)
        if (busy < servers) {
          const time = now + exponential(services, 1)
          let slot = busy++
          while (slot > 0) {
            const parent = (slot - 1) >> 1
            if (heap[parent] <= time) break
            heap[slot] = heap[parent]
            slot = parent
          }
          heap[slot] = time
        }
        continue
      }
      area += present * (top - now)
      now = top
      present -= 1
      let time: number
      if (present >= servers) time = now + exponential(services, 1)
      else {
        time = heap[--busy]
        heap[busy] = Infinity
        if (busy === 0) continue
      }
      let slot = 0
      for (;;) {
        const left = 2 * slot + 1
        if (left >= busy) break
        const child = heap[left + 1] < heap[left] ? left + 1 : left
        if (time <= heap[child]) break
        heap[slot] = heap[child]
        slot = child
      }
      heap[slot] = time
    }
    return area / now / rate
  }

const lineOnJsSimulator =
  (servers: number): Program =>
  (seed, events) => {
    const { arrivals, services } = streamsOf(seed)
    const rate = UTILISATION * servers
    const scheduler = new Scheduler()
    const idle: Array<JsSimulatorEvent> = []
    let present = 0
    let area = 0
    let since = 0
    const advance = (): number => {
      const now = scheduler.current_time
      area += present * (now - since)
      since = now
      return now
    }
    for (let server = 0; server < servers; server++) {
      const departure = new SimEvent(1)
      departure.update = () => {
        const now = advance()
        present -= 1
        if (present >= servers) scheduler.schedule(departure, now + exponential(services, 1))
        else idle.push(departure)
      }
      idle.push(departure)
    }
    const arrival = new SimEvent(1)
    arrival.update = () => {
      const now = advance()
      present += 1
      scheduler.schedule(arrival, now + exponential(arrivals, rate))
      const departure = idle.pop()
      if (departure !== undefined) {
        scheduler.schedule(departure, now + exponential(services, 1))
      }
    }
    scheduler.schedule(arrival, exponential(arrivals, rate))
    for (let event = 0; event < events; event++) scheduler.update()
    return area / since / rate
  }

// One line for each of `servers` servers, and arrivals join a shortest one.

const shortestOnKernel =
  (servers: number): Program =>
  (seed, events) => {
    const { arrivals, services } = streamsOf(seed)
    const rate = UTILISATION * servers
    const queue = new EventQueue(servers + 1)
    const lengths = new QueueLengths(servers)
    let present = 0
    let area = 0
    let since = 0
    queue.schedule(servers, exponential(arrivals, rate))
    for (let event = 0; event < events; event++) {
      const actor = queue.pop()
      const now = queue.now
      area += present * (now - since)
      since = now
      if (actor === servers) {
        present += 1
        queue.schedule(servers, now + exponential(arrivals, rate))
        const server = lengths.shortest()
        if (lengths.lengthen(server) === 1) {
          queue.schedule(server, now + exponential(services, 1))
        }
      } else {
        present -= 1
        if (lengths.shorten(actor) > 0) queue.schedule(actor, now + exponential(services, 1))
      }
    }
    return area / since / rate
  }

const shortestByHand =
  (servers: number): Program =>
  (seed, events) => {
    const { arrivals, services } = streamsOf(seed)
    const rate = UTILISATION * servers
    // A binary heap of completions: times and servers; a free slot holds +∞.
    const times = new Float64Array(2 * servers + 2).fill(Infinity)
    const owners = new Int32Array(2 * servers + 2)
    const lengths = new QueueLengths(servers)
    let busy = 0
    let present = 0
    let area = 0
    let now = 0
    let nextArrival = exponential(arrivals, rate)
    for (let event = 0; event < events; event++) {
      const top = times[0]
      if (nextArrival < top) {
        area += present * (nextArrival - now)
        now = nextArrival
        present += 1
        nextArrival = now + exponential(arrivals, rate)
        const server = lengths.shortest()
        if (lengths.lengthen(server) === 1) {
          const time = now + exponential(services, 1)
          let slot = busy++
          while (slot > 0) {
            const parent = (slot - 1) >> 1
            const parentTime = times[parent]
            if (parentTime <= time) break
            times[slot] = parentTime
            owners[slot] = owners[parent]
            slot = parent
          }
          times[slot] = time
          owners[slot] = server
        }
        continue
      }
      area += present * (top - now)
      now = top
      present -= 1
      let owner = owners[0]
      let time: number
      if (lengths.shorten(owner) > 0) time = now + exponential(services, 1)
      else {
        time = times[--busy]
        owner = owners[busy]
        times[busy] = Infinity
        if (busy === 0) continue
      }
      let slot = 0
      for (;;) {
        const left = 2 * slot + 1
        if (left >= busy) break
        const child = times[left + 1] < times[left] ? left + 1 : left
        const childTime = times[child]
        if (time <= childTime) break
        times[slot] = childTime
        owners[slot] = owners[child]
        slot = child
      }
      times[slot] = time
      owners[slot] = owner
    }
    return area / now / rate
  }

const shortestOnJsSimulator =
  (servers: number): Program =>
  (seed, events) => {
    const { arrivals, services } = streamsOf(seed)
    const rate = UTILISATION * servers
    const scheduler = new Scheduler()
    const lengths = new QueueLengths(servers)
    let present = 0
    let area = 0
    let since = 0
    const advance = (): number => {
      const now = scheduler.current_time
      area += present * (now - since)
      since = now
      return now
    }
    const departures = Array.from({ length: servers }, (_, server) => {
      const departure = new SimEvent(1)
      departure.update = () => {
        const now = advance()
        present -= 1
        if (lengths.shorten(server) > 0) {
          scheduler.schedule(departure, now + exponential(services, 1))
        }
      }
      return departure
    })
    const arrival = new SimEvent(1)
    arrival.update = () => {
      const now = advance()
      present += 1
      scheduler.schedule(arrival, now + exponential(arrivals, rate))
      const server = lengths.shortest()
      if (lengths.lengthen(server) === 1) {
        scheduler.schedule(departures[server], now + exponential(services, 1))
      }
    }
    scheduler.schedule(arrival, exponential(arrivals, rate))
    for (let event = 0; event < events; event++) scheduler.update()
    return area / since / rate
  }

/** What is used of js-simulator, which declares no types. */
interface JsSimulatorEvent {
  update: () => void
}
interface JsSimulator {
  readonly SimEvent: new (rank: number) => JsSimulatorEvent
  readonly Scheduler: new () => {
    readonly current_time: number
    schedule(event: JsSimulatorEvent, time: number): void
    update(): void
  }
}
const { Scheduler, SimEvent } = createRequire(import.meta.url)("js-simulator") as JsSimulator

const models: ReadonlyArray<{ model: string; programs: readonly [Program, Program, Program] }> = [
  { model: "M/M/1", programs: [lineOnKernel(1), singleServerByHand, lineOnJsSimulator(1)] },
  { model: "M/M/10", programs: [lineOnKernel(10), lineByHand(10), lineOnJsSimulator(10)] },
  {
    model: "JSQ-100",
    programs: [shortestOnKernel(100), shortestByHand(100), shortestOnJsSimulator(100)],
  },
]
