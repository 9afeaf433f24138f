/**
 * Where credits go. What consumers spend is split among {@link destinations}, which add up to it;
 * `bounties paid` leaves the bounty pool again, and `promotions spent` says how much of the spending
 * was given away before: those two are no further parts of the whole and are not stacked on it.
 */
export const destinations = ["providers", "platform", "bounty pool", "withheld"]
