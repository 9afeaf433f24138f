/** Attacks on promises, reservations, batches, swarms, ratings and models' names, each with its honest control. */
import type { AttackPlan, AttackWay } from "./attack-catalogue.ts"
import { bareHours, crowdedHours, letBy } from "./hours-markets.ts"
import { halfBusy } from "./loads.ts"

const lets = (setting: string): string => `parties.0.hours.lets.${setting}`

const inHours = (
  label: string,
  both: ReadonlyArray<string>,
  attack: ReadonlyArray<string>,
  report: ReadonlyArray<string>,
): AttackWay => ({
  label,
  scenario: "strategies-of-price",
  both: [...bareHours, ...both],
  honest: { "stays honest": [] },
  attack,
  report,
})

/** Long rentals, and machines that go away for a while now and then: a promise is broken early, and hours are left. */
const longRentals = [
  "hours.renters.medianHours=24",
  "hours.renters.hoursSpread=0.3",
  "hours.renters.ordersPerDay=10",
  "hours.providers.awayPerBookedDay=1",
  "hours.providers.awayMinutes=25",
  "hours.renters.disputeShare=0.25",
]

const together = ["hours.swarms.share=1", "hours.swarms.isPricing=true"]

/** A large model that costs five times as much as the small one, and that no machine here can hold. */
const bigModel = (accuracy: string): ReadonlyArray<string> => [
  halfBusy,
  "horizonDays=7",
  `models.1={name: llama-3-70b, quantisation: q4, inputPricePerMtok: 100, outputPricePerMtok: 320, popularity: 0.2, initialSupply: 0, accuracy: ${accuracy}}`,
]
const passesOff = (label: string, accuracy: string): AttackWay => ({
  label,
  scenario: "audit",
  both: bigModel(accuracy),
  honest: { "serves the small model by its name": [] },
  attack: ["parties.0.model=llama-3-70b", "parties.0.conduct.runsModel=llama-3-8b"],
  seeksTraffic: true,
  report: ["party.subject.health", "party.subject.traffic", "credits.perMtok"],
})

export const promiseAttacks: ReadonlyArray<AttackPlan> = [
  {
    id: "after-breach",
    title: "Selling the machine elsewhere once its promise is broken",
    means:
      "Promises 99%. Once an outage has broken that, somebody outside of the market has the machine for what is left of the booking, and a cheap box answers for it. One renter in four disputes what it was not given.",
    ways: (
      [
        ["0.8 times the price", "0.8", []],
        // What it gains and loses by one booking nearly cancels out: it takes many to tell.
        ["1.3 times the price", "1.3", ["horizonDays=84"]],
        [
          "1.3 times the price, rentals of four days",
          "1.3",
          ["hours.renters.medianHours=96", "hours.renters.ordersPerDay=2.5"],
        ],
      ] as const
    ).map(([label, factor, rentals]) =>
      inHours(
        `8 of 28 machines, sold on at ${label}`,
        [
          ...longRentals,
          ...rentals,
          letBy(`promises: true, outsideShare: 1, outsideFactor: ${factor}`),
        ],
        [lets("breach=afterBreach")],
        ["hours.slaAvailability", "hours.periodRefundRatio", "hours.surplusPerDay"],
      ),
    ),
  },
  {
    id: "reservation-hoarding",
    title: "Reserving others' machines to raise prices",
    means:
      "Has twelve of the twenty other machines kept for it, a week at a time, and uses none of them: renters come to its own, whose rate rises with their use.",
    ways: (["0.7", "0.3"] as const).map((fee) =>
      inHours(
        `8 of 28 machines, most of the others in use, a fee of ${fee} times the rate`,
        [crowdedHours, `hours.reservations.feeFactor=${fee}`, letBy("strategy: dynamic")],
        ["parties.0.hours.reserves={machines: 12}"],
        ["hours.rateIndex", "hours.declined.NoCapacity", "hours.surplusPerDay"],
      ),
    ),
  },
  {
    id: "batch-padding",
    title: "Padding a batch for its discount",
    means: "Adds two calls of a token to eight, since ten have the discount.",
    ways: [
      {
        label: "8 calls, 24 times a day",
        scenario: "batch-nights",
        both: [
          "horizonDays=3",
          "warmupDays=0",
          // Nobody else hands in batches, nothing fails and machines cost nothing: what is gained is what its batches bring.
          "operators.electricityUsdPerKwh=0",
          "faults.failureShare=0",
          "demand.batches.perDay=0",
          // Its own machine serves what nobody asks for.
          "models.1={name: llama-3.2-3b, quantisation: q4, inputPricePerMtok: 20, outputPricePerMtok: 20, popularity: 0, initialSupply: 0}",
          "parties=[{name: subject, device: RTX 3060 12GB, model: llama-3.2-3b, machines: 1, batches: {perDay: 24, model: llama-3-8b, items: 8, inputTokens: 800, outputTokens: 2500, worth: 2}}]",
        ],
        honest: { "hands in what it has": [] },
        attack: ["parties.0.batches.dummies=2"],
        report: ["batches.chargedPerDay", "batches.doneShare"],
      },
    ],
  },
  {
    id: "cartel",
    title: "Setting one rate together",
    means: "All hosts join a swarm and propose the same higher rate.",
    ways: (
      [
        ["1.2 times the published rate, two fifths in use", "1.2", []],
        ["1.3 times the published rate, most machines in use", "1.3", [crowdedHours]],
      ] as const
    ).map(([label, factor, load]) =>
      inHours(
        `all of 28 machines at ${label}`,
        [...load, letBy("")],
        [...together, `hours.swarms.proposedFactor=${factor}`, lets("swarm=true")],
        ["hours.rateIndex", "hours.lerner", "hours.surplusPerDay"],
      ),
    ),
  },
  {
    id: "defector",
    title: "Asking less than the cartel",
    means: "All others ask 1.3 times the published rate together; it stays outside and asks that.",
    ways: [
      inHours(
        "8 of 28 machines, two fifths in use",
        [...together, "hours.swarms.proposedFactor=1.3", letBy("swarm: true")],
        [lets("swarm=false")],
        ["hours.rateIndex", "hours.surplusPerDay"],
      ),
    ],
  },
  {
    id: "rating-ring",
    title: "Rating oneself",
    means:
      "Its machines go away four times as often as others'. Ten accounts that nobody links to it rent them for six minutes, 24 times a day, and give five stars each time.",
    ways: [
      inHours(
        "8 of 28 machines, renters heeding reputation",
        [
          "hours.providers.awayPerBookedDay=0.3",
          "hours.providers.awayMinutes=60",
          "hours.renters.trusts=reputation",
          "hours.renters.ratesShare=0.5",
          "hours.renters.caution=2",
          // Short rentals: what a lost one costs hides nothing else.
          "hours.renters.medianHours=4",
          "hours.renters.hoursSpread=0.3",
          "hours.renters.ordersPerDay=60",
          letBy("awayFactor: 4"),
        ],
        [
          "parties.0.hours.rents={needsPerDay: 24, hours: 0.1, worth: 0, from: own, paidBy: puppets, puppets: 10, stars: 5}",
        ],
        ["hours.meanStars", "hours.reputationSpread", "hours.surplusPerDay"],
      ),
    ],
  },
  {
    id: "small-model",
    title: "Passing off a small model as a large one",
    means:
      "Its machine cannot hold the large model; it runs the small one under the name, five times as dear.",
    ways: [
      passesOff("a fifth of the calls want it, any model", "null"),
      passesOff("a fifth of the calls want it, a specialised model", "0.95"),
    ],
  },
]
