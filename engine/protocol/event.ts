/**
 * What can happen to a market: facts, in the past tense, each with its time `at` in whole
 * microseconds. Nothing else tells the kernel the time.
 *
 * Every id is a whole number of the driver's own choosing (the kernel never invents one); request
 * ids rise from call to call, so that a repeated one is recognised at no cost in memory.
 */
import { Schema } from "effect"
import { isWhole } from "../core/units.ts"

const whole = Schema.Number.pipe(
  Schema.filter((value) => isWhole(value) || `expected a whole number, 0 or more, got ${value}`),
)
const at = whole
const id = whole
const tokens = whole

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
] as const
export const Outcome = Schema.Literal(...outcomes)
export type Outcome = typeof Outcome.Type

const MarketEvents = {
  /** Nothing but the time: wakes the kernel at or after `nextWake`. */
  TimerFired: { at },
  /** The gateway was away since the latest event: what fell due meanwhile is nobody's fault. */
  GatewayResumed: { at },
  AccountOpened: { at, account: id },
  /** Two accounts were found to be one party's: their traffic with each other is own traffic. */
  AccountsLinked: { at, account: id, other: id },
  CreditsBought: { at, transfer: id, account: id, amount: whole },
  /** The platform adds to the bounty pool beside its part of the fees. */
  PoolFunded: { at, transfer: id, amount: whole },
  WithdrawalRequested: { at, transfer: id, account: id, amount: whole },
  WithdrawalPosted: { at, transfer: id },
  WithdrawalVoided: { at, transfer: id },
  /** Unvested bounty of the account goes back to the pool. */
  FraudConfirmed: { at, account: id },
  /** Lists a model or changes its price, in minor units per million tokens. */
  ModelListed: { at, model: id, inputPricePerMtok: whole, outputPricePerMtok: whole },
  NodeRegistered: { at, node: id, account: id },
  /** From its first heartbeat on, a node that goes silent is lost without the driver's saying so. */
  HeartbeatReceived: { at, node: id },
  NodeLost: { at, node: id },
  NodeReturned: { at, node: id },
  NodeRemoved: { at, node: id },
  InstanceStarted: {
    at,
    instance: id,
    node: id,
    model: id,
    slots: whole,
    tokensPerSecond: whole,
    /** The platform asked for it: no anti-flapping reduction. */
    isPlatformAsked: Schema.Boolean,
  },
  ModelSwitched: {
    at,
    instance: id,
    model: id,
    slots: whole,
    tokensPerSecond: whole,
    isPlatformAsked: Schema.Boolean,
  },
  /**
   * The answer to a `Measure` command, whose number it bears: what the instance really does at the
   * floor or above.
   */
  CapacityMeasured: { at, instance: id, measurement: id, slots: whole, tokensPerSecond: whole },
  AvailabilityChanged: { at, instance: id, isAvailable: Schema.Boolean },
  InstanceDrained: { at, instance: id },
  InstanceStopped: { at, instance: id },
  /** The operator replaced the token of a suspended cloud instance. */
  CredentialReplaced: { at, instance: id },
  RequestArrived: {
    at,
    request: id,
    account: id,
    model: id,
    inputTokens: tokens,
    maxTokens: tokens,
    /** Highest acceptable price of output tokens; absent: any. */
    maxPricePerMtok: Schema.optionalWith(whole, { exact: true }),
  },
  AttemptEnded: {
    at,
    request: id,
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
  },
  ProbeEnded: {
    at,
    instance: id,
    probe: id,
    outcome: Outcome,
    outputTokens: tokens,
    decodeMicros: whole,
    /** Retry-After of a 429 or 503; 0: none given. */
    retryAfterMicros: whole,
  },
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
