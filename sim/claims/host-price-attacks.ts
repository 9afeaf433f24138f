/** Attacks on a market in which hosts set prices, each with honest conducts on the same machines. */
import type { AttackPlan, AttackWay } from "./attack-catalogue.ts"
import { crowded, halfBusy } from "./loads.ts"

const price = (settings: string): string => `parties.0.price={${settings}}`
const veteran = "parties.0.isEstablished=true"

/** Honest prices; the attack is held against the best of them. */
const honestPrices = {
  "asks the list price": [],
  "undercuts, above its cost": [price("strategy: undercutter, step: 0.05")],
}

const rejections = "requests.rejectedShare"
const paid = "price.paid.llama-3-8b"
const surplus = "surplus.consumersPerDay"

/**
 * A party that could serve the whole market alone, and two rivals who leave where they lose money, for
 * electricity costs something here.
 */
const ofRivals = (joinsPerDay: number): ReadonlyArray<string> => [
  "horizonDays=28",
  "fleet.nodes=2",
  "parties.0.machines=4",
  veteran,
  halfBusy,
  "operators.decisionHours=24",
  "operators.temperatureCreditsPerDay=5",
  `churn.joinsPerDay=${joinsPerDay}`,
]

const predation = (label: string, step: number, joinsPerDay: number): AttackWay => ({
  label,
  scenario: "audit",
  both: ofRivals(joinsPerDay),
  honest: honestPrices,
  attack: [price(`strategy: predator, step: ${step}, factor: 2`)],
  report: [paid, "nodes.online", surplus, rejections],
})

const lookers = "consumers.kinds=[{kind: hobbyist, weight: 1}]"

const flickering = (label: string, both: ReadonlyArray<string>): AttackWay => ({
  label,
  scenario: "audit",
  both: ["horizonDays=7", veteran, halfBusy, ...both],
  honest: honestPrices,
  attack: [price("strategy: flicker, step: 0.5, factor: 1.5"), "parties.0.decisionHours=0.25"],
  seeksTraffic: true,
  report: [paid, "price.volatility.llama-3-8b", surplus],
})

const underReporting = (label: string, load: string): AttackWay => ({
  label,
  scenario: "audit",
  both: ["horizonDays=14", veteran, load],
  honest: { "reports truly": [] },
  attack: ["parties.0.conduct.reportedUtilisation=0"],
  seeksTraffic: true,
  report: ["party.subject.traffic", "sojourn.mean", rejections],
})

export const hostPriceAttacks: ReadonlyArray<AttackPlan> = [
  {
    id: "dumping",
    title: "Dumping until rivals have left, then a jump",
    means:
      "Asks a fraction of the list price while there are rivals, and twice the list price once they have left.",
    ways: [
      predation("next to nothing, nobody enters", 1, 0),
      predation("a tenth of the list, nobody enters", 0.9, 0),
      predation("a tenth of the list, one a day considers to enter", 0.9, 1),
    ],
  },
  {
    id: "price-flicker",
    title: "A price that flickers: bait and switch",
    means:
      "Shows half of the list price and asks half as much again by turns, as often as the market lets it, so that those who look at prices call.",
    ways: [
      flickering("consumers who name their highest price", []),
      flickering("consumers who look at the least price, and name none", [
        lookers,
        "consumers.maxPrice=none",
      ]),
    ],
  },
  {
    id: "under-reporting",
    title: "Reporting an idle machine that is busy",
    means: "Its heartbeats say that nothing of its machine is in use.",
    ways: [
      underReporting("always idle, nodes half busy", halfBusy),
      underReporting("always idle, nodes crowded", crowded),
    ],
  },
]
