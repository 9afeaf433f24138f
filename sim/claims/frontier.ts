/**
 * The frontier of self-dealing. A party with a share s of a model's supply that buys its own tokens
 * gets back s · (1 − fee) · m of what it pays, where m is the bounty multiplier: each credit gains it
 *
 *   s · (1 − fee) · m − 1
 *
 * which is above 0 as soon as m > 1 ÷ (s · (1 − fee)), if the pool can pay and its trust allows m. Here
 * the party tries it, for several s and m, under the rules of `pooled`, with trust that allows everyone
 * the highest multiplier, a target that keeps the model short, and a pool that all of the fee goes to.
 */
import type { Estimated, Frontier } from "../results/models/claims-model.ts"
import type { Arm, ArmResult } from "./arm.ts"
import { estimate } from "./judge.ts"

const multipliers = [1.13, 1.3, 1.6, 2.4]
/** Machines of the same model beside the party's one: its share of the supply. */
const shares = [
  { supplyShare: 1, rivals: 0 },
  { supplyShare: 1 / 2, rivals: 1 },
  { supplyShare: 1 / 3, rivals: 2 },
]

interface FrontierArm {
  readonly supplyShare: number
  readonly maxMultiplier: number
  readonly honest: Arm
  readonly attack: Arm
}

const feeBps = 1200

/** The market, with so many machines of the model beside the party's. */
const marketAt = (rivals: number, maxMultiplier: number): ReadonlyArray<string> => [
  "economy=pooled",
  "horizonDays=2",
  // The others' model stays covered, so that it draws nothing from the pool.
  "economy.bounty.target=1.6",
  "economy.promotion.grantCredits=0",
  `economy.bounty.maxMultiplier=${maxMultiplier}`,
  "economy.bounty.poolFeeBps=10000",
  `economy.trust.tiers=[{name: all, onlineDays: 0, minHealth: 0, maxMultiplier: ${maxMultiplier}}]`,
  // Priced like the small one: what the party washes must stay little beside the fees that fill the pool.
  "models.1={name: llama-3-70b, quantisation: q4, inputPricePerMtok: 20, outputPricePerMtok: 60, popularity: 0.005, initialSupply: 0}",
  "parties.0.device=Apple M2 Ultra 76c",
  "parties.0.model=llama-3-70b",
  "parties.0.isEstablished=true",
  ...(rivals === 0
    ? []
    : [
        `parties.1={name: rivals, device: Apple M2 Ultra 76c, model: llama-3-70b, machines: ${rivals}, isEstablished: true}`,
      ]),
]

/** Without calls of its own the model is not short, and the highest multiplier is all one. */
const armsAt = (supplyShare: number, rivals: number, maxMultiplier: number): FrontierArm => {
  const demand = `parties.0.conduct.demand={callsPerHour: ${400 * (rivals + 1)}, model: llama-3-70b, inputTokens: 10, outputTokens: 2000, paidBy: puppets, puppets: 10}`
  return {
    supplyShare,
    maxMultiplier,
    honest: { scenario: "audit", settings: marketAt(rivals, multipliers[0]) },
    attack: {
      scenario: "audit",
      settings: [...marketAt(rivals, maxMultiplier), demand],
    },
  }
}

export const frontierArms: ReadonlyArray<FrontierArm> = shares.flatMap(({ supplyShare, rivals }) =>
  multipliers.map((maxMultiplier) => armsAt(supplyShare, rivals, maxMultiplier)),
)

export const frontierOf = (resultOf: (arm: Arm) => ArmResult): Frontier => {
  const points = frontierArms.map(({ supplyShare, maxMultiplier, honest, attack }) => ({
    supplyShare,
    maxMultiplier,
    paidMultiplier: paidMultiplier(resultOf(attack)),
    gain: gainPerCredit(resultOf(attack), resultOf(honest)),
    reproduce: [resultOf(honest).command, resultOf(attack).command],
  }))
  return {
    points,
    safe: shares.map(({ supplyShare }) => {
      const own = points.filter((point) => point.supplyShare === supplyShare)
      const of = (isThere: (gain: Estimated) => boolean) =>
        own.filter(({ gain }) => isThere(gain)).map((point) => point.paidMultiplier.mean)
      const paying = of(({ low }) => low !== null && low > 0)
      const lowestPaying = paying.length === 0 ? null : Math.min(...paying)
      const safe = of(({ high }) => high !== null && high <= 0).filter(
        (one) => lowestPaying === null || one < lowestPaying,
      )
      return {
        supplyShare,
        highestSafe: safe.length === 0 ? null : Math.max(...safe),
        lowestPaying,
        theory: 1 / (supplyShare * (1 - feeBps / 10_000)),
      }
    }),
  }
}

/** The multiplier that it was really paid, what was short and what the pool could bear included. */
const paidMultiplier = ({ metrics }: ArmResult): Estimated =>
  estimate(
    metrics.map((values) => 1 + values["party.subject.bounty"] / values["party.subject.share"]),
  )

/** What a credit spent on one's own tokens adds to one's profit, replication by replication. */
const gainPerCredit = (attack: ArmResult, honest: ArmResult): Estimated =>
  estimate(
    attack.metrics.flatMap((values, index) => {
      const without = honest.metrics[index]
      const spent = values["party.subject.spent"]
      return without === undefined || spent === 0
        ? []
        : [(values["party.subject.profit"] - without["party.subject.profit"]) / spent]
    }),
  )
