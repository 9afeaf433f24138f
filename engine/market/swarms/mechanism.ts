/** Swarms: providers who act together. */
import { microsPerDay } from "../../core/units.ts"
import type { Mechanism } from "../state/mechanism.ts"
import { auditSwarms } from "./audit.ts"
import { membersOf, onDataShared, onPriceProposed, onSwarmJoined, onSwarmLeft } from "./members.ts"
import { turnDay } from "./rates.ts"

export const swarms: Mechanism = {
  name: "swarms",
  takes: {
    SwarmJoined: onSwarmJoined,
    SwarmLeft: onSwarmLeft,
    DataShared: onDataShared,
    PriceProposed: onPriceProposed,
  },
  turnHour: (market) => {
    if (market.nextHour % microsPerDay === 0) turnDay(market)
  },
  isAtRest: (market) =>
    membersOf(market, "pricing").size === 0 &&
    market.realised.length === 0 &&
    market.advice.day < 0,
  audit: auditSwarms,
}
