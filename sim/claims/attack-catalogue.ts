/**
 * The attacks that the economy is tried with, and for each the honest conduct that it is compared
 * with. All are conducts of the party `subject` of the scenario `audit`, unless they name another.
 */

import { crowded, halfBusy, idle } from "./loads.ts"

/** One way of an attack, in one market. */
export interface AttackWay {
  readonly label: string
  readonly scenario: string
  /** Settings of attacker and honest party alike. */
  readonly both: ReadonlyArray<string>
  /** Honest conducts by name, on the same machines; the attack is held against the best of them. */
  readonly honest: Readonly<Record<string, ReadonlyArray<string>>>
  readonly attack: ReadonlyArray<string>
  /** Is it traffic that the attacker is after? */
  readonly seeksTraffic?: true
  /** Figures of the market that show what the attack does to others. */
  readonly report: ReadonlyArray<string>
}

export interface AttackPlan {
  readonly id: string
  readonly title: string
  readonly means: string
  /** Takes minutes: a fast audit leaves it out unless it is asked for by name. */
  readonly isSlow?: true
  /** A fast audit takes the first of them alone. */
  readonly ways: ReadonlyArray<AttackWay>
}

const conduct = (setting: string): string => `parties.0.conduct.${setting}`
const stays = { "stays honest": [] }

const cheapElectricity = "operators.electricityUsdPerKwh=0.0005"
/** Idle machines would not earn their electricity: here it costs next to nothing. */
const idleAndCheap = [idle, cheapElectricity, "horizonDays=28"]
const veteran = "parties.0.isEstablished=true"

const inAudit = (
  label: string,
  both: ReadonlyArray<string>,
  attack: ReadonlyArray<string>,
  report: ReadonlyArray<string>,
): AttackWay => ({ label, scenario: "audit", both, honest: stays, attack, report })

const forTraffic = (way: AttackWay): AttackWay => ({ ...way, seeksTraffic: true })

const rejections = "requests.rejectedShare"

/**
 * A large model that the subject alone serves, on a machine that it takes a few calls an hour to fill,
 * and that few others want: here it can make the shortage itself. It is priced like the small one, not as large
 * models are, so that the pool, which the small one fills, could pay what the attack hopes for.
 */
const soleSupplier = [
  "models.1={name: llama-3-70b, quantisation: q4, inputPricePerMtok: 20, outputPricePerMtok: 60, popularity: 0.005, initialSupply: 0}",
  "parties.0.device=Apple M2 Ultra 76c",
  "parties.0.model=llama-3-70b",
  cheapElectricity,
  veteran,
]

const ownCalls = (settings: string): string => conduct(`demand={${settings}}`)

const splitting = (
  accounts: "one" | "many",
  load: string,
  both: ReadonlyArray<string>,
): AttackWay =>
  forTraffic(
    inAudit(
      `8 nodes of ${accounts === "one" ? "one account" : "an account each"}, nodes ${load}`,
      both,
      [conduct("splitInto=8"), conduct(`splitAccounts=${accounts}`)],
      ["party.subject.traffic"],
    ),
  )

const inFlapping = (label: string, hours: number): AttackWay => {
  const party = (settings: string): string =>
    `parties=[{name: subject, device: Apple M2 Ultra 76c, model: qwen3-32b, machines: 1, isEstablished: true, ${settings}}]`
  const staysWith = (model: string): ReadonlyArray<string> => [
    party("strategy: stay"),
    `parties.0.model=${model}`,
  ]
  return {
    label,
    scenario: "flapping",
    both: [
      "operators.chaserShare=0",
      "fleet.nodes=12",
      "demand.requestsPerSecond=0.4",
      "horizonDays=14",
    ],
    honest: {
      "stays with llama-3-8b": staysWith("llama-3-8b"),
      "stays with qwen3-32b": staysWith("qwen3-32b"),
      "seeks profit, weekly": [party("strategy: profit, decisionHours: 168")],
    },
    attack: [party(`strategy: bounty, decisionHours: ${hours}`)],
    report: ["party.subject.switches", "switches.perNodeWeek", "party.subject.withheld"],
  }
}

export const attackPlans: ReadonlyArray<AttackPlan> = [
  {
    id: "splitting",
    title: "Splitting one machine into many nodes, or many accounts",
    means: "One machine of 8 slots registers as 8 nodes of one slot, of one account or of 8.",
    ways: [
      splitting("one", "idle", idleAndCheap),
      splitting("one", "half busy", [halfBusy]),
      splitting("many", "half busy", [halfBusy]),
      splitting("one", "crowded", [crowded]),
    ],
  },
  {
    id: "bounty-chasing",
    title: "Chasing bounties from model to model",
    means: "Switches to whichever model has the highest multiplier, weekly or daily.",
    isSlow: true,
    ways: [inFlapping("daily", 24), inFlapping("weekly", 168)],
  },
  {
    id: "self-dealing",
    title: "Buying one's own tokens to farm bounties",
    means:
      "The only supplier of a model buys its own tokens until the model seems short, and is paid the bounty for them.",
    ways: (
      [
        ["through accounts that nobody links to it", "paidBy: puppets, puppets: 10"],
        ["from its own account", "paidBy: own"],
      ] as const
    ).map(([label, payer]) =>
      inAudit(
        label,
        soleSupplier,
        [
          ownCalls(
            `callsPerHour: 400, model: llama-3-70b, inputTokens: 10, outputTokens: 2000, ${payer}`,
          ),
        ],
        ["party.subject.bounty", "party.subject.spent", "bountyPool.mean", "bounty.llama-3-70b"],
      ),
    ),
  },
  {
    id: "over-declaring",
    title: "Declaring more slots, or more speed, than there are",
    means: "Declares 8 times the slots, or 8 times the tokens a second, that the machine has.",
    // Half busy first: where machines stand idle there is always room, and a slot that is not there wins
    // hardly a call.
    ways: [
      forTraffic(
        inAudit(
          "8 × the slots, nodes half busy",
          [halfBusy],
          [conduct("declaredSlots=8")],
          ["party.subject.traffic", "sojourn.mean", "streams.belowFloorShare"],
        ),
      ),
      forTraffic(
        inAudit(
          "8 × the slots, nodes idle",
          idleAndCheap,
          [conduct("declaredSlots=8")],
          ["party.subject.traffic"],
        ),
      ),
      forTraffic(
        inAudit(
          "8 × the speed, nodes half busy",
          [halfBusy],
          [conduct("declaredSpeed=8")],
          ["party.subject.traffic"],
        ),
      ),
      forTraffic(
        inAudit(
          "8 × the speed, nodes crowded",
          [crowded],
          [conduct("declaredSpeed=8")],
          ["party.subject.traffic"],
        ),
      ),
    ],
  },
  {
    id: "throttling",
    title: "Being just above the floor",
    means:
      "Shows its whole speed when measured, then gives consumers a fifth of it and uses the rest elsewhere, which bears that part of the cost.",
    ways: [
      inAudit(
        "a fifth of the speed, nodes idle",
        idleAndCheap,
        [conduct("speed=0.2")],
        ["sojourn.mean", "streams.belowFloorShare"],
      ),
      inAudit(
        "a fifth of the speed, nodes half busy",
        [halfBusy],
        [conduct("speed=0.2")],
        ["sojourn.mean", "streams.belowFloorShare"],
      ),
    ],
  },
  {
    id: "uptime-spoofing",
    title: "Answering probes and failing users",
    means: "Fails half of the consumers' attempts, at no cost, and answers every probe.",
    ways: [
      inAudit(
        "half of the attempts failed",
        [halfBusy],
        [conduct("failShare=0.5")],
        ["party.subject.health", "party.subject.successShare", "attempts.failedShare", rejections],
      ),
    ],
  },
  {
    id: "whitewashing",
    title: "Leaving and registering anew after misbehaving",
    means:
      "Fails a third of the attempts, and comes back under a new name when its health shows it.",
    ways: [
      inAudit(
        "a third failed, back as another below a health of 0.85",
        [halfBusy],
        [conduct("failShare=0.33"), conduct("rejoinBelowHealth=0.85"), "parties.0.decisionHours=6"],
        ["party.subject.accounts", "attempts.failedShare"],
      ),
    ],
  },
  {
    id: "faking-shortage",
    title: "Withdrawing supply to raise bounties",
    means: "An operator of two thirds of the supply keeps half of its machines off the market.",
    ways: [
      inAudit(
        "4 of 6 machines, 2 withheld, nodes busy",
        [
          "fleet.nodes=2",
          "parties.0.machines=4",
          veteran,
          "demand.requestsPerSecond=0.36",
          "horizonDays=7",
        ],
        [conduct("withheldMachines=2")],
        [rejections, "bounty.llama-3-8b", "party.subject.bounty"],
      ),
    ],
  },
  {
    id: "collusion",
    title: "Setting prices together",
    means:
      "Prices are the platform's: no event of the kernel lets a host name one. What a cartel can still do together is to withhold: here five of six machines, a third of them kept off.",
    ways: [
      inAudit(
        "a cartel of 5 of 6 machines, 2 withheld, nodes crowded",
        ["fleet.nodes=1", "parties.0.machines=5", veteran, crowded, "horizonDays=7"],
        [conduct("withheldMachines=2")],
        ["credits.perMtok", rejections],
      ),
    ],
  },
  {
    id: "token-inflation",
    title: "Reporting more tokens than were generated",
    means: "Says that it generated 1.3 times the tokens that it did.",
    ways: [
      inAudit(
        "1.3 × the tokens",
        [halfBusy],
        [conduct("reportedTokens=1.3")],
        ["party.subject.billedTokens", "party.subject.health"],
      ),
    ],
  },
  {
    id: "cherry-picking",
    title: "Taking short jobs only",
    means:
      "Answers with a 429, which is nobody's fault, to calls that ask for 5,000 tokens or more.",
    ways: [
      inAudit(
        "refuses half of the calls, nodes half busy",
        [halfBusy],
        [conduct("refusesFromTokens=5000")],
        ["ttft.long", rejections],
      ),
      inAudit(
        "refuses half of the calls, nodes crowded",
        [crowded],
        [conduct("refusesFromTokens=5000")],
        ["ttft.long", rejections],
      ),
    ],
  },
  {
    id: "refusing-by-4xx",
    title: "Refusing long jobs as wrong",
    means:
      "Answers with a 400, as if the call were wrong, to calls that ask for 5,000 tokens or more.",
    ways: (
      [
        ["half busy", halfBusy],
        ["crowded", crowded],
      ] as const
    ).map(([label, load]) =>
      inAudit(
        `refuses half of the calls, nodes ${label}`,
        [load],
        [conduct("refusesFromTokens=5000"), conduct("refusesWith='400'")],
        ["requests.badInputShare", "party.subject.health"],
      ),
    ),
  },
  {
    id: "poisoning",
    title: "A consumer poisons hosts",
    means:
      "Sends calls that make every server fail but the attacker's own, which takes over the rivals' traffic.",
    ways: (
      [
        ["from one account", 1],
        ["from 10 accounts that nobody links", 10],
      ] as const
    ).map(([label, puppets]) =>
      forTraffic(
        inAudit(
          `600 such calls an hour ${label}`,
          [halfBusy],
          [
            ownCalls(
              `callsPerHour: 600, model: llama-3-8b, inputTokens: 100, outputTokens: 10, isPoison: true, paidBy: puppets, puppets: ${puppets}`,
            ),
          ],
          ["breaker.parkedShare", "party.subject.traffic", rejections],
        ),
      ),
    ),
  },
  {
    id: "harming-rivals",
    title: "Inducing failures or aborts on rivals",
    means: "Sends calls that end in a 4xx, or calls that it leaves after the first token.",
    ways: [
      inAudit(
        "300 bad calls an hour",
        [halfBusy],
        [
          ownCalls(
            "callsPerHour: 300, model: llama-3-8b, inputTokens: 800, outputTokens: 2000, paidBy: puppets, puppets: 10, isBadInput: true",
          ),
        ],
        ["breaker.parkedShare", rejections],
      ),
      inAudit(
        "300 aborted calls an hour",
        [halfBusy],
        [
          ownCalls(
            "callsPerHour: 300, model: llama-3-8b, inputTokens: 100, outputTokens: 2000, leavesAfterTokens: 1, paidBy: puppets, puppets: 10",
          ),
        ],
        ["breaker.parkedShare", rejections],
      ),
    ],
  },
  {
    id: "sign-up-farming",
    title: "Farming sign-up gifts",
    means: "Opens account after account and spends each gift on the market that it serves.",
    ways: [
      inAudit(
        "60 calls an hour paid with gifts",
        [halfBusy],
        [
          ownCalls(
            "callsPerHour: 60, model: llama-3-8b, inputTokens: 800, outputTokens: 2000, paidBy: gifts",
          ),
        ],
        ["party.subject.accounts", "credits.giftShare"],
      ),
      inAudit(
        "60 calls an hour to a model that it alone serves",
        soleSupplier,
        [
          ownCalls(
            "callsPerHour: 60, model: llama-3-70b, inputTokens: 800, outputTokens: 2000, paidBy: gifts",
          ),
        ],
        ["party.subject.accounts", "credits.giftShare"],
      ),
    ],
  },
  {
    id: "holding",
    title: "Locking credit or capacity with huge maxima",
    means: "Calls that ask for a thousand times the tokens that they use, 30 an hour.",
    ways: [
      inAudit(
        "1,000 × the tokens",
        [halfBusy],
        [
          ownCalls(
            "callsPerHour: 30, model: llama-3-8b, inputTokens: 100, outputTokens: 500, maxTokensFactor: 1000, paidBy: puppets, puppets: 10",
          ),
        ],
        ["credits.held", rejections],
      ),
    ],
  },
]
