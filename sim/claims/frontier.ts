/**
 * The frontier of self-dealing. A party with a share s of a model's supply that buys its own tokens
 * gets back s · (1 − fee) · m of what it pays, where m is the bounty multiplier: it pays as soon as
 *
 *   m > 1 ÷ (s · (1 − fee))
 *
 * if the pool can pay and its trust allows m. Here the party tries it, for several s and m, under the
 * rules of `pooled`, with trust that allows everyone the highest multiplier and a pool that is fed by
 * all of the fee.
 */
import type { Frontier } from "../results/claims-model.ts"
import type { Arm, ArmResult, RunSize } from "./arm.ts"
import { commandOfArm } from "./arm.ts"
import { estimateRatio, judgeAttack } from "./judge.ts"

const multipliers = [1.05, 1.13, 1.2, 1.35, 1.6, 2, 2.6]
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

const armsAt = (supplyShare: number, rivals: number, maxMultiplier: number): FrontierArm => {
  const both = [
    "economy=pooled",
    "horizonDays=7",
    `economy.bounty.maxMultiplier=${maxMultiplier}`,
    "economy.bounty.poolFeeBps=10000",
    `economy.trust.tiers=[{name: all, onlineDays: 0, minHealth: 0, maxMultiplier: ${maxMultiplier}}]`,
    "models.1={name: llama-3.2-3b, quantisation: q4, inputPricePerMtok: 20, outputPricePerMtok: 60, popularity: 0.03, initialSupply: 0}",
    "parties.0.model=llama-3.2-3b",
    "parties.0.isEstablished=true",
    ...(rivals === 0
      ? []
      : [
          `parties.1={name: rivals, device: RTX 3060 12GB, model: llama-3.2-3b, machines: ${rivals}, isEstablished: true}`,
        ]),
  ]
  const demand = `parties.0.conduct.demand={callsPerHour: ${1500 * (rivals + 1)}, model: llama-3.2-3b, inputTokens: 10, outputTokens: 2000, paidBy: puppets, puppets: 10}`
  return {
    supplyShare,
    maxMultiplier,
    honest: { scenario: "audit", settings: both },
    attack: { scenario: "audit", settings: [...both, demand] },
  }
}

export const frontierArms: ReadonlyArray<FrontierArm> = shares.flatMap(({ supplyShare, rivals }) =>
  multipliers.map((maxMultiplier) => armsAt(supplyShare, rivals, maxMultiplier)),
)

export const frontierOf = (resultOf: (arm: Arm) => ArmResult, size: RunSize): Frontier => {
  const profit = "party.subject.profit"
  const points = frontierArms.map(({ supplyShare, maxMultiplier, honest, attack }) => ({
    supplyShare,
    maxMultiplier,
    ratio: estimateRatio([resultOf(attack), profit], [resultOf(honest), profit]),
    reproduce: [commandOfArm(honest, size), commandOfArm(attack, size)],
  }))
  return {
    points,
    safe: shares.map(({ supplyShare }) => {
      const own = points.filter((point) => point.supplyShare === supplyShare)
      const of = (verdict: ReturnType<typeof judgeAttack>) =>
        own
          .filter(({ ratio }) => judgeAttack(ratio) === verdict)
          .map(({ maxMultiplier }) => maxMultiplier)
      const paying = of("pays")
      const lowestPaying = paying.length === 0 ? null : Math.min(...paying)
      const safe = of("does not pay").filter((one) => lowestPaying === null || one < lowestPaying)
      return {
        supplyShare,
        highestSafe: safe.length === 0 ? null : Math.max(...safe),
        lowestPaying,
        theory: 1 / (supplyShare * (1 - feeBps / 10_000)),
      }
    }),
  }
}
