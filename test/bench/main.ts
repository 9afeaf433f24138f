/**
 * `npm run bench`: speed and memory, as ratios in one run. `--json` prints one document; `--quick`
 * takes a tenth of the work and says less.
 *
 * Single times mean nothing on a shared machine. Each goal is therefore a ratio: against a hand-written
 * loop, against js-simulator, or of one size to another, measured in turn in the same process.
 */
import { benchEngine } from "./engine.ts"
import { benchOrders } from "./hours.ts"
import { benchInstanceServers } from "./instance-server.ts"
import { benchKernel } from "./kernel.ts"
import { benchQueue } from "./queue.ts"
import { benchSimulator, benchWorkers, benchYear } from "./simulator.ts"

const isJson = process.argv.includes("--json")
const work = process.argv.includes("--quick") ? 0.1 : 1
const say = (text: string) => void process.stderr.write(`${text}\n`)

interface Goal {
  readonly name: string
  readonly value: number
  readonly goal: string
  readonly isMet: boolean
}

const atLeast = (name: string, value: number, goal: number): Goal => ({
  name,
  value,
  goal: `≥ ${goal}`,
  isMet: value >= goal,
})
const atMost = (name: string, value: number, goal: number): Goal => ({
  name,
  value,
  goal: `≤ ${goal}`,
  isMet: value <= goal,
})

say("event kernel against a hand-written loop and js-simulator …")
const kernel = benchKernel(work < 1 ? { rounds: 5, events: 300_000 } : {})
say("the pooled economy's step at 10, 1,000 and 100,000 instances …")
const engine = benchEngine(Math.round(2e6 * work))
say("cost of an event from 100 to 100,000 instances …")
const [small, large] = benchEngine(Math.round(1e6 * work), [100, 100_000])
say("the batching service model alone …")
const servers = benchInstanceServers(1_000, 8, Math.round(2e6 * work))
say("the full simulator at 200 and at 1,000 nodes …")
const simulator = [
  await benchSimulator(200, Math.round(5e5 * work)),
  await benchSimulator(1_000, Math.round(1e6 * work)),
]
say("days of 1,000 nodes at 1 request/s …")
const year = await benchYear(Math.max(2, 20 * work))
say("an order of hours, with a tenth of the listings and with all …")
const orders = [
  benchOrders(Math.round(1000 * work), 1000, Math.round(2e5 * work)),
  benchOrders(Math.round(10_000 * work), 1000, Math.round(2e5 * work)),
]
say("a call into a queue of ten thousand flows, and out of it; twice, as the first one warms up …")
const queues = [benchQueue(10_000), benchQueue(10_000)] as const
say("two workers against one …")
const workers = await benchWorkers(Math.round(4e5 * work))

const jsq = kernel.find(({ model }) => model === "JSQ-100")
if (jsq === undefined) throw new Error("bench: the kernel's rows lack JSQ-100")
const thousand = engine.find(({ instances }) => instances === 1_000)
if (thousand === undefined) throw new Error("bench: the engine's rows lack 1,000 instances")
const full = simulator[1]

const goals: ReadonlyArray<Goal> = [
  atLeast("event kernel ÷ js-simulator, JSQ-100", jsq.kernelToJsSimulator, 2),
  atLeast("event kernel ÷ hand-written loop, JSQ-100", jsq.kernelToHandWritten, 0.75),
  atLeast("pooled step at 1,000 instances, logical events/s", thousand.eventsPerSecond, 1e6),
  atLeast("full simulator at 1,000 nodes, requests/s", full.requestsPerSecond, 3e5),
  atMost("memory of 1,000 nodes and 1 million requests, bytes", full.peakBytes, 500e6),
  atMost(
    "cost of an event, 100,000 ÷ 100 instances equally loaded",
    small.eventsPerSecond / large.eventsPerSecond,
    2,
  ),
  atMost(
    `a year of 1,000 nodes at 1 request/s, seconds (from ${year.days} days of it)`,
    year.secondsPerYear,
    60,
  ),
  atMost("a call into a queue of 10,000 flows, p99 in µs", queues[1].takes.p99, 10),
  atMost("a call out of a queue of 10,000 flows, p99 in µs", queues[1].gives.p99, 10),
  atMost(
    `an order of hours among ${orders[1].bookings} bookings, p99 of its processor time in µs`,
    orders[1].p99,
    50,
  ),
  atLeast("two workers ÷ one", workers, 1.8),
]

if (isJson)
  console.log(
    JSON.stringify(
      { goals, kernel, engine, servers, simulator, year, orders, queues, workers },
      null,
      2,
    ),
  )
else {
  console.table(kernel)
  console.table(engine)
  console.table([servers])
  console.table(simulator)
  console.table([year])
  console.table(orders)
  console.table(queues)
  for (const { name, value, goal, isMet } of goals)
    console.log(
      `${isMet ? "met   " : "missed"}  ${name}: ${Number(value.toPrecision(4))} (goal ${goal})`,
    )
}
