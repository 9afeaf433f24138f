/** Ratings: what consumers and deliveries say of providers. */
import { microsPerDay } from "../../core/units.ts"
import { countOf } from "../../core/table.ts"
import type { Mechanism } from "../state/mechanism.ts"
import { auditRatings } from "./audit.ts"
import { closeRatings, onRatingGiven } from "./ratings.ts"

export const ratings: Mechanism = {
  name: "ratings",
  takes: { RatingGiven: onRatingGiven },
  turnHour: (market) => {
    if (market.nextHour % microsPerDay === 0) closeRatings(market)
  },
  isAtRest: ({ rateable }) => countOf(rateable) === 0,
  audit: auditRatings,
}
