/** Listings: what may be sold by the hour, how long and how far ahead. */
import type { KnobValues } from "../../core/knob.ts"
import { knob } from "../../core/knob.ts"
import { oneOf, positive, shareAbove0, flag } from "../../core/setting.ts"
import { microsOf } from "../../core/units.ts"

export const listingKnobs = {
  capacity: knob(oneOf("declared", "measured"), {
    default: "declared",
    unit: "source",
    meaning:
      "Whose word of a listing's jobs and memory counts: its host's, or the lesser of it and what was measured.",
    source: "003 trusts what a provider registers; hardened measures",
  }),
  minHours: knob(positive("hours"), {
    default: 1 / 60,
    unit: "h",
    meaning: "The shortest booking.",
    source: "ours: a minute",
  }),
  maxHours: knob(positive("hours"), {
    default: 8760,
    unit: "h",
    meaning: "The longest booking.",
    source: "AITBC's implementation: a year",
  }),
  maxAheadDays: knob(positive("days"), {
    default: 90,
    unit: "d",
    meaning: "How far ahead a booking may end.",
    source: "ours; Azure's capacity blocks may be bought 56 days ahead",
  }),
  excludeLinked: knob(flag, {
    default: false,
    unit: "rule",
    meaning:
      "Whether hours that a host sells to itself, or to whoever is linked to it, are no demand.",
    source: "ours: or a host books itself to make its region dear",
  }),
  maxDemandShare: knob(shareAbove0, {
    default: 1,
    unit: "share of the region's capacity",
    meaning: "One party's hours count for at most this much of a region's demand.",
    source: "ours; hardened: 0.2",
  }),
} as const

export const compileListings = ({
  listings,
}: {
  readonly listings: KnobValues<typeof listingKnobs>
}) =>
  ({
    isListingMeasured: listings.capacity === "measured",
    minBookingMicros: microsOf(listings.minHours * 3600),
    maxBookingMicros: microsOf(listings.maxHours * 3600),
    maxAheadMicros: microsOf(listings.maxAheadDays * 86_400),
    isOwnDemandExcluded: listings.excludeLinked,
    maxRegionShare: listings.maxDemandShare,
  }) as const
