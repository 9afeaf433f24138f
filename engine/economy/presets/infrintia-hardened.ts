/** Ours: the market of host prices with its holes closed; each difference with the hole that it closes. */
import type { Economy } from "../schema.ts"
import { hardened } from "./hardened.ts"
import { infrintia } from "./infrintia.ts"

export const infrintiaHardened: Economy = {
  ...infrintia,
  name: "infrintia-hardened",
  meaning:
    "The market of host prices with its holes closed: verified capacity, no dumping, no sudden raises.",
  pricing: {
    ...infrintia.pricing,
    // A price of next to nothing until rivals have left costs a day's earnings, and is earned back at the jump.
    leastPerMtok: 1,
    // What is compared must hold for long enough to be bought.
    changesPerHour: 1,
    maxRaisePerDay: 0.25,
  },
  // The rest is as in `hardened`: what it closes has nothing to do with who sets the price.
  // A report can only lower one's own share, so that whoever says that its machine is idle gains by it: what
  // counts is the broker's own count of the calls under way.
  routing: { ...infrintia.routing, capacity: "verified", utilisation: "ignored" },
  breaker: hardened.breaker,
  backpressure: hardened.backpressure,
  blame: hardened.blame,
  ramp: hardened.ramp,
  flap: hardened.flap,
  promotion: { ...infrintia.promotion, giftsPay: "gifts" },
}
