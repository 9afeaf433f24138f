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
import { swarmNames } from "../../protocol/event.ts"
import type { CommandSink } from "../../protocol/command.ts"
import { emptyDigest } from "../../core/digest.ts"
import type { Rules } from "../../economy/rules.ts"
import { compileRules } from "../../economy/rules.ts"
import type { Economy } from "../../economy/schema.ts"
import type { Ledger } from "../../ledger/accounts.ts"
import { makeLedger } from "../../ledger/accounts.ts"
import type { Stream } from "../../core/random.ts"
import { openStream } from "../../core/random.ts"
import type { VacantSeat } from "../../rules/flap.ts"
import type { Health } from "../../rules/health.ts"
import { growHealth, makeHealth } from "../../rules/health.ts"
import type { Attempts } from "./attempts.ts"
import type { QueuedCalls } from "./queued-calls.ts"
import { makeQueuedCalls } from "./queued-calls.ts"
import { makeAttempts } from "./attempts.ts"
import type { Heap } from "../../core/indexed-heap.ts"
import { classes } from "../../rules/queue/fair-queue.ts"
import type { Calendar } from "../../rules/hours/calendar.ts"
import type { Spans } from "../../rules/hours/spans.ts"
import type { TrackRecord } from "../../rules/ratings.ts"
import type { PriceLevels } from "../../rules/pricing/price-levels.ts"
import type { Realised } from "../../rules/swarms.ts"
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
  /** Reservations of it that run. */
  reservations: "i32",
} as const

const nodeSpec = {
  account: "i32",
  isOnline: "u8",
  /** It has sent a heartbeat, so its silence is noticed. */
  isSupervised: "u8",
  lastHeartbeat: "f64",
  /** How busy it says that it is, bps. */
  utilisationBps: "u32",
  /** And how full its memory. */
  memoryBps: "u32",
  /** Its listing, slot + 1; 0: it sells no hours. And is it closed by the listing's schedule? */
  listing: "i32",
  isOffSchedule: "u8",
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
  /** Attempts of calls inside bookings: they are no part of what the market has under way with it. */
  bookedInFlight: "i32",
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
  /** Time a token of its calls, lately, µs, as of `timedAt`; 0: not known. */
  microsPerToken: "f64",
  timedAt: "f64",
  /** Number of the latest probe, and what it is for: 0 none under way, 1 breaker, 2 floor, 3 doubt. */
  probe: "f64",
  probeFor: "u8",
  /** End of the probe's lease. */
  probeUntil: "f64",
  /** Measured with its present model, bps; 0: it was not. */
  accuracyBps: "u32",
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

/** What a node sells by the hour. Rates are minor units an hour for each job; factors basis points. */
const listingSpec = {
  node: "i32",
  account: "i32",
  region: "i32",
  /** Draft, open, paused or closed. */
  phase: "u8",
  /** Declared by the host, and verified by the driver; 0: not yet. */
  maxJobs: "i32",
  memoryMib: "i32",
  measuredJobs: "i32",
  measuredMemoryMib: "i32",
  baseRate: "f64",
  leastRate: "f64",
  rate: "f64",
  strategy: "u8",
  multiplierBps: "u32",
  peakBps: "u32",
  bulkBps: "u32",
  thresholdBps: "u32",
  mostBps: "u32",
  /** Past it, nothing is known of its schedule; +Infinity: always open. */
  scheduleUntil: "f64",
  /** Jobs of bookings that run now. */
  busyJobs: "i32",
  /** Bookings that are not over. */
  bookings: "i32",
  /** How many calls may wait at each of its instances, and for how long. */
  queueSize: "i32",
  queueWaitMicros: "f64",
  /** What balancing is to be good for: throughput, latency. */
  balance: "u8",
  /** What it promises to those who order from now on; 0 where it promises nothing. */
  hasSla: "u8",
  slaAvailabilityBps: "u32",
  slaCompletionBps: "u32",
  slaResponseMicros: "f64",
  slaPenaltyBps: "u32",
  /** Since its rate was last set: ∫ busy jobs and ∫ jobs on offer, job·µs, up to `countedAt`. */
  busyMicros: "f64",
  offeredMicros: "f64",
  countedAt: "f64",
  idleSince: "f64",
  /** Mean length of what it has sold, µs, and how many went into it. */
  soldMicros: "f64",
  sold: "f64",
} as const

const regionSpec = {
  /** Past it, its peak hours are not known; when they are asked for next, at the earliest. */
  peaksUntil: "f64",
  askAt: "f64",
  /** As of the latest turn: use of its capacity since the one before, on average over a week, and turns so far. */
  use: "f64",
  meanUse: "f64",
  turns: "f64",
} as const

const bookingSpec = {
  account: "i32",
  listing: "i32",
  phase: "u8",
  isGranted: "u8",
  startAt: "f64",
  endAt: "f64",
  jobs: "i32",
  memoryMib: "i32",
  /** Calls inside it that are under way, and items of batches that it has lent idle jobs to. */
  inFlight: "i32",
  lent: "i32",
  /** Its terms, as ordered. */
  price: "f64",
  ratePerHour: "f64",
  peakBps: "u32",
  bulkBps: "u32",
  isInDemand: "u8",
  /** Hours at the listing's price, a contract's or a reservation's; for a contract, the listing's terms then. */
  kind: "u8",
  earlyRate: "f64",
  earlyPeakBps: "u32",
  earlyBulkBps: "u32",
  isEarlyInDemand: "u8",
  /** When the running period began, and for how long it has not been delivered, up to `downSince`. */
  periodFrom: "f64",
  downMicros: "f64",
  /** Why it is not being delivered now, as bits; 0: it is. Since when. */
  down: "u8",
  downSince: "f64",
  periods: "u32",
  drawn: "f64",
  drawnGifts: "f64",
  fee: "f64",
  poolFee: "f64",
  penalty: "f64",
  /** What its provider is to lose of the bond for having left. */
  forfeit: "f64",
  /** When whoever is to act has to: the provider to start, a party to answer, the judge to rule. */
  deadline: "f64",
  /** Who disputes it: 0 nobody, 1 its consumer, 2 its provider; and has the other one answered? */
  disputedBy: "u8",
  isAnswered: "u8",
} as const

/** A booking that is over and can be rated: by whom, whom, what was paid with credits of one's own, until when. */
const rateableSpec = { consumer: "i32", provider: "i32", paid: "f64", until: "f64" } as const

/** Requests that share a hold, a deadline and a discount. */
const batchSpec = {
  account: "i32",
  model: "i32",
  phase: "u8",
  items: "u32",
  deadline: "f64",
  /** Its terms, as accepted: they never change. */
  factorBps: "u32",
  inputPricePerMtok: "f64",
  maxPricePerMtok: "f64",
  held: "f64",
  /** Tokens of all items, at most; and of those that are under way or have ended well. */
  inputTokens: "f64",
  maxTokens: "f64",
  inputTaken: "f64",
  outputTaken: "f64",
  /** The most output of the items that are over: what is left is the work. */
  outputOver: "f64",
  /** Price of the items that ended well, before the discount; what of it was charged; the fee in that. */
  full: "f64",
  charged: "f64",
  fee: "f64",
  poolFee: "f64",
  underWay: "u32",
  completed: "u32",
  failed: "u32",
} as const

/** Terms that are offered to one client, until they are answered. */
const contractSpec = {
  listing: "i32",
  client: "i32",
  phase: "u8",
  /** −1: when it is accepted. */
  startAt: "f64",
  micros: "f64",
  jobs: "i32",
  memoryMib: "i32",
  /** An hour for each job, or a reservation's fee for all of it. */
  price: "f64",
  isReservation: "u8",
  availabilityBps: "u32",
  hasPenalties: "u8",
  /** What the calendar keeps, and until when the client may accept. */
  keptFrom: "f64",
  keptUntil: "f64",
  deadline: "f64",
} as const

/** What was promised with a booking, and what was seen of its running period; by the booking's number. */
const serviceLevelSpec = {
  availabilityBps: "u32",
  completionBps: "u32",
  responseMicrosMost: "f64",
  penaltyBps: "u32",
  /** Not up: now, since when it is to be counted, so far outside of maintenance, and within. */
  isDown: "u8",
  downSince: "f64",
  downMicros: "f64",
  downInMaintenance: "f64",
  /** How long the market itself was away, maintenance left out, and until when it was last. */
  awayMicros: "f64",
  awayUntil: "f64",
  successes: "f64",
  failures: "f64",
  responses: "f64",
  onTime: "f64",
  responseMicros: "f64",
} as const

const modelSpec = {
  inputPricePerMtok: "f64",
  outputPricePerMtok: "f64",
  instances: "i32",
  /** What a specialised model asks of who serves it, bps; 0: it is none. */
  accuracyBps: "u32",
  /** Median time a token of its instances, µs, as of `medianAt`; 0: not known. */
  medianMicros: "f64",
  medianAt: "f64",
  /** Tokens asked for in the present hour, and the average a second over the hours before. */
  demandTokens: "f64",
  demandAverage: "f64",
  demandHours: "u32",
  /** Served output tokens and requests, for the expected size of a refused request. */
  servedTokens: "f64",
  servedRequests: "f64",
  /** `servedTokens` as of the last turn of the hour. */
  servedBefore: "f64",
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
  /** Its batch, slot + 1; 0: none; −1: one that is over. Which of its items it is. */
  batch: "i32",
  item: "u32",
  /** When its present attempt was dispatched; where time is charged, the rate as of then. */
  startedAt: "f64",
  ratePerHour: "f64",
  /** Booking + 1 that it is part of; 0: none. */
  booking: "f64",
  /** Its consumer has not asked for that: it may go elsewhere, at these prices at most; +Infinity: any. */
  mayLeave: "u8",
  mostPricePerMtok: "f64",
  mostRatePerHour: "f64",
  /** Reservation + 1 that lends an item the job which it runs in; 0: none. */
  lender: "f64",
} as const

/** A call that waits for room. Its hold covers `levelHeld`, the dearest that it may be served at. */
const waitingSpec = {
  account: "i32",
  model: "i32",
  inputTokens: "f64",
  maxTokens: "f64",
  /** As quoted on arrival. */
  inputPricePerMtok: "f64",
  levelHeld: "f64",
  tier: "u8",
  flow: "i32",
  /** Those before and behind it in its flow, slot + 1; 0: none. */
  before: "i32",
  behind: "i32",
  /** The item + 1 that gives way to it; 0: none. */
  claim: "f64",
} as const

/** Where calls wait: at a model, or at an instance. */
const queueSpec = {
  waiting: "i32",
  inFlight: "i32",
  /** The counter of the flow that was served last, before it was charged. */
  lastVirtual: "f64",
  /** Its instance has gone, or serves another model: whoever waits here is to wait elsewhere. */
  isLeft: "u8",
} as const

/** Calls of one client and class at one queue. */
const flowSpec = {
  queue: "i32",
  client: "i32",
  class: "u8",
  /** Virtual Token Counter. */
  virtual: "f64",
  waiting: "i32",
  inFlight: "i32",
  /** First and last that waits, slot + 1; 0: none. */
  first: "i32",
  last: "i32",
  /** Places + 1 among the flows that are to have their turn, and among those that wait, by length. */
  turnPlace: "i32",
  lengthPlace: "i32",
} as const

/** An answer that is run again: by request, whose it was, and until when it is waited for. */
const recheckSpec = { instance: "f64", account: "i32", until: "f64" } as const

/** Places of the queues in `wakes`: instances by breaker, probes and the like; nodes by heartbeat. */
export const ofInstances = 0
export const ofNodes = 1
/** Regions by the next time at which rates are set, listings by their schedules. */
export const ofRegions = 2
export const ofListings = 3
/** Bookings that run or are over, and those that are still to start: ends come before starts. */
export const ofBookings = 4
export const ofStarts = 5
/** Batches by their deadlines. */
export const ofBatches = 6
/** Offers by when they run out. */
export const ofContracts = 7
/** Calls that wait for room, by when they have waited for long enough. */
export const ofWaiting = 9
/** Items that give way, by when they are to have ended. */
export const ofPreempted = 10
const wakeQueues = 11

/** Terms on which a host serves calls: their label is for whoever reads it. */
export interface Tier {
  readonly label: string
  /** Its class as a flow. */
  readonly class: number
  /** Minor units an hour, before the listing's multiplier. */
  readonly ratePerHour: number
  readonly maxJobs: number
}

/** Hours of a party in use in a region: jobs now, and job·µs since rates were last set, up to `at`. */
export interface PartyDemand {
  readonly jobs: number
  readonly micros: number
  readonly at: number
}

/** A period of a booking that is over: its price, how much of it is due, and until when that can be disputed. */
export interface DuePeriod {
  readonly price: number
  readonly due: number
  /** The part of the price that is for time that was not delivered, by the evidence. */
  readonly undelivered: number
  /** What goes back for a service level that was not kept, and how much of it the provider's bond pays. */
  readonly refund: number
  readonly fromBond: number
  readonly confirmBy: number
}

/** A member of a swarm, by its account. */
export interface Member {
  readonly isActive: boolean
  readonly sharesPerformance: boolean
  /** The base rate that it proposes; −1: none. */
  readonly proposedRate: number
  /** Its latest word on each topic, its number + 1; 0: none. And when it said the last of them. */
  readonly words: ReadonlyArray<number>
  readonly wordAt: number
}

/** What members' hours of a day have come to, by account. */
interface RealisedDay {
  readonly day: number
  readonly byAccount: Map<number, Realised>
}

/** The mean rate of a past day; day −1: none is told. */
interface Advice {
  readonly day: number
  readonly ratePerHour: number
}
export const noAdvice: Advice = { day: -1, ratePerHour: 0 }

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
  /** Latest booking id; later ones are higher. */
  readonly lastBooking: number
  /** Latest batch id; later ones are higher. */
  readonly lastBatch: number
  /** Latest contract id; later ones are higher. */
  readonly lastContract: number
  readonly [kernelOnly]: true
}

export interface Market extends MarketHandle {
  readonly rules: Rules
  now: number
  lastRequest: number
  lastBooking: number
  /** What a swarm tells of its members' rates. */
  advice: Advice
  lastBatch: number
  lastContract: number
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
  readonly listings: Table<typeof listingSpec>
  readonly regions: Table<typeof regionSpec>
  readonly bookings: Table<typeof bookingSpec>
  readonly serviceLevels: Table<typeof serviceLevelSpec>
  readonly contracts: Table<typeof contractSpec>
  /** By listing slot: what of it is sold, when it is open and in maintenance, and which of its bookings run. */
  readonly calendars: Array<Calendar>
  readonly schedules: Array<Spans>
  readonly maintenance: Array<Spans>
  readonly running: Array<Array<number>>
  /** By region slot: its peak hours, and the hours that each party has in use there. */
  readonly peaks: Array<Spans>
  readonly regionDemand: Array<Map<number, PartyDemand>>
  /** Booking slot → its periods that are over and not yet paid for, oldest first. */
  readonly duePeriods: Map<number, Array<DuePeriod>>
  /** Service level slot → maintenance within its booking that was known at the order. */
  readonly knownMaintenance: Map<number, Spans>
  /** Party → when it last lost disputes, the latest three, oldest first. */
  readonly lostDisputes: Map<number, ReadonlyArray<number>>
  /** By swarm, and by account slot. */
  readonly swarms: ReadonlyArray<Map<number, Member>>
  readonly realised: Array<RealisedDay>
  readonly rechecks: Table<typeof recheckSpec>
  readonly auditStream: Stream
  readonly rateable: Table<typeof rateableSpec>
  /** Party → what is remembered of it as a provider. */
  readonly records: Map<number, TrackRecord>
  readonly queued: QueuedCalls
  readonly waiting: Table<typeof waitingSpec>
  readonly queues: Table<typeof queueSpec>
  readonly flows: Table<typeof flowSpec>
  /** By queue slot: its flows that could be served, by their turn, and those that wait, longest first. */
  readonly turns: Array<Heap>
  readonly lengths: Array<Heap>
  /** Instances that have come to have room while calls wait; empty between steps. */
  readonly stirred: Array<number>
  /** By listing slot. */
  readonly tiers: Array<ReadonlyArray<Tier>>
  /** By class: the most jobs that any host offers a client at once. */
  readonly mostJobs: Array<number>
  readonly batches: Table<typeof batchSpec>
  /** By batch slot: how each of its items stands, a byte an item. */
  readonly batchItems: Array<Uint8Array<ArrayBuffer>>
  /** By batch slot: how often each of its items has given way; nothing where none does. */
  readonly batchPreemptions: Array<Uint8Array<ArrayBuffer>>
  /** By model slot: output tokens that were idle, by hour of the week; empty where nobody asks. */
  readonly idleTokens: Array<Float64Array<ArrayBuffer>>
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
    lastBooking: -1,
    lastBatch: -1,
    lastContract: -1,
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
    // Most markets sell no hours: these tables are as small as can be until somebody does.
    listings: makeTable(listingSpec, 1),
    regions: makeTable(regionSpec, 1),
    bookings: makeTable(bookingSpec, 1),
    serviceLevels: makeTable(serviceLevelSpec, 1),
    contracts: makeTable(contractSpec, 1),
    calendars: [],
    schedules: [],
    maintenance: [],
    running: [],
    peaks: [],
    regionDemand: [],
    duePeriods: new Map(),
    knownMaintenance: new Map(),
    lostDisputes: new Map(),
    advice: noAdvice,
    swarms: swarmNames.map(() => new Map()),
    realised: [],
    rechecks: makeTable(recheckSpec, 1),
    auditStream: openStream(seed, "recheck", 0),
    rateable: makeTable(rateableSpec, 1),
    records: new Map(),
    queued: makeQueuedCalls(),
    waiting: makeTable(waitingSpec, 1),
    queues: makeTable(queueSpec, 1),
    flows: makeTable(flowSpec, 1),
    turns: [],
    lengths: [],
    stirred: [],
    tiers: [],
    mostJobs: Array.from({ length: classes }, () => 0),
    batches: makeTable(batchSpec, 1),
    batchItems: [],
    batchPreemptions: [],
    idleTokens: [],
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
    wakes: Array.from({ length: wakeQueues }, makeWakeQueue),
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
