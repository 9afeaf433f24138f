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
import type { JudgedTrial, Trial } from "./judge.ts"
import type { AttackPlan, AttackWay } from "./attack-catalogue.ts"
import type { AuditBook } from "./audit-books.ts"
import type { ClaimPlan } from "./claim-catalogue.ts"
import { frontierArms, frontierOf } from "./frontier.ts"
import {
  differencesOf,
  estimate,
  estimateRatio,
  joinVerdicts,
  judge,
  judgeAttacks,
  valuesOf,
} from "./judge.ts"

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

/** What an audit is about. */
export interface AuditScope {
  readonly book: AuditBook
  /** Ids of promises and attacks; those that one asks for by name. None: all. */
  readonly only: ReadonlyArray<string>
  /** The same experiments for as long, but one of each promise and attack, and none that takes minutes. */
  readonly isFast: boolean
}

interface AuditPlan {
  readonly economies: ReadonlyArray<string>
  readonly claims: ReadonlyArray<ClaimPlan>
  readonly attacks: ReadonlyArray<AttackPlan>
  readonly hasLongTerm: boolean
  readonly hasFrontier: boolean
  readonly metrics: AttackMetrics
}

const planFor = ({ book, only, isFast }: AuditScope): AuditPlan => {
  const isAsked = (id: string, isSlow: boolean): boolean =>
    only.length === 0 ? !(isFast && isSlow) : only.includes(id)
  const hasLongTerm = book.hasLongTerm && isAsked("long-term", false)
  const few = <A>(all: ReadonlyArray<A>): ReadonlyArray<A> => (isFast ? all.slice(0, 1) : all)
  return {
    economies: book.economies,
    metrics: book,
    claims: book.claims
      .filter(({ id, isSlow }) => isAsked(id, isSlow === true))
      .map((plan) => ({ ...plan, measures: few(plan.measures) })),
    // The promise about the long term is about all attacks.
    attacks: book.attacks
      .filter(({ id, isSlow }) =>
        hasLongTerm ? !(isFast && isSlow === true) : isAsked(id, isSlow === true),
      )
      .map((plan) => ({ ...plan, ways: few(plan.ways) })),
    hasLongTerm,
    hasFrontier: book.hasFrontier && isAsked("frontier", true),
  }
}

const armsFor = ({ economies, claims, attacks, hasFrontier }: AuditPlan): ReadonlyArray<Arm> => {
  const perEconomy = [
    ...claims.flatMap(({ measures }) => measures.flatMap(({ arms }) => arms)),
    ...attacks.flatMap(armsOf),
  ]
  return [
    ...economies.flatMap((economy) => perEconomy.map((arm) => under(economy, arm))),
    ...(hasFrontier ? frontierArms.flatMap(({ honest, attack }) => [honest, attack]) : []),
  ]
}

/** How many replications an audit takes. */
export const replicationsFor = (scope: AuditScope, { replications }: RunSize): number =>
  new Set(armsFor(planFor(scope)).map(keyOfArm)).size * replications

export const runAudit = (
  scope: AuditScope,
  size: RunSize,
  onProgress: (finished: number) => Effect.Effect<void>,
) => {
  const plan = planFor(scope)
  return Effect.map(runArms(armsFor(plan), size, onProgress), (results): Audited => {
    const resultOf = (arm: Arm): ArmResult => {
      const result = results.get(keyOfArm(arm))
      if (result === undefined) throw new Error(`audit: an arm was not run: ${keyOfArm(arm)}`)
      return result
    }
    const { economies } = plan
    const attacks = attacksOf(plan, resultOf)
    return {
      claims: [
        ...plan.claims.map((claim) => claimOf(claim, economies, resultOf)),
        ...(plan.hasLongTerm ? [longTerm(attacks, economies)] : []),
      ],
      attacks,
      frontier: plan.hasFrontier ? frontierOf(resultOf) : null,
      failedChecks: [...results].flatMap(([key, { failedChecks }]) =>
        failedChecks.map((check) => `${check} in ${key}`),
      ),
    }
  })
}

type ResultOf = (arm: Arm) => ArmResult

const byEconomy = <A>(
  economies: ReadonlyArray<string>,
  of: (economy: string) => A,
): Readonly<Record<string, A>> =>
  Object.fromEntries(economies.map((economy) => [economy, of(economy)]))

const claimOf = (
  { id, title, source, measures }: ClaimPlan,
  economies: ReadonlyArray<string>,
  resultOf: ResultOf,
): Claim => ({
  id,
  title,
  source,
  economies: byEconomy(economies, (economy): ClaimResult => {
    const found = measures.map(({ label, unit, arms, of, bound }): Measure => {
      const own = arms.map((arm) => under(economy, arm))
      const estimated = of(own.map(resultOf))
      return {
        label,
        unit,
        estimate: estimated,
        bound,
        verdict: judge(estimated, bound),
        // What follows from the rules alone is true of any time.
        horizonDays: Math.max(0, ...own.map((arm) => resultOf(arm).horizonDays)),
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

/** What part of the honest pay nobody would run an attack for. */
const negligibleShare = 0.005

/** What an attack is to raise, and what is compared with what counts as nothing. */
type AttackMetrics = Pick<AuditBook, "profit" | "pay">

/** A way of an attack under an economy, run and held against the best honest conduct. */
interface Contest extends Trial {
  readonly way: AttackWay
  readonly economy: string
  readonly attack: ArmResult
  readonly against: string
  readonly honest: ArmResult
}

const contestOf = (
  way: AttackWay,
  economy: string,
  { profit, pay }: AttackMetrics,
  resultOf: ResultOf,
): Contest => {
  const attack = resultOf(under(economy, attackArm(way)))
  const controls = honestArms(way).map(([name, arm]) => {
    const honest = resultOf(under(economy, arm))
    return { name, honest, profit: estimate(valuesOf(honest, profit)).mean }
  })
  const best = controls.reduce((one, other) => (other.profit > one.profit ? other : one))
  return {
    way,
    economy,
    attack,
    against: best.name,
    honest: best.honest,
    gains: differencesOf(attack, best.honest, profit),
    negligible: Math.max(0, negligibleShare * estimate(valuesOf(best.honest, pay)).mean),
  }
}

/** All attacks, whose verdicts hold together. */
const attacksOf = (
  { attacks: plans, economies, metrics }: AuditPlan,
  resultOf: ResultOf,
): ReadonlyArray<Attack> => {
  const contests = plans.flatMap(({ id, ways }) =>
    economies.flatMap((economy) =>
      ways.map((way) => ({ id, contest: contestOf(way, economy, metrics, resultOf) })),
    ),
  )
  const judged = judgeAttacks(contests.map(({ contest }) => contest))
  const results = contests.map(({ id, contest }, at) => ({
    id,
    economy: contest.economy,
    result: attackResult(contest, judged[at], metrics),
  }))
  return plans.map(({ id, title, means }) => ({
    id,
    title,
    means,
    economies: byEconomy(economies, (economy) =>
      results.filter((one) => one.id === id && one.economy === economy).map(({ result }) => result),
    ),
  }))
}

const attackResult = (
  { way, attack, honest, against, negligible }: Contest,
  judged: JudgedTrial,
  { profit }: AttackMetrics,
): AttackResult => {
  const honestProfit = estimate(valuesOf(honest, profit))
  return {
    label: way.label,
    ...judged,
    horizonDays: attack.horizonDays,
    negligibleGain: negligible,
    ratio:
      honestProfit.low !== null && honestProfit.low > 0
        ? estimateRatio([attack, profit], [honest, profit])
        : null,
    against,
    attackProfit: estimate(valuesOf(attack, profit)),
    honestProfit,
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
}

const reportedModels = ["llama-3-70b", "llama-3-8b"].map((name) => ({ name, crowdSeconds: null }))
const facts = metricFacts({
  models: reportedModels,
  parties: ["subject"],
  strategies: [],
  prices: [],
  hours: {
    regions: [],
    strategies: [],
    has: { promises: true, contracts: true, reservations: true, ratings: true, swarms: true },
  },
  hasBatches: true,
  queue: { tiers: [], hasPreemption: true },
  hasGain: true,
})
const factsOf = (metric: string) => {
  const found = facts[metric]
  if (found === undefined) throw new Error(`audit: there is no metric ${metric}`)
  return found
}

const keptWhere = { "does not pay": "holds", pays: "fails", undecided: "undecided" } as const

/** "Long-term honest participation is, by construction, more profitable than short-term spoofing." */
const longTerm = (attacks: ReadonlyArray<Attack>, economies: ReadonlyArray<string>): Claim => ({
  id: "long-term",
  title: "Long-term honest participation is more profitable than short-term spoofing",
  source:
    "002: long-term honest participation is, by construction, more profitable than short-term spoofing; measured over all attacks below",
  economies: byEconomy(economies, (economy): ClaimResult => {
    const measures = attacks.flatMap(({ title, economies: results }) =>
      results[economy].map(
        ({ label, gain, negligibleGain, verdict, horizonDays, reproduce }): Measure => ({
          label: `${title}: ${label}`,
          unit: "credits/d more than honest",
          estimate: gain,
          bound: { atLeast: null, atMost: negligibleGain },
          verdict: keptWhere[verdict],
          horizonDays,
          reproduce,
        }),
      ),
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
