/**
 * What the credit economy's document (002) promises, and the experiments that each promise is held
 * against: an estimate, and the bound within which it must lie for the promise to be kept.
 */
import type { Bound, Estimated } from "../results/models/claims-model.ts"
import type { Arm, ArmResult } from "./arm.ts"
import { differencesOf, estimate, estimateRatio, valuesOf } from "./judge.ts"
import { crowded, halfBusy, idle } from "./loads.ts"

export interface MeasurePlan {
  readonly label: string
  readonly unit: string
  readonly arms: ReadonlyArray<Arm>
  readonly of: (results: ReadonlyArray<ArmResult>) => Estimated
  readonly bound: Bound
}

export interface ClaimPlan {
  readonly id: string
  readonly title: string
  readonly source: string
  /** Takes minutes: a fast audit leaves it out unless it is asked for by name. */
  readonly isSlow?: true
  /** A fast audit takes the first of them alone. */
  readonly measures: ReadonlyArray<MeasurePlan>
}

export const atLeast = (value: number): Bound => ({ atLeast: value, atMost: null })
export const atMost = (value: number): Bound => ({ atLeast: null, atMost: value })
export const within = (low: number, high: number): Bound => ({ atLeast: low, atMost: high })

export const arm = (scenario: string, ...settings: ReadonlyArray<string>): Arm => ({
  scenario,
  settings,
})

/** The mean of a metric in one arm. */
export const mean =
  (metric: string) =>
  ([only]: ReadonlyArray<ArmResult>): Estimated =>
    estimate(valuesOf(only, metric))

/** How much a metric differs between two arms: the first less the second. */
export const difference =
  (metric: string) =>
  ([one, other]: ReadonlyArray<ArmResult>): Estimated =>
    estimate(differencesOf(one, other, metric))

/** How much one metric exceeds another in each replication. */
export const excess =
  (one: string, other: string) =>
  ([only]: ReadonlyArray<ArmResult>): Estimated =>
    estimate(
      only.metrics.flatMap((values) =>
        one in values && other in values ? [values[one] - values[other]] : [],
      ),
    )

/** The mean over replications of the mean of several metrics, one arm less another. */
const differenceOfMeans =
  (metrics: ReadonlyArray<string>) =>
  ([one, other]: ReadonlyArray<ArmResult>): Estimated => {
    const meanIn = (values: Readonly<Record<string, number>>) =>
      metrics.reduce((sum, metric) => sum + (values[metric] ?? 0), 0) / metrics.length
    return estimate(
      one.metrics.map((values, index) => meanIn(values) - meanIn(other.metrics[index] ?? {})),
    )
  }

const ratio =
  (numerator: string, denominator: string) =>
  ([only]: ReadonlyArray<ArmResult>): Estimated =>
    estimateRatio([only, numerator], [only, denominator])

const noParty = "parties=[]"

/** A fast and a slow machine with as many slots, both long there. */
const fastAndSlow =
  "parties=[{name: fast, device: RTX 4090, model: llama-3-8b, machines: 1, isEstablished: true}, {name: slow, device: RTX 3060 12GB, model: llama-3-8b, machines: 1, isEstablished: true}]"

/** Many short calls a machine: three failures in a minute are then nothing rare. */
const shortCalls = [
  "horizonDays=0.25",
  "demand.requestsPerSecond=20",
  "demand.sizes.medianInputTokens=50",
  "demand.sizes.medianOutputTokens=10",
  "demand.sizes.spread=0.3",
  "demand.maxTokensHeadroom=1",
  noParty,
]

/** Half of the market of the scenario. */
const flapping = (...settings: ReadonlyArray<string>): Arm =>
  arm("flapping", "fleet.nodes=12", "demand.requestsPerSecond=0.4", "horizonDays=14", ...settings)
const flappingModels = ["llama-3-8b", "qwen3-32b", "llama-3-70b"]

/**
 * A rush for a model that its price alone draws few nodes to, in half of the market of the scenario, with
 * operators who think again every day.
 */
const rush = (...settings: ReadonlyArray<string>): Arm =>
  arm(
    "bounty-rush",
    "fleet.nodes=16",
    "demand.requestsPerSecond=0.25",
    "models.1.outputPricePerMtok=110",
    "demand.flashCrowds.0.atHours=36",
    "operators.decisionHours=24",
    "operators.revisionsPerDay=1",
    "horizonDays=6",
    ...settings,
  )

export const claimPlans: ReadonlyArray<ClaimPlan> = [
  {
    id: "equal-shares",
    title: "Equally idle nodes share traffic over time",
    source: "002: ties are broken randomly so equally-idle nodes share traffic over time",
    measures: [
      {
        label: "Jain's index of the pay of equal machines, idle",
        unit: "index",
        arms: [arm("audit", noParty, idle, "horizonDays=28")],
        of: mean("earnings.jain"),
        bound: atLeast(0.98),
      },
      {
        label: "Jain's index of the pay of equal machines, half busy",
        unit: "index",
        arms: [arm("audit", noParty, halfBusy)],
        of: mean("earnings.jain"),
        bound: atLeast(0.98),
      },
    ],
  },
  {
    id: "short-hiccups",
    title: "Short hiccups do not park a node",
    source: "002: three failures in 60 seconds parks you for 15 seconds",
    measures: [
      {
        label: "parks for each hiccup of 5 s, machines half busy",
        unit: "parks/hiccup",
        arms: [
          arm("audit", noParty, halfBusy, "faults.hiccupsPerNodeDay=20", "faults.hiccupSeconds=5"),
        ],
        of: ([only]) =>
          estimate(valuesOf(only, "breaker.parksPerNodeDay").map((parks) => parks / 20)),
        bound: atMost(0.05),
      },
      {
        label: "share of time parked, 4 short calls a second and machine, 1% of attempts failing",
        unit: "share",
        arms: [arm("audit", ...shortCalls, "faults.failureShare=0.01")],
        of: mean("breaker.parkedShare"),
        bound: atMost(0.02),
      },
    ],
  },
  {
    id: "neutral-4xx",
    title: "A consumer's 4xx is neutral",
    source: "002: 4xx user errors are neutral",
    measures: [
      {
        label: "parks, 30% of the calls wrong in themselves and none failing",
        unit: "1/(node d)",
        arms: [arm("audit", halfBusy, "faults.failureShare=0", "demand.badInputShare=0.3")],
        of: mean("breaker.parksPerNodeDay"),
        bound: atMost(0),
      },
      {
        label: "health of a node under 30% wrong calls, less its health under none",
        unit: "score",
        arms: [
          arm("audit", halfBusy, "faults.failureShare=0", "demand.badInputShare=0.3"),
          arm("audit", halfBusy, "faults.failureShare=0"),
        ],
        of: difference("party.subject.health"),
        bound: within(-0.001, 0.001),
      },
    ],
  },
  {
    id: "speed",
    title: "Speed above the floor does not matter",
    source:
      "002: above the floor, a 200 tok/s H100 and a 6 tok/s consumer GPU are equally fair candidates",
    measures: [
      {
        label: "traffic of an RTX 4090 ÷ that of an RTX 3060, idle",
        unit: "ratio",
        arms: [arm("audit", fastAndSlow, idle, "horizonDays=28")],
        of: ratio("party.fast.traffic", "party.slow.traffic"),
        bound: within(0.95, 1.05),
      },
      {
        label: "traffic of an RTX 4090 ÷ that of an RTX 3060, crowded",
        unit: "ratio",
        arms: [arm("audit", fastAndSlow, crowded)],
        of: ratio("party.fast.traffic", "party.slow.traffic"),
        bound: within(0.95, 1.05),
      },
    ],
  },
  {
    id: "ramp-deters",
    title: "Ramp-up deters Sybils",
    source: "002: new nodes are admitted at a fraction of their declared rate",
    measures: [
      {
        label: "idle: a newcomer's first-week traffic less what the ramp allows",
        unit: "ratio to an equal veteran's traffic",
        arms: [arm("audit", idle, "horizonDays=28")],
        of: mean("newcomer.trafficLessRamp"),
        bound: atMost(0.1),
      },
      {
        label: "half busy: a newcomer's first-week traffic less what the ramp allows",
        unit: "ratio to an equal veteran's traffic",
        arms: [arm("audit", halfBusy)],
        of: mean("newcomer.trafficLessRamp"),
        bound: atMost(0.1),
      },
    ],
  },
  {
    id: "ramp-tax",
    title: "Ramp-up does not tax real operators",
    source: "002: a Sybil deterrent — not a tax on real operators",
    measures: [
      {
        label: "pay of a newcomer's second week ÷ an equal veteran's, half busy",
        unit: "ratio",
        arms: [arm("audit", halfBusy)],
        of: mean("newcomer.paySecondWeek"),
        bound: atLeast(0.98),
      },
      {
        label: "what the first week costs a newcomer of a quarter year's pay, half busy",
        unit: "share",
        arms: [arm("audit", halfBusy)],
        of: ([only]) =>
          estimate(valuesOf(only, "newcomer.payFirstWeek").map((pay) => ((1 - pay) * 7) / 91)),
        bound: atMost(0.05),
      },
    ],
  },
  {
    id: "newcomers",
    title: "None of it punishes newcomers",
    source:
      "002: never punish newcomers; measured as no deficit beyond what the ramp formula gives",
    measures: [
      {
        label: "half busy: a newcomer's first-week traffic less what the ramp allows",
        unit: "ratio to an equal veteran's traffic",
        arms: [arm("audit", halfBusy)],
        of: mean("newcomer.trafficLessRamp"),
        bound: atLeast(-0.02),
      },
      {
        label: "crowded: a newcomer's first-week traffic less what the ramp allows",
        unit: "ratio to an equal veteran's traffic",
        arms: [arm("audit", crowded)],
        of: mean("newcomer.trafficLessRamp"),
        bound: atLeast(-0.02),
      },
    ],
  },
  {
    id: "anti-flapping",
    title: "Anti-flapping keeps coverage stable",
    source: "002: a temporary payout reduction that decays over 72 hours",
    isSlow: true,
    measures: [
      {
        label: "switches, with the rule less without",
        unit: "1/(node week)",
        arms: [flapping(), flapping("economy.flap.initialReduction=0")],
        of: difference("switches.perNodeWeek"),
        bound: atMost(0),
      },
      {
        label: "time in which a model is short, with the rule less without",
        unit: "share",
        arms: [flapping(), flapping("economy.flap.initialReduction=0")],
        of: differenceOfMeans(flappingModels.map((name) => `shortage.${name}`)),
        bound: atMost(0),
      },
      {
        label: "spread of coverage over time, with the rule less without",
        unit: "standard deviation",
        arms: [flapping(), flapping("economy.flap.initialReduction=0")],
        of: differenceOfMeans(flappingModels.map((name) => `coverageSpread.${name}`)),
        bound: atMost(0),
      },
    ],
  },
  {
    id: "bounties",
    title: "Bounties drive nodes to the models that need them most, at no cost to the consumer",
    source:
      "002: payout multipliers on under-supplied models, funded by the platform — not the consumer",
    measures: [
      {
        label: "nodes of the model in demand, with bounties less without",
        unit: "nodes",
        arms: [rush(), rush("economy.bounty.maxMultiplier=1")],
        of: difference("nodes.qwen3-32b"),
        bound: atLeast(0.25),
      },
      {
        label: "what consumers pay for a million tokens, with bounties ÷ without",
        unit: "ratio",
        arms: [
          arm("audit", crowded, noParty),
          arm("audit", crowded, noParty, "economy.bounty.maxMultiplier=1"),
        ],
        of: ([one, other]) => estimateRatio([one, "credits.perMtok"], [other, "credits.perMtok"]),
        bound: within(0.999, 1.001),
      },
      {
        label: "lowest balance of the bounty pool",
        unit: "credits",
        arms: [rush()],
        of: mean("bountyPool.least"),
        bound: atLeast(0),
      },
    ],
  },
]
