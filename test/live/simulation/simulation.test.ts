/**
 * The whole gateway in simulated time: the real driver, calls and job board; clock, disk, network,
 * hosts and consumers are made of one seed. Messages are lost, doubled and overtaken, hosts die and
 * lie, consumers leave at any moment, the process is killed between any two instants. The manner is
 * that of TigerBeetle's VOPR.
 *
 * `EVENKEEL_SIMULATION_SEED=n` runs one seed alone.
 */
import { describe, expect, it } from "vitest"
import type { Command, Stream } from "../../../engine/index.ts"
import {
  booksView,
  countOpenRequests,
  drawBelow,
  hardened,
  ledgerBalances,
  openStream,
  pooled,
  standingViews,
} from "../../../engine/index.ts"
import { makeAssembler } from "../../../live/gateway/answer/answer.ts"
import { breathe } from "../../support/property.ts"
import { openTestMarket } from "../support/market.ts"
import { manualClock } from "../support/manual-clock.ts"
import { makeDisk } from "./disk.ts"
import type { Gateway } from "./gateway.ts"
import { marketOf, startGateway } from "./gateway.ts"
import { runHost } from "./host.ts"
import { makeNetwork } from "./network.ts"

const second = 1_000_000
const hosts = 4
const lived = 40 * second

const isLong = process.env["EVENKEEL_LONG"] === "1"
const alone = process.env["EVENKEEL_SIMULATION_SEED"]
const seeds =
  alone === undefined
    ? Array.from({ length: isLong ? 5_000 : 30 }, (_, seed) => seed)
    : [Number(alone)]

interface Told {
  readonly request: number
  readonly charge: number
}

const simulate = async (seed: number): Promise<{ served: number; crashes: number }> => {
  const stream = (purpose: string): Stream => openStream(String(seed), purpose, 0)
  const chance = stream("life")
  const economy =
    seed % 2 === 0
      ? pooled
      : { ...hardened, routing: { ...hardened.routing, capacity: "declared" as const } }
  const clock = manualClock()
  const disk = makeDisk(clock, stream("disk"))
  const network = makeNetwork(clock, stream("network"), chance.next() * 0.1)

  // The directory outlives the processes: it is written with the journal, before anything else here.
  const market = openTestMarket({ economy, clock, store: disk.store })
  const model = market.listModel({ contextTokens: 4096 })
  const consumers = [market.openAccount(), market.openAccount({ minor: 2000 })]
  for (let host = 0; host < hosts; host++) market.startHost({ model, slots: 2 })
  market.driver.stop()

  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 8; turn++) await Promise.resolve()
  }
  /** Lets time pass in small steps, with what was promised in between. */
  const pass = async (micros: number): Promise<void> => {
    const until = clock.nowMicros() + micros
    while (clock.nowMicros() < until) {
      clock.moveTo(Math.min(until, clock.nowMicros() + 5_000))
      await settle()
    }
  }
  await pass(second)

  let gateway: Gateway = startGateway(economy, disk, clock, market.directory)
  const told: Array<Told> = []
  const acknowledged = new Set<number>()
  const world = {
    clock,
    network,
    chance: stream("hosts"),
    gateway: () => gateway,
    acknowledged: (request: number) => void acknowledged.add(request),
  }
  const running = [...market.directory.hosts.all()].map(({ id }) => runHost(world, id, 2))

  const call = (): void => {
    const owner = consumers[drawBelow(chance, consumers.length)]
    const isStreaming = chance.next() < 0.6
    const hearsCharge = !isStreaming || chance.next() < 0.5
    const from = gateway
    let request = -1
    const opened = from.calls.open(
      {
        account: owner.account.id,
        model,
        kind: "chat",
        body: { messages: [] },
        inputTokens: 1 + drawBelow(chance, 50),
        maxTokens: 1 + drawBelow(chance, 40),
      },
      {
        isStreaming,
        hearsCharge,
        ...(isStreaming ? {} : { assembler: () => makeAssembler("chat", "float") }),
        chunk: () => {},
        end: (end) => {
          if (!from.isAlive()) throw new Error("a dead gateway spoke to its consumer")
          if (end._tag === "Served" && hearsCharge) told.push({ request, charge: end.chargeMinor })
        },
      },
    )
    request = from.driver.market.lastRequest
    if (chance.next() < 0.25)
      clock.wakeAt(clock.nowMicros() + drawBelow(chance, 3 * second), () => {
        if (from.isAlive()) opened.leave()
      })
    if (chance.next() < 0.15)
      clock.wakeAt(clock.nowMicros() + drawBelow(chance, 2 * second), () => {
        if (!from.isAlive()) return
        opened.pause()
        clock.wakeAt(clock.nowMicros() + drawBelow(chance, 3 * second), () => {
          if (from.isAlive()) opened.resume()
        })
      })
  }

  let crashes = 0
  const end = clock.nowMicros() + lived
  while (clock.nowMicros() < end) {
    await pass(drawBelow(chance, second))
    const deed = chance.next()
    if (deed < 0.85) call()
    else if (deed < 0.95) for (let i = 0; i < 6; i++) call()
    else {
      crashes += 1
      gateway.kill()
      disk.crash()
      await pass(drawBelow(chance, 5 * second))
      gateway = startGateway(economy, disk, clock, market.directory)
    }
  }
  await pass(60 * second)
  for (const host of running) host.stop()
  await pass(40 * second)

  const { driver, calls, board } = gateway
  expect(calls.size(), "calls under way").toBe(0)
  expect(countOpenRequests(driver.market), "requests under way").toBe(0)
  expect(booksView(driver.market), "held credits, sum of balances").toMatchObject({
    held: 0,
    total: 0,
  })
  expect(board.totals(), "jobs").toMatchObject({ open: 0, waiting: 0 })
  for (const { inFlight } of standingViews(driver.market)) expect(inFlight, "in flight").toBe(0)

  // The journal is the truth: it replays, each request in it ends once, and what somebody was told
  // stands in it.
  await driver.durable()
  await settle()
  await pass(second)
  const replayed = marketOf(economy, disk)
  expect(ledgerBalances(replayed)).toEqual(ledgerBalances(driver.market))
  const arrived = new Set<number>()
  const ends = new Map<number, Command>()
  for (const { event, commands } of disk.journal) {
    if (event._tag === "RequestArrived" && commands[0]?._tag !== "Rejected")
      arrived.add(event.request)
    for (const command of commands)
      if (command._tag === "Finish" || command._tag === "Refuse") {
        expect(ends.has(command.request), `request ${command.request} ended twice`).toBe(false)
        ends.set(command.request, command)
      }
  }
  expect(new Set(ends.keys())).toEqual(arrived)
  for (const { request, charge } of told)
    expect(ends.get(request), `charge of ${request}, which its consumer saw`).toMatchObject({
      _tag: "Finish",
      charge,
    })
  for (const request of acknowledged)
    expect(ends.has(request), `end of ${request}, which its host was told`).toBe(true)
  gateway.kill()
  return { served: told.length, crashes }
}

describe("the gateway in simulated time", () => {
  it("loses no acknowledged posting, leaves no hold, and ends every request once, whatever happens", async () => {
    let served = 0
    let crashes = 0
    for (const seed of seeds)
      try {
        await breathe()
        const result = await simulate(seed)
        served += result.served
        crashes += result.crashes
      } catch (cause) {
        throw new Error(
          `seed ${seed}: ${String(cause)} (EVENKEEL_SIMULATION_SEED=${seed} repeats it)`,
          { cause },
        )
      }
    // A simulation in which nothing happens would find nothing.
    expect(served).toBeGreaterThan(seeds.length * 2)
    expect(crashes).toBeGreaterThan(seeds.length / 4)
  })
})
