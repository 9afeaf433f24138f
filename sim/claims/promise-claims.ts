/**
 * What the guide for providers (003) promises beside rates: contracts, upkeep, reputation, specialised models, batches and
 * swarms, each held against the same market without it, on the same random numbers.
 */
import type { Arm } from "./arm.ts"
import type { ClaimPlan } from "./claim-catalogue.ts"
import { arm, atLeast, atMost, difference, excess, mean } from "./claim-catalogue.ts"
import { hoursMarket } from "./hours-markets.ts"
import { halfBusy } from "./loads.ts"

const inMarket = (...settings: ReadonlyArray<string>): Arm =>
  arm("strategies-of-price", ...hoursMarket, ...settings)

const contracts = "hours.contracts.perDay=1.5"

/** A party of eight among twenty equal hosts, whose machines go away now and then. */
const withHost = (lets: string, ...settings: ReadonlyArray<string>): Arm =>
  inMarket(
    "hours.providers.awayPerBookedDay=0.6",
    "hours.providers.awayMinutes=40",
    "hours.renters.ratesShare=0.5",
    ...settings,
    `parties=[{name: subject, device: RTX 4090, model: llama-3-8b, machines: 8, hours: {lets: {${lets}}}}]`,
  )
const upkeep = "awayFactor: 0.1, upkeep: 0.03"

/** Half of the consumers look at prices before they call. */
const lookers = "consumers.kinds=[{kind: steady, weight: 0.5}, {kind: hobbyist, weight: 0.5}]"
const specialised = (...settings: ReadonlyArray<string>): Arm =>
  arm("audit", "parties=[]", halfBusy, "horizonDays=5", lookers, ...settings)

const batches = (...settings: ReadonlyArray<string>): Arm =>
  arm("batch-nights", "horizonDays=3", ...settings)

const swarm = (...settings: ReadonlyArray<string>): Arm =>
  arm("swarm-pricing", "fleet.nodes=20", "hours.renters.ordersPerDay=45", ...settings)
const alone = "hours.swarms.share=0"
const pricingOnly = ["hours.swarms.isBalancing=false", "hours.swarms.sharesData=false"]
const balancingOnly = [
  "hours.swarms.isPricing=false",
  "hours.swarms.sharesData=false",
  "hours.swarms.share=1",
]

const perDay = "credits/d"

export const promiseClaims: ReadonlyArray<ClaimPlan> = [
  {
    id: "contracts",
    title: "Contracts are a steady income",
    source:
      "003: earn steady income; create_contract, 100 hours at 0.08 where the base rate is 0.1",
    measures: [
      {
        label: "weekly variation of a host's earnings, with contracts less without",
        unit: "coefficient of variation",
        arms: [inMarket(contracts), inMarket()],
        of: difference("hours.earningsCv.by.fixed"),
        bound: atMost(0),
      },
      {
        label: "what hosts are left with, with contracts less without",
        unit: perDay,
        arms: [inMarket(contracts), inMarket()],
        of: difference("hours.profitPerDay"),
        bound: atLeast(0),
      },
    ],
  },
  {
    id: "upkeep",
    title: "Keeping a promise to be up pays",
    source: "003: define_sla, availability_target 0.99; a case study keeps its service level",
    measures: [
      {
        label: "gain of a host that spends 3% on a tenth of the outages, less without, promised",
        unit: perDay,
        arms: [withHost(`promises: true, ${upkeep}`), withHost("promises: true")],
        of: difference("party.subject.gain"),
        bound: atLeast(0),
      },
      {
        label: "the same where nothing is promised",
        unit: perDay,
        arms: [withHost(upkeep), withHost("")],
        of: difference("party.subject.gain"),
        bound: atLeast(0),
      },
      {
        label: "gain of a host that stays up without cost, promising 99% less promising nothing",
        unit: perDay,
        arms: [withHost("promises: true, awayFactor: 0.1"), withHost("awayFactor: 0.1")],
        of: difference("party.subject.gain"),
        bound: atLeast(0),
      },
    ],
  },
  {
    id: "reputation",
    title: "Reputation brings clients",
    source: "003: build reputation for reliability and performance",
    measures: (
      [
        ["never goes away", "awayFactor: 0", atLeast(0)],
        ["goes away four times as often as others", "awayFactor: 4", atMost(0)],
      ] as const
    ).map(([label, lets, bound]) => ({
      label: `what a host earns that ${label}, renters heeding reputation less heeding none`,
      unit: perDay,
      arms: [
        withHost(lets, "hours.renters.trusts=reputation", "hours.renters.caution=2"),
        withHost(lets, "hours.renters.caution=0"),
      ],
      of: difference("party.subject.share"),
      bound,
    })),
  },
  {
    id: "specialised-premium",
    title: "A specialised model earns its premium",
    source: "003: host specialized models, premium_rate 0.2",
    measures: [
      {
        label:
          "what hosts are paid with the premium less without, half of the consumers looking at prices",
        unit: perDay,
        arms: [specialised("models.0.accuracy=0.95"), specialised()],
        of: difference("credits.providersPerDay"),
        bound: atLeast(0),
      },
      {
        label: "calls that are answered a second then, less without",
        unit: "1/s",
        arms: [specialised("models.0.accuracy=0.95"), specialised()],
        of: difference("requests.perSecond"),
        bound: atLeast(0),
      },
    ],
  },
  {
    id: "batches",
    title: "Batches fill idle hours",
    source: '003: enable batch processing, batch_discount 0.3, processing_window "24h"',
    measures: [
      {
        label: "what a host is paid, with batches less without",
        unit: "credits/(node d)",
        arms: [batches(), batches("demand.batches.perDay=0")],
        of: difference("pay.consumer.share"),
        bound: atLeast(0),
      },
      {
        label: "batches that are done by their deadline",
        unit: "share",
        arms: [batches()],
        of: mean("batches.doneShare"),
        bound: atLeast(0.99),
      },
      {
        label: "items answered between 22 and 8, handed in from 9 to 20",
        unit: "share",
        arms: [batches()],
        of: mean("batches.nightShare"),
        bound: atLeast(0.5),
      },
      {
        label: "calls rejected, with batches less without",
        unit: "share",
        arms: [batches(), batches("demand.batches.perDay=0")],
        of: difference("requests.rejectedShare"),
        bound: atMost(0.01),
      },
    ],
  },
  {
    id: "swarm",
    title: "A swarm helps its members",
    source: "003: join_swarm, share_market_data, participate_in_pricing",
    measures: [
      {
        label:
          "what members earn that set 1.3 times the published rate together, less what the fifth outside does",
        unit: "credits/(listing d)",
        arms: [swarm(...pricingOnly)],
        of: excess("hours.swarmEarningsPerDay.members", "hours.swarmEarningsPerDay.others"),
        bound: atLeast(0),
      },
      {
        label: "what all hosts are left with, all of them members, less without a swarm",
        unit: perDay,
        arms: [swarm(...pricingOnly, "hours.swarms.share=1"), swarm(...pricingOnly, alone)],
        of: difference("hours.profitPerDay"),
        bound: atLeast(0),
      },
      {
        label: "renters' surplus then, less without a swarm",
        unit: perDay,
        arms: [swarm(...pricingOnly, "hours.swarms.share=1"), swarm(...pricingOnly, alone)],
        of: difference("hours.surplusPerDay"),
        bound: atLeast(0),
      },
      {
        label: "orders sold where members pass on what they cannot take, less where they do not",
        unit: "share",
        arms: [swarm(...balancingOnly), swarm(...balancingOnly, "hours.swarms.isBalancing=false")],
        of: difference("hours.soldShare"),
        bound: atLeast(0),
      },
      {
        label: "|use as members tell it − use as it is measured|",
        unit: "share",
        arms: [swarm("hours.swarms.isPricing=false")],
        of: mean("hours.sharedDataError"),
        bound: atMost(0.1),
      },
    ],
  },
]
