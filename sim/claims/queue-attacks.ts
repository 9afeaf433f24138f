/**
 * Attacks on the queue and on what is shown of prices, each with its honest control. Five machines of the scenario `audit`
 * serve what everybody wants, and calls wait at them; that of the subject serves what nobody asks for, and costs nothing.
 */
import type { AttackPlan, AttackWay } from "./attack-catalogue.ts"
import { bareHours, letBy } from "./hours-markets.ts"
import { crowded } from "./loads.ts"

const idleModel =
  "models.1={name: llama-3.2-3b, quantisation: q4, inputPricePerMtok: 20, outputPricePerMtok: 20, popularity: 0, initialSupply: 0}"

/** 003's queue at each machine. */
const queues = [
  "hours.regions=[{name: europe, timezone: Europe/Berlin, hosts: 1, renters: 1}]",
  "hours.listings.share=1",
  "hours.listings.queue={size: 20, waitSeconds: 60}",
]

/** What the subject calls for itself, as often in the attack as in its control. */
const calling = (load: string, callsPerHour: number): ReadonlyArray<string> => [
  load,
  "horizonDays=1",
  "operators.electricityUsdPerKwh=0",
  idleModel,
  ...queues,
  "parties.0.model=llama-3.2-3b",
  `parties.0.conduct.demand={callsPerHour: ${callsPerHour}, model: llama-3-8b, inputTokens: 800, outputTokens: 2500, worth: 2, paidBy: puppets, puppets: 1}`,
]
const demand = (setting: string): string => `parties.0.conduct.demand.${setting}`

const atQueues = (
  label: string,
  both: ReadonlyArray<string>,
  attack: ReadonlyArray<string>,
): AttackWay => ({
  label,
  scenario: "audit",
  both,
  honest: { "one account, its own calls": [] },
  attack,
  report: ["queue.jain", "queue.waitedShare", "queue.refused.full", "queue.refused.timeout"],
})

export const queueAttacks: ReadonlyArray<AttackPlan> = [
  {
    id: "queue-splitting",
    title: "Splitting into accounts for turns in the queue",
    means: "Makes 600 calls an hour where most machines are busy, from eight accounts in turn.",
    ways: [
      atQueues("eight accounts that the market has found to be its own", calling(crowded, 600), [
        demand("puppets=8"),
        demand("isLinked=true"),
      ]),
    ],
  },
  {
    id: "queue-stuffing",
    title: "Stuffing the queue",
    means:
      "Makes four calls of a token with each of its own, which take the places of others' calls.",
    ways: [
      atQueues("300 calls an hour, from one account", calling(crowded, 300), [demand("dummies=4")]),
      atQueues(
        "300 calls an hour, from 20 accounts that the market has found to be its own",
        calling(crowded, 300),
        [demand("dummies=4"), demand("puppets=20"), demand("isLinked=true")],
      ),
    ],
  },
  {
    id: "queue-sybils",
    title: "Turns in the queue for accounts that nobody links",
    means:
      "The same from accounts that nobody links. Whoever has turns by account has more of them by more accounts; what the market has not found it cannot count.",
    ways: [
      atQueues("600 calls an hour, from eight accounts", calling(crowded, 600), [
        demand("puppets=8"),
      ]),
      atQueues(
        "300 calls an hour, each with four of a token, from 20 accounts",
        calling(crowded, 300),
        [demand("dummies=4"), demand("puppets=20")],
      ),
    ],
  },
  {
    id: "bait-price",
    title: "A low price that is shown, and raised when somebody thinks about it",
    means:
      "Shows a rate 0.6 times as high as others', and asks theirs as soon as somebody thinks about ordering; renters think for five minutes.",
    ways: [
      {
        label: "8 of 28 machines, two fifths in use",
        scenario: "strategies-of-price",
        both: [...bareHours, "hours.renters.thinkMinutes=5", letBy("")],
        honest: { "shows what it asks": [] },
        attack: ["parties.0.hours.lets.baitFactor=0.6"],
        report: ["hours.paidToShown", "hours.declined.PriceTooHigh", "hours.surplusPerDay"],
      },
    ],
  },
]
