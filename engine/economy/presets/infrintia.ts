/**
 * The hosting guide (000) literally: hosts set the price of a token they generate, a broker routes by price
 * and by the load that they report, 12% of it is the platform's. It knows no ramp, no bounty, no
 * anti-flapping and no gifts.
 */
import type { Economy } from "../schema.ts"
import { pooled } from "./pooled.ts"

export const infrintia: Economy = {
  ...pooled,
  name: "infrintia",
  meaning: "The market of the hosting guide, literally: each host sets the price of its tokens.",
  pricing: { ...pooled.pricing, tokens: "host", inputTokens: "free" },
  routing: { ...pooled.routing, selection: "priceLottery", utilisation: "heeded" },
  ramp: { ...pooled.ramp, start: 1, onlineHours: 0 },
  bounty: { ...pooled.bounty, poolFeeBps: 0, maxMultiplier: 1 },
  flap: { ...pooled.flap, initialReduction: 0, maxReduction: 0 },
  promotion: { ...pooled.promotion, grantCredits: 0 },
}
