/**
 * The claims audit: every promise and every attack, under each economy, as arms that share their random
 * numbers; and from what these came to, the verdicts.
 */
import { Effect } from "effect"
import type {
  Attack,
  AttackResult,
  Claim,
  ClaimResult,
  Frontier,
  Measure,
} from "../results/models/claims-model.ts"
import { metricFacts } from "../metrics/catalogue.ts"
import type { Arm, ArmResult, RunSize } from "./arm.ts"
import { keyOfArm, runArms } from "./arm.ts"
import type { AttackPlan, AttackWay } from "./attack-catalogue.ts"
import { attackPlans } from "./attack-catalogue.ts"
import type { ClaimPlan } from "./claim-catalogue.ts"
import { claimPlans } from "./claim-catalogue.ts"
import { frontierArms, frontierOf } from "./frontier.ts"
import { estimate, estimateRatio, joinVerdicts, judge, judgeAttack, valuesOf } from "./judge.ts"

export const auditedEconomies = ["pooled", "hardened"] as const

/** What is to be audited: ids of promises and attacks, `frontier` and `long-term` among them. */
export const auditIds: ReadonlyArray<string> = [
  ...claimPlans.map(({ id }) => id),
  "long-term",
  ...attackPlans.map(({ id }) => id),
  "frontier",
]

export interface Audited {
  readonly claims: ReadonlyArray<Claim>
  readonly attacks: ReadonlyArray<Attack>
  readonly frontier: Frontier | null
  readonly failedChecks: ReadonlyArray<string>
}

/** The arm under an economy, whose knobs come before those of the experiment. */
const under = (economy: string, { settings, ...arm }: Arm): Arm => ({
  ...arm,
  settings: [`economy=${economy}`, ...settings],
})

const honestArms = ({ scenario, both, honest }: AttackWay): ReadonlyArray<readonly [string, Arm]> =>
  Object.entries(honest).map(([name, own]) => [name, { scenario, settings: [...both, ...own] }])

const attackArm = ({ scenario, both, attack }: AttackWay): Arm => ({
  scenario,
  settings: [...both, ...attack],
})

const armsOf = (plan: AttackPlan): ReadonlyArray<Arm> =>
  plan.ways.flatMap((way) => [...honestArms(way).map(([, arm]) => arm), attackArm(way)])

/** The arms that an audit of these ids needs, those of both economies. */
const armsFor = (ids: ReadonlySet<string>): ReadonlyArray<Arm> => {
  const attacks = plansFor(ids)
  const perEconomy = [
    ...claimPlans
      .filter(({ id }) => ids.has(id))
      .flatMap(({ measures }) => measures.flatMap(({ arms }) => arms)),
    ...attacks.flatMap(armsOf),
  ]
  return [
    ...auditedEconomies.flatMap((economy) => perEconomy.map((arm) => under(economy, arm))),
    ...(ids.has("frontier") ? frontierArms.flatMap(({ honest, attack }) => [honest, attack]) : []),
  ]
}

/** The promise about the long term is about all attacks. */
const plansFor = (ids: ReadonlySet<string>): ReadonlyArray<AttackPlan> =>
  ids.has("long-term") ? attackPlans : attackPlans.filter(({ id }) => ids.has(id))

/** How many replications an audit of these ids takes. */
export const replicationsFor = (ids: ReadonlySet<string>, { replications }: RunSize): number =>
  new Set(armsFor(ids).map(keyOfArm)).size * replications

export const runAudit = (
  ids: ReadonlySet<string>,
  size: RunSize,
  onProgress: (finished: number) => Effect.Effect<void>,
) =>
  Effect.map(runArms(armsFor(ids), size, onProgress), (results): Audited => {
    const resultOf = (arm: Arm): ArmResult => {
      const result = results.get(keyOfArm(arm))
      if (result === undefined) throw new Error(`audit: an arm was not run: ${keyOfArm(arm)}`)
      return result
    }
    const attacks = plansFor(ids).map((plan) => attackOf(plan, resultOf))
    return {
      claims: [
        ...claimPlans.filter(({ id }) => ids.has(id)).map((plan) => claimOf(plan, resultOf)),
        ...(ids.has("long-term") ? [longTerm(attacks)] : []),
      ],
      attacks,
      frontier: ids.has("frontier") ? frontierOf(resultOf) : null,
      failedChecks: [...results].flatMap(([key, { failedChecks }]) =>
        failedChecks.map((check) => `${check} in ${key}`),
      ),
    }
  })

type ResultOf = (arm: Arm) => ArmResult

const byEconomy = <A>(of: (economy: string) => A): Readonly<Record<string, A>> =>
  Object.fromEntries(auditedEconomies.map((economy) => [economy, of(economy)]))

const claimOf = ({ id, title, source, measures }: ClaimPlan, resultOf: ResultOf): Claim => ({
  id,
  title,
  source,
  economies: byEconomy((economy): ClaimResult => {
    const found = measures.map(({ label, unit, arms, of, bound }): Measure => {
      const own = arms.map((arm) => under(economy, arm))
      const estimated = of(own.map(resultOf))
      return {
        label,
        unit,
        estimate: estimated,
        bound,
        verdict: judge(estimated, bound),
        reproduce: own.map((arm) => resultOf(arm).command),
      }
    })
    return {
      verdict: joinVerdicts(found.map(({ verdict }) => verdict)),
      because: becauseOf(found),
      measures: found,
    }
  }),
})

/** Where it holds, and where it does not. */
const becauseOf = (measures: ReadonlyArray<Measure>): string => {
  const named = (verdict: Measure["verdict"], word: string): ReadonlyArray<string> => {
    const labels = measures.filter((one) => one.verdict === verdict).map(({ label }) => label)
    return labels.length === 0 ? [] : [`${word}: ${labels.join("; ")}`]
  }
  return [
    ...named("fails", "not kept"),
    ...named("undecided", "undecided"),
    ...named("holds", "kept"),
  ].join(". ")
}

const profit = "party.subject.profit"

const attackOf = (plan: AttackPlan, resultOf: ResultOf): Attack => ({
  id: plan.id,
  title: plan.title,
  means: plan.means,
  economies: byEconomy((economy) =>
    plan.ways.map((way): AttackResult => {
      const attacker = under(economy, attackArm(way))
      const controls = honestArms(way).map(([name, arm]) => {
        const own = under(economy, arm)
        return { name, arm: own, profit: estimate(valuesOf(resultOf(own), profit)) }
      })
      const best = controls.reduce((one, other) =>
        other.profit.mean > one.profit.mean ? other : one,
      )
      const attack = resultOf(attacker)
      const honest = resultOf(best.arm)
      const ratio = estimateRatio([attack, profit], [honest, profit])
      return {
        label: way.label,
        verdict: judgeAttack(ratio),
        ratio,
        against: best.name,
        attackProfit: estimate(valuesOf(attack, profit)),
        honestProfit: best.profit,
        trafficGain:
          way.seeksTraffic === true
            ? estimateRatio([attack, "party.subject.traffic"], [honest, "party.subject.traffic"])
            : null,
        reported: way.report.map((metric) => ({
          metric,
          label: factsOf(metric).meaning,
          unit: factsOf(metric).unit,
          honest: estimate(valuesOf(honest, metric)),
          attack: estimate(valuesOf(attack, metric)),
        })),
        reproduce: [honest.command, attack.command],
      }
    }),
  ),
})

const reportedModels = ["llama-3-70b", "llama-3-8b"].map((name) => ({ name, crowdSeconds: null }))
const facts = metricFacts({ models: reportedModels, parties: ["subject"], strategies: [] })
const factsOf = (metric: string) => {
  const found = facts[metric]
  if (found === undefined) throw new Error(`audit: there is no metric ${metric}`)
  return found
}

const keptWhere = { "does not pay": "holds", pays: "fails", undecided: "undecided" } as const

/** "Long-term honest participation is, by construction, more profitable than short-term spoofing." */
const longTerm = (attacks: ReadonlyArray<Attack>): Claim => ({
  id: "long-term",
  title: "Long-term honest participation is more profitable than short-term spoofing",
  source:
    "002: long-term honest participation is, by construction, more profitable than short-term spoofing; measured over all attacks below",
  economies: byEconomy((economy): ClaimResult => {
    const measures = attacks.flatMap(({ title, economies }) =>
      economies[economy].map(({ label, ratio, verdict, reproduce }): Measure => ({
        label: `${title}: ${label}`,
        unit: "profit ÷ honest profit",
        estimate: ratio,
        bound: { atLeast: null, atMost: 1 },
        verdict: keptWhere[verdict],
        reproduce,
      })),
    )
    const failing = measures.filter(({ verdict }) => verdict === "fails")
    const undecided = measures.filter(({ verdict }) => verdict === "undecided")
    return {
      // One attack that pays is enough: the promise is about all of them.
      verdict: failing.length > 0 ? "fails" : undecided.length > 0 ? "undecided" : "holds",
      because:
        failing.length === 0 && undecided.length === 0
          ? `none of ${measures.length} attacks pays`
          : [
              ...(failing.length === 0
                ? []
                : [`pays: ${failing.map(({ label }) => label).join("; ")}`]),
              ...(undecided.length === 0
                ? []
                : [`undecided: ${undecided.map(({ label }) => label).join("; ")}`]),
            ].join(". "),
      measures,
    }
  }),
})
