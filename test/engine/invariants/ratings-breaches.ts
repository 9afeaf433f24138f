/** What is asserted of reputations, broken. */
import { insert } from "../../../engine/core/table.ts"
import { auditMarket } from "../../../engine/market/invariants.ts"
import { auditRatings } from "../../../engine/market/ratings/audit.ts"
import type { Market } from "../../../engine/market/state/market-state.ts"
import type { TrackRecord } from "../../../engine/rules/ratings.ts"
import { fadeAfter } from "../../../engine/rules/ratings.ts"
import { begin, closedHoles, consumer, hour, openHoursMarket, order } from "../../support/hours.ts"
import type { Breaches } from "./breaches.ts"

/** A market in which the consumer, slot 0, has rated the provider, slot 1, and has another booking to rate. */
const ratedMarket = (): Market => {
  const trial = openHoursMarket({
    economy: closedHoles({ ratings: { weight: "equal" } }),
    terms: { baseRate: 1_000_000 },
  })
  for (const booking of [1, 2]) {
    begin(trial, booking, { hours: 2 })
    trial.wait(2 * hour)
    trial.send({ _tag: "BookingConfirmed", booking, by: consumer })
  }
  trial.send({ _tag: "RatingGiven", booking: 1, stars: 3, by: consumer })
  order(trial, 3, { startAt: trial.market.now + 10 * hour })
  return trial.market
}

const audited = (spoil: (market: Market) => void) => (): void => {
  const market = ratedMarket()
  auditMarket(market)
  spoil(market)
  auditRatings(market)
}

const record = (change: Partial<TrackRecord>) =>
  audited(({ records }) => records.set(1, { ...records.get(1)!, ...change }))

const voice = { party: 0, at: 0, booking: 1, weight: 1, stars: 3 }

export const ratingsBreaches: Breaches = {
  "what is remembered is of the past": () => fadeAfter({ dailyFade: 0.9 }, -1),
  "a booking is rated when it is over": audited(({ rateable }) => void insert(rateable, 3)),
  "a booking that can be rated was between accounts": audited(
    ({ rateable }) => void (rateable.columns.consumer[rateable.slots.find(2)] = 15),
  ),
  "what a consumer has paid is at least 0": audited(
    ({ rateable }) => void (rateable.columns.paid[rateable.slots.find(2)] = -1),
  ),
  "a reputation is a party's": audited(({ accounts, records }) => {
    accounts.columns.party[1] = 0
    records.get(1)
  }),
  "a reputation is of days that have come": record({ day: 9 }),
  "no more hours are delivered than were sold": record({ deliveredMicros: 1e15 }),
  "no more bookings begin in time than begin": record({ onTime: 9 }),
  "a rating is of one star to five": record({ weight: 1, stars: 6 }),
  "a party has one voice about a provider": record({ voices: [voice, voice] }),
  "nobody has a voice about itself": record({ voices: [{ ...voice, party: 1 }] }),
  "a voice is a party's": record({ voices: [{ ...voice, party: 7 }] }),
  "a voice weighs something, 1 at most": record({ voices: [{ ...voice, weight: 2 }] }),
  "a voice was raised by now": record({ voices: [{ ...voice, at: 1e15 }] }),
}
