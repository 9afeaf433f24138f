/** Reputation: what is remembered of instances and of parties fades by the hour. */
import { passLikeHours, turnHour } from "../../rules/health.ts"
import type { Mechanism } from "../state/mechanism.ts"
import { auditReputation } from "./audit.ts"
import { fadeCredibility } from "./credibility.ts"
import { fadeAnswers } from "./refusals.ts"

export const reputation: Mechanism = {
  name: "reputation",
  takes: {},
  turnHour: (market) => {
    turnHour(market.health)
    fadeAnswers(market, 1)
    fadeCredibility(market, 1)
  },
  passHours: (market, hours) => {
    passLikeHours(market.health, hours)
    fadeAnswers(market, hours)
    fadeCredibility(market, hours)
  },
  audit: auditReputation,
}
