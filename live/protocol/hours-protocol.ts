/**
 * Hours of machines on the wire: what providers and buyers send and what they are answered. One source for
 * the gateway's validation, its OpenAPI document and the types of the clients. Credits are decimal strings,
 * times ISO 8601.
 */
import { Schema } from "effect"
import {
  between,
  text,
  whole,
  Cursor,
  described,
  lineOfText,
  listOf,
  optional,
  pageOf,
  queryCount,
} from "../http/fields.ts"
import { SlaSummary, SlaTerms } from "./contracts-protocol.ts"
import { SpecialisedView } from "./reputation-protocol.ts"

const decimal = Schema.String.pipe(Schema.pattern(/^\d{1,16}(\.\d{1,9})?$/))

/** Without an offset nobody knows which instant is meant. */
const instant = Schema.String.pipe(
  Schema.pattern(/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)$/),
)
const Moment = described(Schema.String, "ISO 8601, UTC")
const momentOr = (otherwise: string) =>
  described(Schema.NullOr(Schema.String), `ISO 8601, UTC; null: ${otherwise}`)

export const strategies = [
  "market-balance",
  "peak-maximizer",
  "utilization-guard",
  "dynamic",
  "fixed",
] as const
export const StrategyName = Schema.Literal(...strategies)
export type StrategyName = typeof StrategyName.Type

const regionName = text(40)
const mostMemoryGib = 65_536
const mostJobs = 1024
const Price = described(decimal, 'Credits an hour for each job, as a decimal such as "0.05"')

/** 003's prices, and how they follow demand. */
const pricing = {
  base_price: optional(decimal, 'Credits an hour for each job, as a decimal such as "0.05"'),
  strategy: optional(
    StrategyName,
    "How the price follows demand; default market-balance, and for a change: as it was",
  ),
  least_price: optional(decimal, "What the price never goes below, credits an hour"),
  peak_multiplier: optional(between(1, 100), "In demand or at peak hours; default 1.5"),
  bulk_discount: optional(between(0, 1), "Factor for rentals of more than 10 hours; default 0.8"),
  demand_threshold: optional(
    between(0.0001, 0.9999),
    "Use from which a dynamic price rises, 0 to 1; default 0.8",
  ),
  max_multiplier: optional(between(1, 100), "The most that a dynamic price rises to; default 2"),
}

export const GpuPricing = Schema.Struct(pricing)
export type GpuPricing = typeof GpuPricing.Type

const Capabilities = described(
  Schema.Record({ key: Schema.String, value: Schema.Unknown }),
  "What its provider says of it, for display: compute type, models, score, specialization",
)

/** Its shape is checked by who reads it (schedules/), which says what is wrong by its place. */
const WeeklySchedule = described(
  Schema.Record({ key: Schema.String, value: Schema.Unknown }),
  "timezone, availability by days and hours, maintenance_windows",
)

export const GpuRegistration = Schema.Struct({
  ...pricing,
  base_price: Price,
  name: described(lineOfText(100), "For people"),
  memory_gib: described(between(0.001, mostMemoryGib), "Memory that is sold, GiB"),
  cuda_version: optional(text(20), "Such as 12.1, for display"),
  max_jobs: optional(whole(1, mostJobs), "Jobs at once; default 1"),
  region: optional(regionName, "One of the market's; default: the first"),
  host_id: optional(
    text(100),
    "A host of the same account that is registered already; default: a new one",
  ),
  account_id: optional(text(100), "Whose it is; with an admin key only"),
  registration_id: optional(
    text(100),
    "The client's own id of this registration: sent again, it is answered with the same machine",
  ),
  capabilities: optional(Capabilities, "For display"),
  schedule: optional(WeeklySchedule, "When it is to be had; default: always"),
  is_offered: optional(Schema.Boolean, "Whether it can be booked at once; default true"),
})
export type GpuRegistration = typeof GpuRegistration.Type

export const GpuChange = Schema.Struct({
  ...pricing,
  name: optional(lineOfText(100), "For people"),
  memory_gib: optional(between(0.001, mostMemoryGib), "Memory that is sold, GiB"),
  cuda_version: optional(text(20), "For display"),
  max_jobs: optional(whole(1, mostJobs), "Jobs at once"),
  region: optional(regionName, "One of the market's"),
  capabilities: optional(Capabilities, "For display"),
  is_offered: optional(Schema.Boolean, "false: no new bookings; those that are sold stay"),
})
export type GpuChange = typeof GpuChange.Type

export const GpuAvailability = Schema.Struct({
  schedule: described(
    Schema.NullOr(WeeklySchedule),
    "timezone, availability by days and hours, maintenance_windows; null: always",
  ),
})
export type GpuAvailability = typeof GpuAvailability.Type

export const GpuPath = Schema.Struct({ id: described(text(100), "gpu_id") })
export type GpuPath = typeof GpuPath.Type

export const gpuLimit = queryCount("At most so many", 1000, 100)
export const GpuQuery = Schema.Struct({
  region: optional(regionName, "Only those there"),
  model: optional(text(200), "Only those that serve this model, or say that they can"),
  max_price: optional(decimal, "Only those at this rate an hour or below"),
  available: optional(
    Schema.Literal("true", "false"),
    "Only those that can be booked and are there now, or the others",
  ),
  mine: optional(Schema.Literal("true"), "Only one's own, drafts and paused ones too"),
  min_reputation: optional(
    Schema.String.pipe(Schema.pattern(/^(0(\.\d{1,4})?|1(\.0{1,4})?)$/)),
    "Only those whose provider is known for so much or more, 0 to 1",
  ),
  sort: optional(
    Schema.Literal("reputation"),
    "reputation: the best known first; default: in the order in which they were listed",
  ),
  limit: gpuLimit.field,
  cursor: Cursor,
})
export type GpuQuery = typeof GpuQuery.Type

export const GpuView = Schema.Struct({
  gpu_id: Schema.String,
  name: Schema.String,
  phase: described(
    Schema.Literal("draft", "open", "paused", "closed"),
    "open: it can be booked; closed: removed, what is sold is delivered still",
  ),
  is_online: described(Schema.Boolean, "Whether its machine is heard of"),
  is_available: described(Schema.Boolean, "Open by phase and schedule, and heard of, now"),
  region: Schema.String,
  timezone: described(Schema.String, "Whose clock tells the peak hours there"),
  memory_gib: Schema.Number,
  max_jobs: Schema.Int,
  busy_jobs: described(Schema.Int, "Jobs of bookings that run now"),
  open_bookings: described(Schema.Int, "Bookings that are not over"),
  cuda_version: Schema.NullOr(Schema.String),
  capabilities: Capabilities,
  models: described(Schema.Array(Schema.String), "Models whose calls its host serves beside"),
  specialised: described(Schema.Array(SpecialisedView), "Specialised models that it hosts"),
  reputation: described(Schema.Number, "What its provider is known for, 0 to 1"),
  strategy: StrategyName,
  base_price: Price,
  price_per_hour: described(Schema.String, "Credits an hour for each job, now"),
  multiplier: described(Schema.Number, "What the base price is multiplied by now"),
  least_price: Price,
  peak_multiplier: Schema.Number,
  bulk_discount: Schema.Number,
  demand_threshold: described(Schema.Number, "Use from which a dynamic price rises, 0 to 1"),
  max_multiplier: described(Schema.Number, "The most that a dynamic price rises to"),
  schedule: described(Schema.NullOr(WeeklySchedule), "null: always"),
  schedule_text: described(Schema.String, "The same in words"),
  next_change_at: momentOr("its schedule never opens or closes it"),
  sla: described(
    Schema.NullOr(SlaTerms),
    "What it promises with hours that are ordered now; null: nothing",
  ),
  created_at: Moment,
})
export type GpuView = typeof GpuView.Type
export const GpuPage = pageOf(GpuView)

export const RegisteredGpu = Schema.Struct({
  ...GpuView.fields,
  api_key: described(
    Schema.NullOr(Schema.String),
    "hk_live_…, the key of its host, shown this once; null: the host was there before",
  ),
  heartbeat_interval_seconds: Schema.Number,
})
export type RegisteredGpu = typeof RegisteredGpu.Type

export const GpuStatus = Schema.Struct({
  ...GpuView.fields,
  sold_hours: described(Schema.Number, "Over the last 30 days"),
  utilization: described(
    Schema.Number,
    "Sold ÷ open job-hours since it was listed, at most 30 days, 0 to 1",
  ),
  realized_rate: described(
    Schema.NullOr(Schema.String),
    "Credits an hour of what was paid for; null: nothing yet",
  ),
  running: described(Schema.Array(Schema.String), "booking_id of those that run"),
  next_booking_at: momentOr("none ahead"),
})
export type GpuStatus = typeof GpuStatus.Type

const CalendarQueryDays = queryCount("Days from now on", 90, 14)
export const calendarDays = CalendarQueryDays
export const CalendarQuery = Schema.Struct({ days: CalendarQueryDays.field })
export type CalendarQuery = typeof CalendarQuery.Type

const Span = Schema.Struct({ from: Moment, until: Moment })
export const GpuCalendar = Schema.Struct({
  gpu_id: Schema.String,
  from: Moment,
  until: Moment,
  open: described(Schema.Array(Span), "When its schedule has it open"),
  sold: described(
    Schema.Array(
      Schema.Struct({ from: Moment, until: Moment, jobs: Schema.Int, memory_gib: Schema.Number }),
    ),
    "What of it is taken, span by span",
  ),
  maintenance: described(Schema.Array(Span), "When it is in maintenance, by its schedule"),
  max_jobs: Schema.Int,
  memory_gib: Schema.Number,
})
export type GpuCalendar = typeof GpuCalendar.Type

/** What hours are asked for. */
const asked = {
  gpu_id: text(100),
  start: optional(instant, "When it begins, ISO 8601 with an offset or Z; default: now"),
  end: optional(instant, "When it ends, likewise; instead of hours"),
  hours: optional(between(0.0001, 100_000), "How long, instead of end"),
  latest_start: optional(instant, "It may begin later, as soon as there is room, until then"),
  jobs: optional(whole(0, mostJobs), "Jobs at once; default: the whole machine"),
  memory_gib: optional(between(0, mostMemoryGib), "Memory; default: the whole machine's"),
}

export const QuoteWish = Schema.Struct(asked)
export type QuoteWish = typeof QuoteWish.Type

export const BookingWish = Schema.Struct({
  ...asked,
  max_price: optional(decimal, "The most that the whole booking may cost, credits"),
})
export type BookingWish = typeof BookingWish.Type

/** Of header values, Fastify has the names in small letters. */
export const BookingHeaders = Schema.Struct({
  "idempotency-key": optional(
    Schema.String.pipe(Schema.pattern(/^[\x21-\x7e]{1,100}$/)),
    "1 to 100 printable characters: an order that is sent again with it is answered with the same booking",
  ),
})

const hoursOf = {
  gpu_id: Schema.String,
  start: Moment,
  end: Moment,
  hours: Schema.Number,
  jobs: Schema.Int,
  memory_gib: Schema.Number,
  price_per_hour: described(
    Schema.String,
    "Credits an hour for each job, before peak and discount",
  ),
  price: described(Schema.String, "Of all of it, credits"),
}

export const QuoteView = Schema.Struct({
  ...hoursOf,
  in_demand: described(Schema.Boolean, "The region is in demand, which is in the price"),
  fee: described(Schema.String, "The platform's part of the price, credits"),
  expires_at: described(Schema.String, "Not a promise: by then it is to be asked for anew"),
})
export type QuoteView = typeof QuoteView.Type

export const escrowSteps = [
  "held",
  "granted",
  "active",
  "awaiting_confirmation",
  "disputed",
  "awaiting_ruling",
  "released",
  "cancelled",
  "no_show",
  "split",
] as const
export type EscrowStep = (typeof escrowSteps)[number]

export const BookingView = Schema.Struct({
  booking_id: Schema.String,
  ...hoursOf,
  gpu: described(Schema.String, "The machine's name"),
  side: described(
    Schema.Literal("consumer", "provider", "both", "admin"),
    "Which party whoever asks is",
  ),
  escrow: described(
    Schema.Literal(...escrowSteps),
    "held: paid into it; granted: the provider is to give access; active: it has; then it is confirmed or disputed; the last four are final",
  ),
  is_down: described(Schema.Boolean, "Active, and not being delivered now"),
  held: described(Schema.String, "Still in escrow, credits"),
  paid: described(Schema.String, "Taken out for the provider and the platform so far, credits"),
  fee: described(Schema.String, "The platform's part of what was paid, credits"),
  refund: described(Schema.String, "Given back to the consumer, credits"),
  penalty: described(Schema.String, "Paid by the provider's bond to the consumer, credits"),
  bond: described(Schema.String, "Of the provider's credits, held for it"),
  confirm_by: momentOr("nothing is to be confirmed"),
  deadline: momentOr("nobody has to start, answer or rule"),
  disputed_by: Schema.NullOr(Schema.Literal("consumer", "provider")),
  is_answered: Schema.Boolean,
  access: described(
    Schema.NullOr(Schema.String),
    "What the host gave; shown to the consumer while the booking is active, to nobody else, never after",
  ),
  kind: described(
    Schema.Literal("hours", "contract", "reservation"),
    "hours: ordered at the machine's price; else it was accepted as it was offered",
  ),
  contract_id: described(
    Schema.NullOr(Schema.String),
    "contract_id or reservation_id of what was accepted; null: it was ordered",
  ),
  sla: described(
    Schema.NullOr(SlaSummary),
    "What was promised with it, and what came of it; null: nothing was",
  ),
  created_at: Moment,
  closed_at: momentOr("it is not over"),
  stars: described(
    Schema.NullOr(Schema.Int),
    "What its consumer has said of it, 1 to 5; null: nothing",
  ),
})
export type BookingView = typeof BookingView.Type

const HistoryStep = Schema.Struct({
  at: Moment,
  step: Schema.String,
  details: Schema.Record({ key: Schema.String, value: Schema.Unknown }),
})
export const BookingDetails = Schema.Struct({
  ...BookingView.fields,
  history: described(Schema.Array(HistoryStep), "What has happened so far, the oldest first"),
})
export type BookingDetails = typeof BookingDetails.Type
export const BookingPage = pageOf(BookingView)
export const Disputes = listOf(BookingDetails)

export const bookingLimit = queryCount("At most so many", 200, 50)
export const BookingQuery = Schema.Struct({
  side: optional(Schema.Literal("consumer", "provider"), "Only as this party"),
  gpu_id: optional(text(100), "Only of this machine"),
  state: optional(Schema.Literal("open", "closed"), "Only those that are not over, or are"),
  limit: bookingLimit.field,
  cursor: Cursor,
})
export type BookingQuery = typeof BookingQuery.Type

export const BookingPath = Schema.Struct({ id: described(text(100), "booking_id") })
export type BookingPath = typeof BookingPath.Type

export const mostAccessBytes = 16_384
export const DeliveryStart = Schema.Struct({
  access: optional(
    text(mostAccessBytes),
    `What the consumer needs: an address, or anything else, at most ${mostAccessBytes} bytes; kept encrypted until access ends`,
  ),
  probe_url: optional(
    text(2000),
    "An http or https address that answers while what was granted is up; default: `access`, where that is one",
  ),
})
export type DeliveryStart = typeof DeliveryStart.Type

export const DisputeWords = Schema.Struct({
  statement: optional(text(4000), "What happened, for the other party and whoever rules"),
})
export type DisputeWords = typeof DisputeWords.Type

export const Ruling = Schema.Struct({
  consumer_share: described(
    between(0, 1),
    "The consumer's part of what is disputed, 0 to 1; from one half on, the provider has lost",
  ),
  statement: optional(text(4000), "Why, for both parties"),
})
export type Ruling = typeof Ruling.Type

const Rate = Schema.NullOr(Schema.String)
export const RegionRates = Schema.Struct({
  region: Schema.String,
  timezone: Schema.String,
  offered: described(Schema.Int, "Machines that can be booked and are there now"),
  use: described(Schema.Number, "Of the region's capacity, when prices were last set, 0 to 1"),
  in_demand: Schema.Boolean,
  min: Rate,
  lower_quartile: Rate,
  median: Rate,
  upper_quartile: Rate,
  max: Rate,
  hours: described(
    Schema.Array(
      Schema.Struct({
        hour: described(Schema.Int, "Of the day, by the region's clock, 0 to 23"),
        sold_hours: described(
          Schema.Number,
          "Job-hours that were sold in it, of the last 7 days and ahead",
        ),
        rate: described(Rate, "What these cost on average, credits an hour; null: none was sold"),
      }),
    ),
    "24 entries",
  ),
})
export type RegionRates = typeof RegionRates.Type
export const HourRates = listOf(RegionRates)

const RegionView = Schema.Struct({ region: Schema.String, timezone: Schema.String })
export const RegionList = listOf(RegionView)

/** What a host is to do for a booking; it comes with each heartbeat for as long as it holds. */
export const HostBooking = Schema.Struct({
  booking_id: Schema.String,
  state: described(
    Schema.Literal("grant", "active", "revoke"),
    "grant: give access, and say so with POST /marketplace/bookings/:id/start; active: it has been; revoke: end it",
  ),
  start: Moment,
  end: Moment,
  jobs: Schema.Int,
  memory_gib: Schema.Number,
  consumer: described(Schema.String, "Its account's id"),
})
export type HostBooking = typeof HostBooking.Type

export const EventQuery = Schema.Struct({
  after: optional(
    Schema.String.pipe(Schema.pattern(/^\d{1,15}$/)),
    "Only events after the one of this id; default: from the first",
  ),
  limit: bookingLimit.field,
})
export type EventQuery = typeof EventQuery.Type

export const BookingEvent = Schema.Struct({
  id: described(Schema.String, "Rises with each event"),
  type: described(
    Schema.String,
    "Such as booking.granted, contract.offered, reservation.expired or alert.firing",
  ),
  at: Moment,
  booking_id: described(
    Schema.NullOr(Schema.String),
    "null: it is of the machine itself, or of an offer",
  ),
  gpu_id: Schema.String,
  side: Schema.Literal("consumer", "provider", "both"),
  details: Schema.Record({ key: Schema.String, value: Schema.Unknown }),
})
export type BookingEvent = typeof BookingEvent.Type
export const EventPage = Schema.Struct({
  data: Schema.Array(BookingEvent),
  last_id: described(Schema.String, "`after` of the next request"),
})

export const WebhookWish = Schema.Struct({
  url: described(text(2000), "An http or https address that takes POST"),
})
export type WebhookWish = typeof WebhookWish.Type
export const WebhookView = Schema.Struct({
  webhook_id: Schema.String,
  url: Schema.String,
  state: described(
    Schema.Literal("working", "failing", "ended"),
    "failing: it is tried again, more and more slowly; ended: it failed for too long",
  ),
  last_error: Schema.NullOr(Schema.String),
  created_at: Moment,
})
export type WebhookView = typeof WebhookView.Type
export const WebhookList = listOf(WebhookView)
export const NewWebhook = Schema.Struct({
  ...WebhookView.fields,
  secret: described(Schema.String, "whsec_…, what messages are signed with; shown this once"),
})
export const WebhookPath = Schema.Struct({ id: described(text(100), "webhook_id") })
export type WebhookPath = typeof WebhookPath.Type
