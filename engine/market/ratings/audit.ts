/** What holds of reputations between steps. */
import { invariant } from "../../core/invariant.ts"
import { auditTable, isPresent } from "../../core/table.ts"
import type { TrackRecord } from "../../rules/ratings.ts"
import { dayOf, mostStars } from "../../rules/ratings.ts"
import type { Market } from "../state/market-state.ts"
import { partyOf } from "../state/market-state.ts"

/** Asserts it of every record, and of every booking that can be rated. O(both). */
export const auditRatings = (market: Market): void => {
  const { accounts, bookings, rateable, records } = market
  auditTable(rateable)
  for (let slot = 0; slot < rateable.used; slot++) {
    if (rateable.ids[slot] === -1) continue
    invariant(!isPresent(bookings, rateable.ids[slot]), "a booking is rated when it is over")
    const { consumer, paid, provider } = rateable.columns
    invariant(
      accounts.ids[consumer[slot]] >= 0 && accounts.ids[provider[slot]] >= 0,
      "a booking that can be rated was between accounts",
    )
    invariant(paid[slot] >= 0, "what a consumer has paid is at least 0")
  }
  for (const [party, record] of records) {
    invariant(partyOf(market, party) === party, "a reputation is a party's")
    auditRecord(market, party, record)
  }
}

const auditRecord = (market: Market, party: number, record: TrackRecord): void => {
  const { rules, now } = market
  invariant(record.day <= dayOf(now), "a reputation is of days that have come")
  invariant(
    record.deliveredMicros >= 0 && record.deliveredMicros <= record.soldMicros,
    "no more hours are delivered than were sold",
  )
  invariant(
    record.onTime >= 0 && record.onTime <= record.starts,
    "no more bookings begin in time than begin",
  )
  invariant(
    record.stars >= record.weight * (1 - 1e-9) &&
      record.stars <= mostStars * record.weight * (1 + 1e-9),
    "a rating is of one star to five",
  )
  const parties = record.voices.map((voice) => voice.party)
  invariant(
    parties.every((one, place) => place === 0 || parties[place - 1] < one),
    "a party has one voice about a provider",
  )
  invariant(!rules.areLinkedUnrated || !parties.includes(party), "nobody has a voice about itself")
  for (const voice of record.voices) {
    invariant(partyOf(market, voice.party) === voice.party, "a voice is a party's")
    invariant(voice.weight > 0 && voice.weight <= 1, "a voice weighs something, 1 at most")
    invariant(voice.at <= now, "a voice was raised by now")
  }
}
