/** Tiers and queues: what hosts offer, and who subscribes to what. */
import { Schema } from "effect"
import { priorities, Settings } from "../../engine/index.ts"

const { factor, nonNegative, oneOf, positive, setting, share, wholeBetween, withDefault } = Settings

const tierName = Schema.String.pipe(
  Schema.pattern(/^[a-z][a-z0-9-]*$/, {
    message: () => "expected a name of small letters, digits and hyphens, such as premium",
  }),
)
const priority = oneOf(...priorities)

/** What every listing offers for calls. */
export const OfferedTier = Schema.Struct({
  name: setting(tierName, { meaning: "What it is called by." }),
  priority: setting(priority, { meaning: "Its priority, which no other tier has." }),
  rateFactor: setting(factor(0.001, 1000), {
    unit: "times the listing's base rate",
    meaning: "What an hour of a call costs.",
    source: "003: 0.05, 0.15 and 0.25 on a base rate of 0.1",
  }),
  maxJobs: setting(wholeBetween("jobs", 1, 1024), {
    meaning: "Calls of one client that are under way at once.",
    source: "003: 1, 3 and 5",
  }),
})

export const ListingQueue = Schema.Struct({
  size: setting(wholeBetween("calls", 1, 1_000_000), {
    meaning: "How many calls may wait there.",
    source: "003: max_queue_size 20",
  }),
  waitSeconds: setting(positive("seconds"), { meaning: "After which one is refused." }),
})

/** Longest wait of a consumer, seconds. */
export const patience = Schema.NullOr(positive("seconds"))

export const Subscription = Schema.Struct({
  tier: setting(tierName, { meaning: "A tier that listings offer." }),
  share: setting(share, { meaning: "Part of the consumers that subscribe to it." }),
  callsFactor: withDefault(factor(0.001, 1000), {
    default: 1,
    unit: "times as many as others",
    meaning: "How often these call; their budgets are as much larger.",
  }),
  worthFactor: withDefault(nonNegative("times as much as to others"), {
    default: 1,
    meaning: "What their calls are worth to them.",
  }),
  patienceSeconds: withDefault(patience, {
    default: null,
    meaning: "They leave when a call has waited for so long; null: they wait until it is refused.",
  }),
})
export type Subscription = typeof Subscription.Type
