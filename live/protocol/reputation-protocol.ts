/**
 * What providers are known for, how good their answers are and which models they specialise in, on the wire:
 * one source for validation, the OpenAPI document and the clients. Times are ISO 8601.
 */
import { Schema } from "effect"
import { between, described, lineOfText, listOf, optional, text, whole } from "../http/fields.ts"

const Share = between(0, 1)
const Moment = described(Schema.String, "ISO 8601, UTC")

export const RatingWish = Schema.Struct({
  stars: described(whole(1, 5), "One star to five"),
})
export type RatingWish = typeof RatingWish.Type

/** 003's four figures, and what else they rest on. */
export const GpuReputation = Schema.Struct({
  gpu_id: Schema.String,
  overall_score: described(
    Share,
    "0 to 1: the weighted mean of success rate, availability, on-time rate and satisfaction",
  ),
  success_rate: described(Share, "The health of all that its provider serves calls with"),
  availability: described(Share, "Hours delivered ÷ hours sold that have come due"),
  on_time_rate: described(Share, "Bookings that began in time ÷ those that should have"),
  client_satisfaction: described(Share, "What consumers say in stars, ÷ 5"),
  avg_response_time: described(
    Schema.NullOr(Schema.Number),
    "From the start of the hours until the consumer had access, s, over this machine's bookings that began in the last 30 days; null: none did",
  ),
  ratings: described(Schema.Number, "How many ratings that rests on, by their weight today"),
  sold_hours: described(Schema.Number, "Hours that the availability rests on, as they count today"),
  starts: described(Schema.Number, "Bookings that the on-time rate rests on, likewise"),
  rank: described(Schema.Int, "Among the providers of its region, the best known first, from 1"),
  providers: described(Schema.Int, "How many these are"),
})
export type GpuReputation = typeof GpuReputation.Type

export const RatingAnswer = Schema.Struct({
  booking_id: Schema.String,
  stars: Schema.Int,
  reputation: GpuReputation,
})
export type RatingAnswer = typeof RatingAnswer.Type

const modelName = text(200)

/** 003's `host_specialized_model`. */
const SpecialisedModel = Schema.Struct({
  model_name: described(modelName, "A specialised model that the market lists"),
  model_path: optional(lineOfText(1000), "Where it lies on the machine; shown to its provider"),
  requirements: optional(
    Schema.Struct({
      gpu_memory: optional(between(0, 65_536), "GiB that it takes: they are not sold by the hour"),
      specialization: optional(lineOfText(100), "What it is good at, for people"),
      accuracy_requirement: optional(
        between(0.0001, 1),
        "Where it differs from what the market asks of this model, it is refused",
      ),
    }),
    "What it needs, and how accurate it has to be",
  ),
  premium_rate: optional(
    between(0, 100),
    "On top of the list price; where the market has another one, it is refused",
  ),
  measured_accuracy: optional(
    Share,
    "What its provider measured, where the market takes the provider's word",
  ),
})
export type SpecialisedModel = typeof SpecialisedModel.Type

export const GpuModels = Schema.Struct({
  models: described(
    Schema.Array(SpecialisedModel).pipe(Schema.maxItems(32)),
    "All that it hosts; what is left out, it hosts no more",
  ),
})
export type GpuModels = typeof GpuModels.Type

const specialisedFields = {
  model_name: Schema.String,
  specialization: Schema.NullOr(Schema.String),
  gpu_memory: described(Schema.Number, "GiB"),
  accuracy_requirement: described(Share, "What the market asks of whoever serves it"),
  accuracy: described(Schema.NullOr(Share), "As it was measured; null: it was not"),
  premium_rate: described(Schema.Number, "On top of the list price"),
  state: described(
    Schema.Literal("not_served", "not_measured", "below_accuracy", "served"),
    "not_served: its host offers no calls of it; not_measured, below_accuracy: it gets none; served: it does",
  ),
}
export const SpecialisedView = Schema.Struct(specialisedFields)
export type SpecialisedView = typeof SpecialisedView.Type
export const GpuModelsView = Schema.Struct({
  gpu_id: Schema.String,
  memory_for_sale_gib: described(Schema.Number, "What is left to be sold by the hour"),
  models: Schema.Array(
    Schema.Struct({ ...specialisedFields, model_path: Schema.NullOr(Schema.String) }),
  ),
})
export type GpuModelsView = typeof GpuModelsView.Type

export const AuditWish = Schema.Struct({
  kind: Schema.Literal("accuracy", "quality"),
  host_id: optional(text(100), "accuracy: whose answers were measured"),
  model: optional(modelName, "accuracy: with which specialised model"),
  score: optional(Share, "accuracy: the share of the test set that it answered rightly"),
  recheck_id: optional(
    Schema.String.pipe(Schema.pattern(/^\d{1,15}$/)),
    "quality: which answer was run again, as GET /admin/audits lists them",
  ),
  is_same: optional(Schema.Boolean, "quality: whether another host answered the same"),
})
export type AuditWish = typeof AuditWish.Type

export const AuditAnswer = Schema.Struct({
  kind: Schema.Literal("accuracy", "quality"),
  host_id: Schema.String,
  model: Schema.String,
  finding: described(
    Schema.Literal("accurate", "below_accuracy", "same", "fraud"),
    "fraud: what has not vested of its provider's bounty is lost, and the answer counts as a failure",
  ),
})
export type AuditAnswer = typeof AuditAnswer.Type

export const RecheckList = listOf(
  Schema.Struct({
    recheck_id: Schema.String,
    host_id: Schema.String,
    model: Schema.String,
    until: described(Moment, "Then it is not waited for any more"),
  }),
)
