/**
 * The whole state of a market as plain data: tables of entities, the ledger, the rules' own memory.
 * Only `step` changes it. Everything in it can be saved and restored.
 *
 * Outside of the kernel a market is a `MarketHandle`: drivers send events and read views.
 */
import type { Breakers } from "../../rules/breaker.ts"
import { growBreakers, makeBreakers } from "../../rules/breaker.ts"
import type { FloorSamples } from "../../rules/floor.ts"
import { growFloorSamples, makeFloorSamples } from "../../rules/floor.ts"
import type { CommandSink } from "../../protocol/command.ts"
import { emptyDigest } from "../../core/digest.ts"
import type { Rules } from "../../economy/rules.ts"
import { compileRules } from "../../economy/rules.ts"
import type { Economy } from "../../economy/schema.ts"
import type { Ledger } from "../../ledger/accounts.ts"
import { makeLedger } from "../../ledger/accounts.ts"
import type { Stream } from "../../core/random.ts"
import type { VacantSeat } from "../../rules/flap.ts"
import type { Health } from "../../rules/health.ts"
import { growHealth, makeHealth } from "../../rules/health.ts"
import type { Attempts } from "./attempts.ts"
import { makeAttempts } from "./attempts.ts"
import type { PriceLevels } from "../../rules/pricing/price-levels.ts"
import type { Candidates } from "../../rules/selection.ts"
import { microsPerHour } from "../../core/units.ts"
import type { Table } from "../../core/table.ts"
import { makeTable } from "../../core/table.ts"
import type { WakeQueue } from "../../core/wake-queue.ts"
import { makeWakeQueue } from "../../core/wake-queue.ts"

/** An account is a customer of the ledger: its slot and its customer number are the same. */
const accountSpec = {
  /** Slot of the first account of its party. */
  party: "i32",
  /** Bounty claimed this hour, minor units: paid at once, and vesting. */
  claimNow: "f64",
  claimVesting: "f64",
  /** Anti-flapping reduction that the operator's removed nodes left behind, as of `reductionAt`. */
  reduction: "f64",
  reductionAt: "f64",
  /** Of a party, in the row of its first account: attempts of late that were served, and that failed. */
  servedLately: "f64",
  failedLately: "f64",
  /** Operator that most of its failures were with, and how many more of them than of all others. */
  failedOperator: "i32",
  failedThere: "f64",
} as const

const nodeSpec = {
  account: "i32",
  isOnline: "u8",
  /** It has sent a heartbeat, so its silence is noticed. */
  isSupervised: "u8",
  lastHeartbeat: "f64",
  /** How busy it says that it is, bps. */
  utilisationBps: "u32",
  /** First instance, slot + 1; 0: none. */
  firstInstance: "i32",
  /** Anti-flapping reduction as of `reductionAt`. */
  reduction: "f64",
  reductionAt: "f64",
} as const

const instanceSpec = {
  node: "i32",
  account: "i32",
  /** First account of the operator's party. */
  operator: "i32",
  model: "i32",
  /** Among whom it stands: its model's candidates, or those of its model at its own price. */
  field: "i32",
  /** Its own price, minor units per million output tokens; where hosts set none, or it has not: 0. */
  ownPricePerMtok: "f64",
  /** When its price was last set, and how often in that hour. */
  pricedAt: "f64",
  pricedInHour: "u8",
  /** Next instance of the same node, slot + 1; 0: none. */
  nextOnNode: "i32",
  /** When its seat on the node was taken, µs, by itself or by whom it succeeded. */
  seatSince: "f64",
  /** Declared by the operator. */
  slots: "i32",
  tokensPerSecond: "f64",
  /** Verified by the driver; 0: not yet. */
  measuredSlots: "i32",
  measuredTokensPerSecond: "f64",
  /** Number of the measurement of its present model, and the end of its lease. */
  measurement: "f64",
  measureUntil: "f64",
  inFlight: "i32",
  isUnavailable: "u8",
  /** Serving, draining, or stopping: removed as soon as its last attempt has ended. */
  service: "u8",
  isSuspended: "u8",
  isBelowFloor: "u8",
  floorCursor: "u32",
  backpressureUntil: "f64",
  /** Tokens owed to the ramp's bucket as of `debtAt`. */
  debt: "f64",
  debtAt: "f64",
  /** Online time up to `creditedUntil`, µs. */
  onlineMicros: "f64",
  creditedUntil: "f64",
  isOnline: "u8",
  successes: "f64",
  /** Number of the latest probe, and what it is for: 0 none under way, 1 breaker, 2 floor, 3 doubt. */
  probe: "f64",
  probeFor: "u8",
  /** End of the probe's lease. */
  probeUntil: "f64",
  /** No probe before. */
  probeAfter: "f64",
  /** Request + 1 that probes a half-open instance (`breaker.probe: request`). */
  probeRequest: "f64",
  /** A probe is to tell whether it works: 1 failures without witnesses, 2 a refused token; 0: none. */
  isDoubted: "u8",
  /** Failures that no second party has seen yet, and a slot of the account that has. */
  suspicions: "f64",
  suspicionAccount: "i32",
  /** Answers of late, and those among them that blamed the request as no other host did. */
  answers: "f64",
  refusals: "f64",
  /** Ramped slots C as of the last refresh. */
  capacity: "i32",
  /** Fully ramped, and nothing pends that time could change: only its load moves its standing. */
  isQuiet: "u8",
  /** Index of the reason in `eligibilityReasons`. */
  reason: "u8",
  place: "i32",
  parks: "u32",
} as const

const modelSpec = {
  inputPricePerMtok: "f64",
  outputPricePerMtok: "f64",
  instances: "i32",
  /** Tokens asked for in the present hour, and the average a second over the hours before. */
  demandTokens: "f64",
  demandAverage: "f64",
  demandHours: "u32",
  /** Served output tokens and requests, for the expected size of a refused request. */
  servedTokens: "f64",
  servedRequests: "f64",
  supply: "f64",
  /** Where the ramp of its instances starts, as of the last turn of the hour. */
  rampStart: "f64",
  multiplierHundredths: "u32",
  premiumPerMtok: "f64",
  announcedUntil: "f64",
} as const

const requestSpec = {
  account: "i32",
  model: "i32",
  instance: "i32",
  attempt: "u8",
  inputTokens: "f64",
  maxTokens: "f64",
  /** As quoted on arrival: a price that changes meanwhile is for later calls. */
  inputPricePerMtok: "f64",
  outputPricePerMtok: "f64",
} as const

/** Places of the queues in `wakes`: instances by breaker, probes and the like; nodes by heartbeat. */
export const ofInstances = 0
export const ofNodes = 1

declare const kernelOnly: unique symbol

/**
 * A market as whoever drives it holds it: what it runs by and how far it has come. `step` changes it,
 * views tell of it; what it is made of stays in the kernel.
 */
export interface MarketHandle {
  readonly economy: Economy
  readonly seed: string
  /** Time of the latest event, µs. */
  readonly now: number
  /** Latest request id; later ones are higher. */
  readonly lastRequest: number
  readonly [kernelOnly]: true
}

export interface Market extends MarketHandle {
  readonly rules: Rules
  now: number
  lastRequest: number
  /** Start of the next hour, µs. */
  nextHour: number
  /** Hours that have turned since anything else happened. */
  idleHours: number
  /** Where the present step leaves its commands, and the digest over all of them so far. */
  readonly sink: CommandSink
  readonly ledger: Ledger
  readonly accounts: Table<typeof accountSpec>
  readonly nodes: Table<typeof nodeSpec>
  readonly instances: Table<typeof instanceSpec>
  readonly models: Table<typeof modelSpec>
  readonly requests: Table<typeof requestSpec>
  readonly attempts: Attempts
  /** Who stands side by side for requests, by field; free fields, last freed first. */
  readonly fields: Array<Candidates>
  readonly freeFields: Array<number>
  /** By model slot: at which prices it is offered, and the field of each. */
  readonly levels: Array<PriceLevels>
  readonly routeStreams: Array<Stream>
  /** By model slot: this hour's demand by party; kept where a consumer's share is capped. */
  readonly demandByParty: Array<Map<number, number>>
  /** By model slot: how many instances of it each party has. */
  readonly operators: Array<Map<number, number>>
  /** Node slot → seats that its instances left, and operator → those that its removed nodes left. */
  readonly vacantSeats: Map<number, ReadonlyArray<VacantSeat>>
  readonly bequeathedSeats: Map<number, ReadonlyArray<VacantSeat>>
  readonly breakers: Breakers
  readonly floorSamples: FloorSamples
  readonly health: Health
  /** When instances and nodes want to be looked at again, at `ofInstances` and `ofNodes`. */
  readonly wakes: ReadonlyArray<WakeQueue>
  /** Account slots with a claim on this hour's bounties, in the order of their first claim. */
  readonly claimants: Array<number>
  /** Account slot → bounty still to vest, one entry a day's cohort (ring by day). */
  readonly vestings: Map<number, Float64Array<ArrayBuffer>>
  /** By model slot: how many of its instances stand so now, by reason. */
  readonly standings: Array<Int32Array<ArrayBuffer>>
  /** How often instances came to stand so, by reason. */
  readonly reasonCounts: Float64Array<ArrayBuffer>
}

/** The kernel's own look into a market. */
export const open = (handle: MarketHandle): Market => handle as Market

/** An empty market at time 0. `reasons` is the number of eligibility reasons to count. */
export const makeMarket = (economy: Economy, seed: string, reasons: number): Market => {
  const rules = compileRules(economy)
  const digest = emptyDigest()
  const market: Omit<Market, typeof kernelOnly> = {
    economy,
    rules,
    seed,
    now: 0,
    lastRequest: -1,
    nextHour: microsPerHour,
    idleHours: 0,
    sink: { commands: [], digest },
    ledger: makeLedger(),
    accounts: makeTable(accountSpec),
    nodes: makeTable(nodeSpec),
    instances: makeTable(instanceSpec),
    models: makeTable(modelSpec, 8),
    requests: makeTable(requestSpec),
    attempts: makeAttempts(rules),
    fields: [],
    freeFields: [],
    levels: [],
    routeStreams: [],
    demandByParty: [],
    operators: [],
    vacantSeats: new Map(),
    bequeathedSeats: new Map(),
    breakers: makeBreakers(rules),
    floorSamples: makeFloorSamples(rules),
    health: makeHealth(rules),
    wakes: [makeWakeQueue(), makeWakeQueue()],
    claimants: [],
    vestings: new Map(),
    standings: [],
    reasonCounts: new Float64Array(reasons),
  }
  return market as Market
}

/** Makes every per-instance memory as large as the instance table. */
export const growInstanceMemory = (market: Market): void => {
  const capacity = market.instances.ids.length
  growBreakers(market.breakers, market.rules, capacity)
  growFloorSamples(market.floorSamples, market.rules, capacity)
  growHealth(market.health, capacity)
}

/** Slot of the first account of an account's party: one party's accounts have the same. */
export const partyOf = (market: Market, account: number): number =>
  market.accounts.columns.party[account]
