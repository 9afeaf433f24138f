/** Ratings: what consumers and deliveries say of providers. */
import { microsPerDay, microsPerHour } from "../../core/units.ts"
import type { Mechanism } from "../state/mechanism.ts"
import { auditRatings } from "./audit.ts"
import { closeRatings, onRatingGiven } from "./ratings.ts"

export const ratings: Mechanism = {
  name: "ratings",
  takes: { RatingGiven: onRatingGiven },
  turnHour: (market) => {
    if (market.nextHour % microsPerDay === 0) closeRatings(market, market.nextHour)
  },
  passHours: (market, hours) => {
    const last = market.nextHour + (hours - 1) * microsPerHour
    closeRatings(market, last - (last % microsPerDay))
  },
  audit: auditRatings,
}
