/** What the hosting guide (000) promises of a market in which hosts set prices, and how it is held to it. */
import { economies, quote } from "../../engine/index.ts"
import type { Estimated } from "../results/models/claims-model.ts"
import type { Arm } from "./arm.ts"
import type { ClaimPlan } from "./claim-catalogue.ts"
import { arm, atLeast, atMost, difference, mean, within } from "./claim-catalogue.ts"
import { estimateRatio } from "./judge.ts"
import { halfBusy } from "./loads.ts"

/** The party among five equal hosts that ask what the platform lists, 60 credits a million tokens. */
const inMarket = (...settings: ReadonlyArray<string>): Arm =>
  arm("audit", halfBusy, "horizonDays=7", "parties.0.isEstablished=true", ...settings)
const priced = (price: string): string => `parties.0.price={${price}}`

/** What needs no experiment. */
const exactly = (value: number): Estimated => ({ mean: value, low: value, high: value, n: 1 })

const microCredits = 1e6
/** The guide's example: 1,000,000 tokens at 0.00012 credits. */
const example = quote(1_000_000, 120 * microCredits, economies["infrintia"].feeBps)

const traffic = "party.subject.traffic"

export const hostPriceClaims: ReadonlyArray<ClaimPlan> = [
  {
    id: "fee",
    title: "The platform takes 12%, the host gets 88%",
    source:
      "000: the platform takes a 12% fee; the remaining 88% is credited to the host; 1,000,000 tokens at 0.00012: gross 120.00, fee 14.40, net 105.60",
    measures: [
      {
        label: "net of the guide's example",
        unit: "credits",
        arms: [],
        of: () => exactly(example.net / microCredits),
        bound: within(105.6, 105.6),
      },
      {
        label: "fee of the guide's example",
        unit: "credits",
        arms: [],
        of: () => exactly(example.fee / microCredits),
        bound: within(14.4, 14.4),
      },
      {
        label: "the platform's part of all that consumers paid",
        unit: "ratio",
        arms: [inMarket()],
        of: mean("platform.margin"),
        // Fees are rounded down, each by less than a minor unit.
        bound: within(0.11999, 0.12),
      },
    ],
  },
  {
    id: "per-token",
    title: "Hosts are paid per token generated, at the price that they set",
    source: "000: hosts are paid per token generated, at the price_per_token they set",
    measures: [
      {
        label: "paid for a million tokens generated, all hosts at 60 credits",
        unit: "credits/Mtok",
        arms: [inMarket()],
        of: mean("credits.perMtok"),
        // A quotient of sums is 60 but for its last binary digits.
        bound: within(59.999999, 60.01),
      },
      {
        label: "the same with prompts twice as long ÷ with prompts as they are",
        unit: "ratio",
        arms: [inMarket("demand.sizes.medianInputTokens=1600"), inMarket()],
        of: ([one, other]) => estimateRatio([one, "credits.perMtok"], [other, "credits.perMtok"]),
        bound: within(0.9999, 1.0001),
      },
    ],
  },
  {
    id: "competitive-pricing",
    title: "Competitive prices bring calls",
    source: "000: set competitive pricing, check GET /hosts to see current market rates",
    measures: [
      {
        label: "traffic at half as much again as the others ask, less traffic at their price",
        unit: "share of all calls",
        arms: [inMarket(priced("strategy: premium, factor: 1.5")), inMarket()],
        of: difference(traffic),
        bound: atMost(0),
      },
      {
        label: "traffic at a fifth below the others, less traffic at their price",
        unit: "share of all calls",
        arms: [inMarket(priced("strategy: undercutter, step: 0.2")), inMarket()],
        of: difference(traffic),
        bound: atLeast(0),
      },
    ],
  },
  {
    id: "utilisation",
    title: "A busy host gets fewer new calls",
    source: "000: the heartbeat reports utilization to the broker for smart routing",
    measures: [
      {
        label: "traffic of a host at half the others' speed, less its traffic at their speed",
        unit: "share of all calls",
        arms: [inMarket("parties.0.conduct.speed=0.5"), inMarket()],
        of: difference(traffic),
        bound: atMost(0),
      },
      {
        label: "the same host's traffic, reports heeded less ignored",
        unit: "share of all calls",
        arms: [
          inMarket("parties.0.conduct.speed=0.5", "economy.routing.utilisation=heeded"),
          inMarket("parties.0.conduct.speed=0.5", "economy.routing.utilisation=ignored"),
        ],
        of: difference(traffic),
        bound: atMost(0),
      },
    ],
  },
  {
    id: "missed-heartbeats",
    title: "Missed heartbeats make a host inactive",
    source: "000: missed heartbeats mark your host as inactive",
    measures: [
      {
        label: "attempts that fail, every host down for an hour four times a day, unannounced",
        unit: "share",
        arms: [
          inMarket(
            "faults.failureShare=0",
            "faults.crashesPerNodeDay=4",
            "faults.repairMinutes=60",
          ),
        ],
        of: mean("attempts.failedShare"),
        // A seventh of the time a host is down; without a rule, as many attempts would fail.
        bound: atMost(0.03),
      },
    ],
  },
]
