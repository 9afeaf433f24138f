/**
 * The gateway's process in the simulation: the real driver, calls and job board on a simulated disk
 * and clock. It can die at any instant; the next one recovers from what the disk kept.
 */
import type { Economy, Market } from "../../../engine/index.ts"
import { advance, createMarket, digestOf, engineOf } from "../../../engine/index.ts"
import { defaultConfig } from "../../../live/config/config.ts"
import type { MarketDriver } from "../../../live/driver/market-driver.ts"
import { makeMarketDriver } from "../../../live/driver/market-driver.ts"
import { endWhatWasUnderWay } from "../../../live/driver/recovery.ts"
import type { Calls } from "../../../live/gateway/call/calls.ts"
import { makeCalls } from "../../../live/gateway/call/calls.ts"
import type { JobBoard } from "../../../live/hosts/jobs/job-board.ts"
import { makeJobBoard } from "../../../live/hosts/jobs/job-board.ts"
import { makeSessions } from "../../../live/directory/sessions.ts"
import { makeUploadWays } from "../../../live/directory/upload-ways.ts"
import type { LiveServices } from "../../../live/directory/services.ts"
import type { Directory } from "../../../live/directory/directory.ts"
import type { ManualClock } from "../support/manual-clock.ts"
import type { Disk } from "./disk.ts"

export interface Gateway {
  readonly driver: MarketDriver
  readonly calls: Calls
  readonly board: JobBoard
  readonly isAlive: () => boolean
  readonly kill: () => void
}

// That of the test market which the journal begins with.
const seed = "test"
const leaseMicros = 2_000_000
const pickUpMicros = 3_000_000

/** The market that the journal on disk leads to. Throws where it does not replay. */
export const marketOf = (economy: Economy, disk: Disk): Market => {
  const market = createMarket(economy, seed)
  for (const [index, { event, digest }] of disk.journal.entries()) {
    advance(market, event, [])
    if (digestOf(market) !== digest)
      throw new Error(`entry ${index} (${event._tag}) does not replay`)
  }
  return market
}

export const startGateway = (
  economy: Economy,
  disk: Disk,
  clock: ManualClock,
  directory: Directory,
): Gateway => {
  let isAlive = true
  const driver = makeMarketDriver(engineOf(marketOf(economy, disk)), clock, disk.store)
  endWhatWasUnderWay(
    driver,
    disk.store,
    (request, attempt) => disk.deliveries.get(`${request}/${attempt}`) ?? 0,
  )
  const timeouts = { ...defaultConfig.timeouts, firstTokenSeconds: 4, betweenTokensSeconds: 2 }
  const services: LiveServices = {
    config: { ...defaultConfig, timeouts: { ...timeouts, requestSeconds: 30 } },
    driver,
    directory,
    store: disk.store,
    sessions: makeSessions(() => clock.nowMicros() / 1000, disk.store),
    uploads: makeUploadWays(),
    nowMillis: () => clock.nowMicros() / 1000,
  }
  const board = makeJobBoard({
    clock: driver.clock,
    hostOf: (instance) => directory.instances.get(instance)?.host,
    uploads: services.uploads,
    limits: { queuedJobs: 4, polls: 4, leaseMicros, pickUpMicros, answers: 1000 },
  })
  const calls = makeCalls(services, { pull: board, push: board })
  // Probes are not under test here: they find the host well.
  driver.addTaker((command) => {
    if (command._tag !== "Probe") return
    const { instance, probe, tokens } = command
    driver.clock.wakeAt(clock.nowMicros() + 100_000, () => {
      driver.submit({
        _tag: "ProbeEnded",
        instance,
        probe,
        outcome: "completed",
        outputTokens: tokens,
        decodeMicros: 100_000,
        retryAfterMicros: 0,
      })
    })
  })
  return {
    driver,
    calls,
    board,
    isAlive: () => isAlive,
    kill: () => {
      isAlive = false
      driver.stop()
    },
  }
}
