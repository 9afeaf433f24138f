/**
 * The guides to monetizing GPUs and for agents as providers (001, 003) literally: hours of machines, priced by
 * their hosts, paid for out of an escrow that the coordinator releases when a booking is completed. It knows
 * no ramp, no bounty, no anti-flapping and no gifts.
 */
import type { Economy } from "../schema.ts"
import { infrintia } from "./infrintia.ts"
import { pooled } from "./pooled.ts"

export const aitbc: Economy = {
  ...infrintia,
  name: "aitbc",
  meaning: "The market of hours of the two GPU guides, literally: listings, strategies, escrow.",
  pricing: pooled.pricing,
  routing: { ...pooled.routing, selection: "adaptive" },
  hours: { ...pooled.hours, areSold: true },
  swarms: { ...pooled.swarms, pricing: "binding" },
  ratings: { ...pooled.ratings, tieWeight: 0.2 },
  batches: { ...pooled.batches, areTaken: true },
  queue: { ...pooled.queue, scope: "node" },
  tiers: { ...pooled.tiers, areOffered: true },
  preempt: { ...pooled.preempt, policy: "graceful" },
}
