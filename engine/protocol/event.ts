/**
 * What can happen to a market: facts, in the past tense, each with its time `at` in whole
 * microseconds. Nothing else tells the kernel the time.
 *
 * Every id is a whole number of the driver's own choosing (the kernel never invents one); request
 * ids rise from call to call, so that a repeated one is recognised at no cost in memory.
 */
import { Schema } from "effect"
import type {
  AccountId,
  BatchId,
  BookingId,
  ContractId,
  InstanceId,
  ListingId,
  MeasurementId,
  ModelId,
  NodeId,
  ProbeId,
  RegionId,
  RequestId,
  TransferId,
} from "../core/ids.ts"
import { isWhole } from "../core/units.ts"

const whole = Schema.Number.pipe(
  Schema.filter((value) => isWhole(value) || `expected a whole number, 0 or more, got ${value}`),
)
const at = whole
const idOf = <A extends number>() => whole as unknown as Schema.Schema<A, number>
const account = idOf<AccountId>()
const model = idOf<ModelId>()
const node = idOf<NodeId>()
const instance = idOf<InstanceId>()
const request = idOf<RequestId>()
const transfer = idOf<TransferId>()
const probe = idOf<ProbeId>()
const measurement = idOf<MeasurementId>()
const listing = idOf<ListingId>()
const region = idOf<RegionId>()
const booking = idOf<BookingId>()
const batch = idOf<BatchId>()
const contract = idOf<ContractId>()
const tokens = whole
const instants = Schema.Array(whole)
/** Who does it: the kernel checks that it is a party to the booking. */
const by = account

/**
 * How an attempt or a probe ended, as the driver saw it. The table of outcomes (docs/rules.md#outcomes)
 * turns each into success, failure or neutral; see `reputation/outcome.ts`.
 */
export const outcomes = [
  "completed",
  "connectFailed",
  "upstreamError",
  "firstTokenTimeout",
  "stalled",
  "truncated",
  "malformed",
  "consumerError",
  "consumerGone",
  "backpressure",
  "credentialRefused",
  "gatewayFault",
  "notServed",
  "qualityFailed",
] as const
export const Outcome = Schema.Literal(...outcomes)
export type Outcome = typeof Outcome.Type

/** How urgent a tier is (docs/rules.md#tiers), in order. */
export const priorities = ["low", "normal", "high", "urgent"] as const
export type Priority = (typeof priorities)[number]
const priority = Schema.Literal(...priorities)

/** By what a listing's rate follows demand (docs/rules.md#strategies). */
export const priceStrategies = [
  "fixed",
  "dynamic",
  "marketBalance",
  "peakMaximizer",
  "utilizationGuard",
] as const
export type PriceStrategy = (typeof priceStrategies)[number]

/** Providers who act together, by what they do together (docs/rules.md#swarms). */
export const swarmNames = ["loadBalancing", "intelligence", "pricing"] as const
export type Swarm = (typeof swarmNames)[number]
const swarm = Schema.Literal(...swarmNames)

const MarketEvents = {
  /** Nothing but the time: wakes the kernel at or after `nextWake`. */
  TimerFired: { at },
  /** The gateway was away since the latest event: what fell due meanwhile is nobody's fault. */
  GatewayResumed: { at },
  AccountOpened: { at, account },
  /** Two accounts were found to be one party's: their traffic with each other is own traffic. */
  AccountsLinked: { at, account, other: account },
  CreditsBought: { at, transfer, account, amount: whole },
  /** The platform adds to the bounty pool beside its part of the fees. */
  PoolFunded: { at, transfer, amount: whole },
  WithdrawalRequested: { at, transfer, account, amount: whole },
  WithdrawalPosted: { at, transfer },
  WithdrawalVoided: { at, transfer },
  /** Unvested bounty of the account goes back to the pool. */
  FraudConfirmed: { at, account },
  /** Lists a model or changes its price, in minor units per million tokens. */
  ModelListed: {
    at,
    model,
    inputPricePerMtok: whole,
    outputPricePerMtok: whole,
    /** It is specialised: whoever serves it is as accurate, 0 … 10,000, and it is dearer. */
    accuracyBps: Schema.optionalWith(whole, { exact: true }),
  },
  NodeRegistered: { at, node, account },
  /** From its first heartbeat on, a node that goes silent is lost without the driver's saying so. */
  HeartbeatReceived: {
    at,
    node,
    /** How busy the node says that its machine is, 0 … 10,000; absent: as it said last. */
    utilisationBps: Schema.optionalWith(whole, { exact: true }),
    /** And how full its memory. */
    memoryBps: Schema.optionalWith(whole, { exact: true }),
  },
  NodeLost: { at, node },
  NodeReturned: { at, node },
  NodeRemoved: { at, node },
  InstanceStarted: {
    at,
    instance,
    node,
    model,
    slots: whole,
    tokensPerSecond: whole,
    /** The platform asked for it: no anti-flapping reduction. */
    isPlatformAsked: Schema.Boolean,
  },
  ModelSwitched: {
    at,
    instance,
    model,
    slots: whole,
    tokensPerSecond: whole,
    isPlatformAsked: Schema.Boolean,
  },
  /**
   * The answer to a `Measure` command, whose number it bears: what the instance really does at the
   * floor or above.
   */
  CapacityMeasured: { at, instance, measurement, slots: whole, tokensPerSecond: whole },
  /** How accurate an instance is with its model; absent `by`: the market itself has measured it. */
  AccuracyMeasured: {
    at,
    instance,
    scoreBps: whole,
    by: Schema.optionalWith(account, { exact: true }),
  },
  /** The answer to a `Recheck` command: whether another instance answers the same. */
  QualityAudited: { at, request, isSame: Schema.Boolean },
  /** What a host asks for the output of an instance from now on; three digits, then zeros. */
  PriceSet: { at, instance, outputPricePerMtok: whole },
  AvailabilityChanged: { at, instance, isAvailable: Schema.Boolean },
  InstanceDrained: { at, instance },
  InstanceStopped: { at, instance },
  /** The operator replaced the token of a suspended cloud instance. */
  CredentialReplaced: { at, instance },
  RequestArrived: {
    at,
    request,
    account,
    model,
    inputTokens: tokens,
    maxTokens: tokens,
    /** Highest acceptable price of output tokens; absent: any. */
    maxPricePerMtok: Schema.optionalWith(whole, { exact: true }),
    /** It is an item of a batch, of this number from 0 on: paid for out of what is held for that. */
    batch: Schema.optionalWith(batch, { exact: true }),
    item: Schema.optionalWith(whole, { exact: true }),
    /** Highest acceptable rate of its host, minor units an hour, where time is charged; absent: any. */
    maxRatePerHour: Schema.optionalWith(whole, { exact: true }),
    /** The consumer's own hours that it is part of: it costs nothing more, and goes to their node alone. */
    booking: Schema.optionalWith(booking, { exact: true }),
    /** It is of a tier of this priority, and goes to hosts that offer one; absent: of none. */
    tier: Schema.optionalWith(priority, { exact: true }),
  },
  /** The consumer of a call that waits does so no more. */
  RequestWithdrawn: { at, request },
  AttemptEnded: {
    at,
    request,
    attempt: whole,
    outcome: Outcome,
    /** Delivered to the consumer, counted at the gateway. */
    outputTokens: tokens,
    /** What the host says it generated. */
    reportedTokens: tokens,
    /** From the first delivered token to the last. */
    decodeMicros: whole,
    /** Retry-After of a 429 or 503; 0: none given. */
    retryAfterMicros: whole,
    /** From the dispatch to the first token; absent: not timed. */
    firstTokenMicros: Schema.optionalWith(whole, { exact: true }),
  },
  ProbeEnded: {
    at,
    instance,
    probe,
    outcome: Outcome,
    outputTokens: tokens,
    decodeMicros: whole,
    /** Retry-After of a 429 or 503; 0: none given. */
    retryAfterMicros: whole,
  },
  /** A region, and the peak hours of its clock up to `until`; those that are known already stay. */
  RegionSet: { at, region, peakFrom: instants, peakUntil: instants, until: whole },
  /** What a node sells by the hour, and at what price; a draft until it is opened. */
  ListingSet: {
    at,
    listing,
    region,
    maxJobs: whole,
    memoryMib: whole,
    /** Minor units an hour for each job, before the strategy's multiplier; and the least after it. */
    baseRate: whole,
    leastRate: whole,
    strategy: Schema.Literal(...priceStrategies),
    /** The peak multiplier, the discount for long rentals, and a dynamic rate's threshold and bound. */
    peakBps: whole,
    bulkBps: whole,
    thresholdBps: whole,
    mostBps: whole,
  },
  ListingPhaseSet: { at, listing, phase: Schema.Literal("open", "paused", "closed") },
  ListingMeasured: { at, listing, maxJobs: whole, memoryMib: whole },
  /** When the listing is open, up to `until`: past it nothing is known, and it is closed. */
  ScheduleSet: {
    at,
    listing,
    opens: instants,
    closes: instants,
    until: whole,
    /** Maintenance in between, when it is not open and owes nobody to be up; absent: none. */
    maintenanceFrom: Schema.optionalWith(instants, { exact: true }),
    maintenanceUntil: Schema.optionalWith(instants, { exact: true }),
  },
  /** It has no schedule any more: it is always open. */
  ScheduleCleared: { at, listing },
  /** What a listing promises with hours that are ordered from now on; a target of 0: no promise. */
  SlaSet: {
    at,
    listing,
    availabilityBps: whole,
    completionBps: whole,
    /** To the first token, µs. */
    responseMicros: whole,
    /** Of a period's price, where a promise is not kept. */
    penaltyBps: whole,
  },
  /** On which terms a listing's host serves calls, at most one for each priority; none: as anybody. */
  TiersSet: {
    at,
    listing,
    tiers: Schema.Array(
      Schema.Struct({
        label: Schema.String,
        priority,
        /** Minor units an hour, in place of the base rate. */
        ratePerHour: whole,
        /** How many calls of one client are under way at once. */
        maxJobs: whole,
      }),
    ),
  },
  /** How many calls may wait at each of a listing's machines, and for how long; 0: none. */
  QueueSet: { at, listing, size: whole, waitMicros: whole },
  /** What adaptive balancing of calls among a listing's machines and others is to be good for. */
  BalanceSet: { at, listing, target: Schema.Literal("throughput", "latency") },
  /** Hours are ordered. With `latestStart` they may start later, as soon as they fit. */
  BookingRequested: {
    at,
    booking,
    account,
    listing,
    startAt: whole,
    endAt: whole,
    jobs: whole,
    memoryMib: whole,
    /** The most that the whole booking may cost, minor units; absent: anything. */
    maxPrice: Schema.optionalWith(whole, { exact: true }),
    latestStart: Schema.optionalWith(whole, { exact: true }),
  },
  /** The consumer has what was granted. */
  DeliveryStarted: { at, booking },
  /** What a probe of the grant saw. */
  DeliveryProbed: { at, booking, isUp: Schema.Boolean },
  BookingCancelled: { at, booking, by },
  BookingEnded: { at, booking, by },
  BookingConfirmed: { at, booking, by },
  BookingDisputed: { at, booking, by },
  DisputeAnswered: { at, booking, by },
  /** What its consumer says of a booking that is over: one star to five. */
  RatingGiven: { at, booking, stars: whole, by },
  /** Also where it is a member already: with other terms. */
  SwarmJoined: {
    at,
    account,
    swarm,
    /** Its nodes share a queue with those of the others; it shows them how it performs, and sees them. */
    isActive: Schema.Boolean,
    sharesPerformance: Schema.Boolean,
  },
  SwarmLeft: { at, account, swarm },
  /** What a member of `intelligence` says of the market, in one of the words of the topic. */
  DataShared: {
    at,
    account,
    topic: Schema.Literal(
      "currentDemand",
      "priceTrends",
      "resourceConstraints",
      "competitiveLandscape",
    ),
    word: Schema.String,
  },
  /** The base rate that a member of `pricing` would have everybody ask, minor units an hour for each job. */
  PriceProposed: { at, account, baseRate: whole },
  /** The consumer's part of what is disputed. */
  DisputeRuled: { at, booking, consumerBps: whole },
  /** Many requests of one model that can wait: how many, and of how many tokens they are in all. */
  BatchOpened: {
    at,
    batch,
    account,
    model,
    items: whole,
    inputTokens: tokens,
    maxTokens: tokens,
    /** Highest acceptable price of output tokens; absent: the least that is asked now. */
    maxPricePerMtok: Schema.optionalWith(whole, { exact: true }),
    /** Absent: the whole window, which the discount is for. */
    deadline: Schema.optionalWith(whole, { exact: true }),
  },
  /** What is not under way is void; what is, is still answered and paid for. */
  BatchCancelled: { at, batch, by },
  /** A listing's host offers one client terms of its own; accepted, they are a booking's. */
  ContractOffered: {
    at,
    contract,
    listing,
    client: account,
    by,
    micros: whole,
    jobs: whole,
    memoryMib: whole,
    /** One of both: minor units an hour for each job, or a reservation's fee for all of it. */
    ratePerHour: Schema.optionalWith(whole, { exact: true }),
    fee: Schema.optionalWith(whole, { exact: true }),
    /** What is guaranteed, and whether a breach of it costs anything. */
    availabilityBps: whole,
    hasPenalties: Schema.Boolean,
    /** Absent: as soon as it is accepted. */
    startAt: Schema.optionalWith(whole, { exact: true }),
    /** The booking that it goes on from, at the same rate or less. */
    extends: Schema.optionalWith(booking, { exact: true }),
  },
  ContractAccepted: { at, contract, booking, by },
  /** Declined by its client, or withdrawn by its host. */
  ContractClosed: { at, contract, by },
} as const satisfies Record<string, Schema.Struct.Fields>

type Fields = typeof MarketEvents
export type EventTag = keyof Fields
export type EventOf<T extends EventTag> = {
  [K in T]: { readonly _tag: K } & Schema.Struct.Type<Fields[K]>
}[T]
/** Any event. Plain objects: a driver may reuse one, the kernel keeps none. */
export type MarketEvent = { [K in EventTag]: EventOf<K> }[EventTag]

/** Every event by name, as a codec: validates, documents and generates. */
export const eventSchemas = Object.fromEntries(
  Object.entries(MarketEvents).map(([tag, fields]) => [tag, Schema.TaggedStruct(tag, fields)]),
) as unknown as { readonly [K in EventTag]: Schema.Schema<EventOf<K>> }

export const MarketEvent: Schema.Schema<MarketEvent> = Schema.Union(
  ...Object.values(eventSchemas),
) as unknown as Schema.Schema<MarketEvent>
