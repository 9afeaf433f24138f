/**
 * What a machine earned, how it did, what its provider could change, and what its checks found, on the wire:
 * one source for validation, the OpenAPI document and the clients. Credits are decimal strings, times
 * ISO 8601.
 */
import { Schema } from "effect"
import { between, Credits, described, listOf, optional, queryCount, text } from "../http/fields.ts"

const Moment = described(Schema.String, "ISO 8601, UTC")
const Hour = described(Schema.Int, "Of the day, by the region's clock, 0 to 23")
const hoursOrNull = (otherwise: string) =>
  described(Schema.NullOr(Schema.String), `Credits an hour; null: ${otherwise}`)

export const EarningsQuery = Schema.Struct({
  period: optional(
    Schema.String.pipe(Schema.pattern(/^[1-9]\d{0,2}[dh]$/)),
    "How far back, such as 30d or 12h; default 30d",
  ),
  by: optional(text(40), "Any of client, model, hour, one comma between; default: none"),
})
export type EarningsQuery = typeof EarningsQuery.Type

const EarningsPart = Schema.Struct({
  key: Schema.String,
  share: Credits,
  bookings: Schema.Int,
  calls: Schema.Int,
})
export const GpuEarnings = Schema.Struct({
  gpu_id: Schema.String,
  from: Moment,
  until: Moment,
  timezone: described(Schema.String, "Whose hours of the day these are"),
  gross: described(Schema.String, "What consumers paid, credits"),
  fee: described(Schema.String, "The platform's part of it, credits"),
  total: described(Schema.String, "What the provider was paid, credits"),
  of_hours: described(Schema.String, "Of the total, for hours that were sold, credits"),
  of_calls: described(Schema.String, "Of the total, for calls that its host served, credits"),
  days: described(Schema.Int, "Days since the first payment of the period, begun ones too"),
  daily_average: described(Schema.String, "Total ÷ days, credits"),
  top_client: Schema.NullOr(Schema.String),
  realized_rate: hoursOrNull("no hours were paid for"),
  bookings: described(Schema.Int, "That were paid for"),
  calls: described(Schema.Int, "That were paid for"),
  by: described(
    Schema.Record({ key: Schema.String, value: Schema.Array(EarningsPart) }),
    "What was asked for, each summing to the total: by client (account), model (hours: what runs in them is the consumer's), hour of the day in the region's zone. A payment for a span of time belongs to the hours that it was for",
  ),
})
export type GpuEarnings = typeof GpuEarnings.Type

export const AnalyticsQuery = Schema.Struct({ period: EarningsQuery.fields.period })
export type AnalyticsQuery = typeof AnalyticsQuery.Type

const Utilisation = described(
  Schema.NullOr(Schema.Number),
  "Sold ÷ open job-hours, 0 to 1; null: it was never open",
)
export const GpuAnalytics = Schema.Struct({
  gpu_id: Schema.String,
  from: Moment,
  until: Moment,
  timezone: described(Schema.String, "Whose hours of the day these are"),
  utilization_rate: Utilisation,
  sold_hours: described(Schema.Number, "Job-hours that were sold"),
  open_hours: described(
    Schema.Number,
    "Job-hours that it was open, by its schedule of now and by what was sold",
  ),
  realized_rate: hoursOrNull("no hours were paid for"),
  peak_hours: described(
    Schema.Array(Hour),
    "The quarter of the day in which most of it was sold; fewer where less was sold at all",
  ),
  hours: described(
    Schema.Array(
      Schema.Struct({
        hour: Hour,
        sold_hours: Schema.Number,
        open_hours: Schema.Number,
        utilization: Utilisation,
      }),
    ),
    "24 entries",
  ),
  profitable_models: described(
    Schema.Array(
      Schema.Struct({
        model: Schema.String,
        share: Credits,
        job_hours: described(
          Schema.Number,
          "Hours that were paid for; of calls, from first tokens to last ones",
        ),
        share_per_hour: hoursOrNull("no time was taken"),
      }),
    ),
    "What each brought for an hour of work, the most first; hours: what was sold by the hour",
  ),
})
export type GpuAnalytics = typeof GpuAnalytics.Type

const Suggestion = Schema.Struct({
  suggestion: Schema.Literal(
    "lower_price",
    "open_top_hours",
    "guard_utilization",
    "fewer_jobs",
    "rebuild_reputation",
  ),
  description: Schema.String,
  arithmetic: described(Schema.Array(Schema.String), "The figures that it follows from"),
  impact: described(Schema.String, "What is to be expected of it; not measured: nobody knows"),
  impact_credits: described(
    Schema.NullOr(Schema.String),
    "The same for 30 days, credits to the provider, less below 0; null: not measured",
  ),
  implementation_steps: Schema.Array(Schema.String),
})
export const GpuSuggestions = Schema.Struct({
  gpu_id: Schema.String,
  from: Moment,
  until: Moment,
  data_hours: described(Schema.Number, "How long the machine has been listed, h"),
  needed_hours: described(Schema.Int, "Nothing is suggested before it has been listed so long"),
  ready_at: described(Schema.NullOr(Schema.String), "When that is; null: it has been"),
  suggestions: Schema.Array(Suggestion),
})
export type GpuSuggestions = typeof GpuSuggestions.Type
export type SuggestionView = GpuSuggestions["suggestions"][number]

/** 003's checks and alerts. */
export const checkNames = [
  "gpu_status",
  "memory_usage",
  "network_latency",
  "job_success_rate",
] as const
export type CheckName = (typeof checkNames)[number]
export const alertNames = ["gpu_failure", "high_memory", "job_failure_rate"] as const
export type AlertName = (typeof alertNames)[number]

const Every = Schema.String.pipe(Schema.pattern(/^[1-9]\d{0,4}(s|min|h)$/))
const Share = Schema.String.pipe(Schema.pattern(/^(100|[1-9]\d?)%$/))
const every = (usual: string) => optional(Every, `How often, such as ${usual}; absent: never`)

export const Monitoring = Schema.Struct({
  health_checks: described(
    Schema.Struct({
      gpu_status: every("30s"),
      memory_usage: every("10s"),
      network_latency: every("60s"),
      job_success_rate: every("5min"),
    }),
    "What the machine's agent looks at, and how often",
  ),
  alerts: described(
    Schema.Struct({
      gpu_failure: optional(
        Schema.Literal("immediate"),
        "A GPU that was there is gone: the agent takes no more work until it is back",
      ),
      high_memory: optional(Share, "From which part of the devices' memory in use, such as 85%"),
      job_failure_rate: optional(
        Share,
        "From which part of at least 20 jobs of the last hour that failed, such as 10%",
      ),
    }),
    "What it tells of; each ends 5 points below where it begins",
  ),
})
export type Monitoring = typeof Monitoring.Type

/** What an agent says of its checks, with its heartbeats. */
export const HostHealth = Schema.Struct({
  checks: Schema.Array(
    Schema.Struct({
      check: Schema.Literal(...checkNames),
      value: described(
        Schema.NullOr(between(0, 1e9)),
        "gpu_status: GPUs that are there; memory_usage, job_success_rate: 0 to 1; network_latency: ms; null: not known",
      ),
    }),
  ).pipe(Schema.maxItems(checkNames.length)),
  firing: Schema.Array(
    Schema.Struct({ alert: Schema.Literal(...alertNames), value: between(0, 1e9) }),
  ).pipe(Schema.maxItems(alertNames.length)),
})
export type HostHealth = typeof HostHealth.Type

const alertFields = {
  alert: Schema.Literal(...alertNames),
  state: described(
    Schema.Literal("firing", "resolved"),
    "resolved: it was firing, and is not any more",
  ),
  since: Moment,
  value: described(
    Schema.Number,
    "high_memory, job_failure_rate: 0 to 1; gpu_failure: GPUs that are gone",
  ),
  threshold: described(
    Schema.NullOr(Schema.String),
    "From where it fires, such as 85%; immediate; null: it is not asked for any more",
  ),
}
export const AlertView = Schema.Struct({
  gpu_id: Schema.String,
  gpu: described(Schema.String, "The machine's name"),
  ...alertFields,
})
export type AlertView = typeof AlertView.Type
export const alertLimit = queryCount("At most so many", 1000, 100)
export const AlertQuery = Schema.Struct({
  state: optional(Schema.Literal("firing", "resolved"), "Only these"),
  gpu_id: optional(text(100), "Only of this machine"),
  limit: alertLimit.field,
})
export type AlertQuery = typeof AlertQuery.Type
export const AlertList = listOf(AlertView)

export const MonitoringView = Schema.Struct({
  gpu_id: Schema.String,
  monitoring: described(Schema.NullOr(Monitoring), "null: nothing is asked of its agent"),
  checks: described(
    Schema.Array(
      Schema.Struct({
        check: Schema.Literal(...checkNames),
        value: Schema.NullOr(Schema.Number),
      }),
    ),
    "What its agent said last; none since the gateway began: empty",
  ),
  checked_at: described(Schema.NullOr(Schema.String), "ISO 8601, UTC; null: not yet"),
  alerts: Schema.Array(Schema.Struct(alertFields)),
})
export type MonitoringView = typeof MonitoringView.Type
