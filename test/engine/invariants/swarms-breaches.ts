/** What is asserted of swarms, broken. */
import { auditMarket } from "../../../engine/market/invariants.ts"
import type { Market } from "../../../engine/market/state/market-state.ts"
import { auditSwarms } from "../../../engine/market/swarms/audit.ts"
import { membersOf } from "../../../engine/market/swarms/members.ts"
import type { Swarm } from "../../../engine/protocol/event.ts"
import { medianRate } from "../../../engine/rules/swarms.ts"
import { literal, openHoursMarket, provider } from "../../support/hours.ts"
import type { Breaches } from "./breaches.ts"

const swarmMarket = (): Market => {
  const trial = openHoursMarket({ economy: literal() })
  trial.send({
    _tag: "SwarmJoined",
    account: provider,
    swarm: "pricing",
    isActive: true,
    sharesPerformance: true,
  })
  return trial.market
}

const audited = (spoil: (market: Market) => void) => (): void => {
  const market = swarmMarket()
  auditMarket(market)
  spoil(market)
  auditSwarms(market)
}
const member = {
  isActive: true,
  sharesPerformance: true,
  proposedRate: -1,
  words: [0, 0, 0, 0],
  wordAt: 0,
}
const memberWith = (account: number, change: object) =>
  audited((market) => membersOf(market, "pricing").set(account, { ...member, ...change }))

export const swarmsBreaches: Breaches = {
  "a swarm is one of those that there are": () => membersOf(swarmMarket(), "chess" as Swarm),
  "a rate has a capacity of 0 or more behind it": () => medianRate([{ rate: 1, capacity: -1 }]),
  "a member of a swarm is an account": memberWith(15, {}),
  "a member proposes a rate, or none": memberWith(1, { proposedRate: 0.5 }),
  "a member reports in the words that there are": memberWith(1, { words: [9, 0, 0, 0] }),
  "what a swarm tells of a day is a day old": audited((market) => {
    market.advice = { day: 0, ratePerHour: 1 }
  }),
  "the days that are kept are those that are still to be told": audited(({ realised }) =>
    realised.push({ day: 1, byAccount: new Map() }),
  ),
  "what was realised was realised by hours": audited(({ realised }) =>
    realised.push({ day: 0, byAccount: new Map([[1, { due: 1, jobMicros: 0 }]]) }),
  ),
}
