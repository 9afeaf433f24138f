/**
 * Tiers, queues and balancing of a machine on the wire. Words are those of 003's guide; credits are decimal strings.
 */
import { Schema } from "effect"
import { between, described, lineOfText, optional, whole } from "../http/fields.ts"

const decimal = Schema.String.pipe(Schema.pattern(/^\d{1,16}(\.\d{1,9})?$/))
const mostJobs = 1024
const mostQueue = 1_000_000
const secondsPerDay = 86_400

const Priority = Schema.Literal("low", "normal", "high", "urgent")

const tier = {
  rate_per_hour: described(decimal, "Credits an hour, in place of the base price"),
  max_jobs: described(whole(1, mostJobs), "Calls of one client at once; more wait"),
  priority: described(Priority, "Its weight in the queue; one tier for each"),
} as const

/** By what its provider calls them; what is left out is offered no more. */
export const Tiers = Schema.Struct({
  tiers: described(
    Schema.Record({ key: lineOfText(64), value: Schema.Struct(tier) }),
    "By name, such as basic, premium, enterprise",
  ),
})
export type Tiers = typeof Tiers.Type

export const QueueSettings = Schema.Struct({
  max_queue_size: described(whole(0, mostQueue), "Calls that may wait at each model; 0: none"),
  timeout_seconds: optional(
    between(0.001, secondsPerDay),
    "After which a call that still waits is refused; default 60",
  ),
  priority_algorithm: optional(Schema.Literal("weighted_fair_share"), "The market's only one"),
})
export type QueueSettings = typeof QueueSettings.Type

export const Balancing = Schema.Struct({
  optimization_target: described(
    Schema.Literal("throughput", "latency"),
    "What calls are drawn to the machine by",
  ),
})
export type Balancing = typeof Balancing.Type

export const ServiceView = Schema.Struct({
  gpu_id: Schema.String,
  tiers: Schema.Record({ key: Schema.String, value: Schema.Struct(tier) }),
  queue: Schema.Struct({ max_queue_size: Schema.Int, timeout_seconds: Schema.Number }),
  balancing: Schema.Struct({
    strategy: described(Schema.String, "How the market picks who serves"),
    optimization_target: Schema.Literal("throughput", "latency"),
  }),
})
export type ServiceView = typeof ServiceView.Type

const FlowView = Schema.Struct({
  account_id: described(Schema.String, "Whose calls they are"),
  kind: described(Schema.String, "A priority; none: of no tier; item: of batches"),
  weight: Schema.Int,
  waiting: Schema.Int,
  under_way: Schema.Int,
  charged: described(Schema.Number, "Tokens by weight, to compare with others of the queue"),
})

export const QueueList = Schema.Struct({
  data: Schema.Array(
    Schema.Struct({
      model: described(Schema.NullOr(Schema.String), "Whose calls wait there"),
      gpu_id: described(Schema.NullOr(Schema.String), "The machine they wait at; null: for any"),
      waiting: Schema.Int,
      under_way: Schema.Int,
      flows: described(Schema.Array(FlowView), "Of the account; the platform sees all"),
    }),
  ),
})
export type QueueList = typeof QueueList.Type
