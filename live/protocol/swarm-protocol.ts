/** Providers who act together, on the wire (docs/rules.md#swarms). Credits are decimal strings. */
import { Schema } from "effect"
import { described, listOf, optional, text } from "../http/fields.ts"

export const swarmKinds = ["load_balancing", "intelligence", "pricing"] as const
export const SwarmKind = Schema.Literal(...swarmKinds)
export type SwarmKind = typeof SwarmKind.Type

export const SwarmPath = Schema.Struct({
  kind: described(SwarmKind, `One of ${swarmKinds.join(", ")}`),
})
export type SwarmPath = typeof SwarmPath.Type

/** 003's `join_swarm`. */
export const SwarmJoin = Schema.Struct({
  contribution_level: optional(
    Schema.Literal("active", "passive"),
    "active: its machines share a queue with the others'; default active",
  ),
  data_sharing: optional(
    Schema.Literal("performance_metrics", "none"),
    "performance_metrics: the others who share see how it does, and it sees them; default none",
  ),
})
export type SwarmJoin = typeof SwarmJoin.Type

/** 003's four reports, each in the words that there are. */
export const MarketData = Schema.Struct({
  current_demand: optional(Schema.Literal("low", "moderate", "high"), "What is asked for"),
  price_trends: optional(
    Schema.Literal("decreasing", "stable", "increasing"),
    "Where prices are going",
  ),
  resource_constraints: optional(
    Schema.Literal("none", "gpu_memory", "compute", "network"),
    "What is short",
  ),
  competitive_landscape: optional(
    Schema.Literal("low", "moderate", "high"),
    "How hard others compete",
  ),
})
export type MarketData = typeof MarketData.Type

/** 003's `participate_in_pricing`. */
export const PriceProposal = Schema.Struct({
  proposed_base_rate: described(
    Schema.String.pipe(Schema.pattern(/^\d{1,16}(\.\d{1,9})?$/)),
    'The base rate that all members should ask, credits an hour, as a decimal such as "0.12"',
  ),
  rationale: optional(text(1000), "Why, for the other members"),
  expected_impact: optional(text(200), "Such as revenue_increase_15%, likewise"),
})
export type PriceProposal = typeof PriceProposal.Type

const Membership = Schema.Struct({
  swarm: SwarmKind,
  contribution_level: Schema.Literal("active", "passive"),
  data_sharing: Schema.Literal("performance_metrics", "none"),
  data: described(
    Schema.Record({ key: Schema.String, value: Schema.String }),
    "What it has reported last",
  ),
  proposed_base_rate: described(Schema.NullOr(Schema.String), "Credits an hour; null: none"),
})
export const SwarmMembership = Membership
export type SwarmMembership = typeof Membership.Type

const Proposal = Schema.Struct({
  account_id: Schema.String,
  proposed_base_rate: Schema.String,
  rationale: Schema.NullOr(Schema.String),
  expected_impact: Schema.NullOr(Schema.String),
})

export const Swarms = Schema.Struct({
  ...listOf(
    Schema.Struct({
      swarm: SwarmKind,
      members: described(Schema.Int, "Accounts in it"),
      is_open: described(Schema.Boolean, "Whether this market has it"),
    }),
  ).fields,
  pricing: described(
    Schema.Literal("off", "advisory", "binding"),
    "off: nothing; advisory: a past mean is told; binding: once a day all members' base rates become their median",
  ),
  reported: described(
    Schema.Record({
      key: Schema.String,
      value: Schema.NullOr(Schema.Record({ key: Schema.String, value: Schema.Int })),
    }),
    "How many parties have said each word, by topic; null: too few have said anything",
  ),
  needed_parties: described(Schema.Int, "Counts are told from so many parties on"),
  measured: described(
    Schema.Struct({
      use: described(Schema.Number, "Of all regions, 0 to 1, when prices were last set"),
      mean_use: described(Schema.Number, "Over a week"),
    }),
    "What the market has measured meanwhile",
  ),
  advice: described(
    Schema.NullOr(
      Schema.Struct({
        day: described(Schema.String, "Of which it was the mean"),
        rate_per_hour: Schema.String,
      }),
    ),
    "The mean of what members were paid on a past day, credits an hour; null: none is told",
  ),
  own: described(
    Schema.NullOr(
      Schema.Struct({
        memberships: Schema.Array(Membership),
        performance: described(
          Schema.NullOr(
            Schema.Array(
              Schema.Struct({ account_id: Schema.String, overall_score: Schema.Number }),
            ),
          ),
          "Of the other members who share it; null: it shares none itself",
        ),
        proposals: described(
          Schema.Array(Proposal),
          "What members of a binding pricing swarm have proposed, for members",
        ),
      }),
    ),
    "Of the account whose key asks; null without one",
  ),
})
export type Swarms = typeof Swarms.Type
