/**
 * Where credits go. What consumers spend is split among {@link destinations}, which add up to it;
 * `bounties paid` leaves the bounty pool again, and `promotions spent` says how much of the spending
 * was given away before: those two are no further parts of the whole and are not stacked on it.
 */
export const destinations = ["providers", "platform", "bounty pool", "withheld"]

/** What each flow is called where it stands alone. */
export const flowLabels: Readonly<Record<string, string>> = {
  providers: "to providers",
  platform: "to the platform",
  "bounty pool": "to the bounty pool",
  withheld: "withheld (flapping)",
  "bounties paid": "bounties paid out",
  "promotions spent": "paid with gifts",
}
