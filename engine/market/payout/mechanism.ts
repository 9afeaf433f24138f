/** Payout: bounties are announced, claimed, paid and vested; a call is settled by `settlement.ts`. */
import { microsPerDay } from "../../core/units.ts"
import type { Mechanism } from "../state/mechanism.ts"
import { auditPayout } from "./audit.ts"
import { announceBounties, hasDemand, passDemandHours, payBounties } from "./bounty.ts"
import { onFraudConfirmed, releaseVested } from "./vesting.ts"

export const payout: Mechanism = {
  name: "payout",
  takes: { FraudConfirmed: onFraudConfirmed },
  turnHour: (market, isOpen) => {
    payBounties(market)
    if (isOpen) announceBounties(market)
    if (market.nextHour % microsPerDay === 0) releaseVested(market)
  },
  isAtRest: (market, isOpen) =>
    market.claimants.length === 0 && market.vestings.size === 0 && !(isOpen && hasDemand(market)),
  passHours: (market, hours, isOpen) => {
    if (isOpen) passDemandHours(market, hours)
  },
  audit: auditPayout,
}
