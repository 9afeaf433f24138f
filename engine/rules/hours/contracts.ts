/** Contracts: how long an offer stands, how many do at once, and to whom. */
import type { KnobValues } from "../../core/knob.ts"
import { knob } from "../../core/knob.ts"
import { flag, positive, wholeBetween } from "../../core/setting.ts"
import { microsOf } from "../../core/units.ts"

export const contractKnobs = {
  offerHours: knob(positive("hours"), {
    default: 72,
    unit: "h",
    meaning: "How long the client of an offer has to accept it; its capacity is kept meanwhile.",
    source: "ours: three days",
  }),
  mostOffers: knob(wholeBetween("offers", 0, 1_000_000), {
    default: 0,
    unit: "offers",
    meaning: "How many open offers one party may have at once; 0: any number.",
    source: "ours; hardened: 3, or offers to puppets keep a calendar free of charge",
  }),
  toLinked: knob(flag, {
    default: true,
    unit: "rule",
    meaning: "Whether a host may keep capacity for a client that is linked to it.",
    source: "ours; hardened: no, for the same reason",
  }),
} as const

export const compileContracts = ({
  contracts,
}: {
  readonly contracts: KnobValues<typeof contractKnobs>
}) =>
  ({
    offerMicros: microsOf(contracts.offerHours * 3600),
    mostOffers: contracts.mostOffers === 0 ? Infinity : contracts.mostOffers,
    areLinkedOffered: contracts.toLinked,
  }) as const
