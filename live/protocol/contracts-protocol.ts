/**
 * Service levels, and the terms that a machine's provider offers one client, on the wire: contracts at a rate of their
 * own, reservations at a fee. Words are those of 003's guide.
 */
import { Schema } from "effect"
import {
  between,
  Cursor,
  described,
  optional,
  pageOf,
  queryCount,
  text,
  whole,
} from "../http/fields.ts"

const decimal = Schema.String.pipe(Schema.pattern(/^\d{1,16}(\.\d{1,9})?$/))
const instant = Schema.String.pipe(
  Schema.pattern(/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)$/),
)
const Moment = described(Schema.String, "ISO 8601, UTC")
const Share = between(0, 1)
const secondsPerDay = 86_400

/** What a machine promises with its hours. */
export const SlaTargets = Schema.Struct({
  availability_target: optional(
    Share,
    "Least share of a period that it is up, 0 to 1; default: no promise",
  ),
  response_time_target: optional(
    between(0, secondsPerDay),
    "Seconds until an answer begins, at most; default: no promise",
  ),
  completion_rate_target: optional(
    Share,
    "Least share of its consumer's calls that succeed, 0 to 1; default: no promise",
  ),
  penalty_rate: optional(
    Share,
    "What of a period's price goes back where a promise is not kept, 0 to 1; default: the market's",
  ),
})
export type SlaTargets = typeof SlaTargets.Type

const PromiseOf = <A>(schema: Schema.Schema<A>, description: string) =>
  described(Schema.NullOr(schema), `${description}; null: no promise`)

export const SlaTerms = Schema.Struct({
  availability_target: PromiseOf(Schema.Number, "Least share of a period that it is up"),
  response_time_target: PromiseOf(Schema.Number, "Seconds until an answer begins, at most"),
  completion_rate_target: PromiseOf(Schema.Number, "Least share of calls that succeed"),
  penalty_rate: described(
    Schema.Number,
    "What of a period's price goes back where a promise is not kept",
  ),
})
export type SlaTerms = typeof SlaTerms.Type

const Span = Schema.Struct({ from: Moment, until: Moment })

const measured = {
  up_seconds: described(Schema.Number, "How long it was up"),
  expected_seconds: described(
    Schema.Number,
    "How long it was to be: without what is excused, and without the market's own absence",
  ),
  excused_seconds: described(Schema.Number, "Maintenance that was known at the order"),
  availability: described(Schema.NullOr(Schema.Number), "Up ÷ expected; null: nothing expected"),
  successes: described(Schema.Int, "Of its consumer's calls to the machine"),
  failures: described(Schema.Int, "Likewise; what is nobody's fault is in neither"),
  completion_rate: described(
    Schema.NullOr(Schema.Number),
    "Successes ÷ (successes + failures); null: no calls",
  ),
  responses: described(Schema.Int, "Answers whose beginning was timed"),
  on_time: described(Schema.Int, "Those that began in time"),
  mean_response_seconds: described(Schema.NullOr(Schema.Number), "null: none was timed"),
  refund: described(Schema.String, "What goes back for it, credits"),
}

export const SlaPeriod = Schema.Struct({
  period: described(Schema.Int, "Periods are counted from 0"),
  at: described(Schema.String, "When it was judged, ISO 8601, UTC"),
  ...measured,
})
export type SlaPeriod = typeof SlaPeriod.Type

/** What was promised with a booking, and what came of it. */
export const SlaStanding = Schema.Struct({
  booking_id: Schema.String,
  promised: described(Schema.NullOr(SlaTerms), "null: nothing was"),
  maintenance: described(
    Schema.Array(Span),
    "What of its hours was known as maintenance when it was ordered",
  ),
  is_up: described(
    Schema.NullOr(Schema.Boolean),
    "Whether what was granted is there now; null: it is not running",
  ),
  running: described(
    Schema.NullOr(Schema.Struct(measured)),
    "The period that runs, so far; its refund is not known before it ends. null: none runs",
  ),
  periods: described(Schema.Array(SlaPeriod), "Those that are over, the oldest first"),
  breaches: described(Schema.Int, "Periods of which something goes back"),
  refund: described(Schema.String, "What goes back for all of them, credits"),
})
export type SlaStanding = typeof SlaStanding.Type

/** In a booking, in short. */
export const SlaSummary = Schema.Struct({
  ...SlaTerms.fields,
  availability: described(
    Schema.NullOr(Schema.Number),
    "Up ÷ expected of all periods so far; null: nothing was expected yet",
  ),
  breaches: described(Schema.Int, "Periods that were not as promised"),
  refund: described(Schema.String, "What goes back for these, credits"),
})
export type SlaSummary = typeof SlaSummary.Type

const mostJobs = 1024
const mostMemoryGib = 65_536
const mostHours = 100_000

/** What an offer of either kind says. */
const offered = {
  client_id: described(text(100), "The account that may accept it, acct_…"),
  gpu_id: text(100),
  guaranteed_availability: optional(
    Share,
    "Least share of a period that it is up, 0 to 1; default: no promise",
  ),
  sla_penalties: optional(
    Schema.Boolean,
    "Whether a promise that is not kept costs anything; default: where an availability is guaranteed",
  ),
  start: optional(instant, "When it begins, ISO 8601 with an offset or Z; default: when accepted"),
  extends: optional(
    text(100),
    "booking_id of the same client that it goes on from, at no higher rate; instead of start",
  ),
}

export const ContractOffer = Schema.Struct({
  ...offered,
  duration_hours: described(between(0.0001, mostHours), "One run of so many hours"),
  fixed_rate: described(decimal, 'Credits an hour for each job, as a decimal such as "0.08"'),
  jobs: optional(whole(0, mostJobs), "Jobs at once; default: the whole machine"),
  memory_gib: optional(between(0, mostMemoryGib), "Memory; default: the whole machine's"),
})
export type ContractOffer = typeof ContractOffer.Type

export const ReservationOffer = Schema.Struct({
  ...offered,
  reserved_gpu_memory: described(between(0, mostMemoryGib), "GiB that are kept for the client"),
  reservation_duration: described(
    Schema.String.pipe(Schema.pattern(/^[1-9]\d{0,5}[dh]$/)),
    "Such as 30d or 12h",
  ),
  reservation_fee: described(decimal, 'Credits for all of it, as a decimal such as "50"'),
  jobs: optional(whole(0, mostJobs), "Jobs at once that are kept; default 0: memory alone"),
})
export type ReservationOffer = typeof ReservationOffer.Type

export const offerStates = ["offered", "accepted", "declined", "withdrawn", "expired"] as const
export type OfferState = (typeof offerStates)[number]

const offerView = {
  gpu_id: Schema.String,
  gpu: described(Schema.String, "The machine's name"),
  side: described(Schema.Literal("client", "provider", "admin"), "Which party whoever asks is"),
  client_id: Schema.String,
  provider_id: Schema.String,
  state: described(
    Schema.Literal(...offerStates),
    "offered: its hours are kept, and no money is held; the others are final",
  ),
  hours: Schema.Number,
  jobs: Schema.Int,
  memory_gib: Schema.Number,
  guaranteed_availability: PromiseOf(Schema.Number, "Least share of a period that it is up"),
  sla_penalties: Schema.Boolean,
  promised: described(
    Schema.NullOr(SlaTerms),
    "All that is promised with it: what it guarantees, and the rest as the machine promises it now",
  ),
  start: described(Schema.NullOr(Schema.String), "ISO 8601, UTC; null: when it is accepted"),
  extends: described(Schema.NullOr(Schema.String), "booking_id that it goes on from"),
  maintenance: described(
    Schema.Array(Span),
    "Maintenance within its hours that is known now; it is excused where it is known when it is accepted",
  ),
  price: described(Schema.String, "Of all of it, credits"),
  answer_by: described(Schema.NullOr(Schema.String), "ISO 8601, UTC; null: it was answered"),
  booking_id: described(Schema.NullOr(Schema.String), "What it has become; null: not accepted"),
  created_at: Moment,
  closed_at: described(Schema.NullOr(Schema.String), "ISO 8601, UTC; null: it is open"),
}

export const ContractView = Schema.Struct({
  contract_id: Schema.String,
  fixed_rate: described(Schema.String, "Credits an hour for each job"),
  ...offerView,
})
export type ContractView = typeof ContractView.Type
export const ContractPage = pageOf(ContractView)

export const ReservationView = Schema.Struct({
  reservation_id: Schema.String,
  reservation_fee: described(Schema.String, "Credits, for all of it"),
  ...offerView,
})
export type ReservationView = typeof ReservationView.Type
export const ReservationPage = pageOf(ReservationView)

export const OfferPath = Schema.Struct({
  id: described(text(100), "contract_id or reservation_id"),
})
export type OfferPath = typeof OfferPath.Type

export const offerLimit = queryCount("At most so many", 200, 50)
export const OfferQuery = Schema.Struct({
  side: optional(Schema.Literal("client", "provider"), "Only as this party"),
  gpu_id: optional(text(100), "Only of this machine"),
  state: optional(Schema.Literal(...offerStates), "Only those that stand so"),
  limit: offerLimit.field,
  cursor: Cursor,
})
export type OfferQuery = typeof OfferQuery.Type
