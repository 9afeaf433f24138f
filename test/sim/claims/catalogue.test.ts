/** The audit's experiments: that they can be run, and are what they say they are. */
import { NodeContext } from "@effect/platform-node"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import type { Arm } from "../../../sim/claims/arm.ts"
import { attackPlans } from "../../../sim/claims/attack-catalogue.ts"
import { auditIds, replicationsFor, runAudit } from "../../../sim/claims/audit.ts"
import { claimPlans } from "../../../sim/claims/claim-catalogue.ts"
import { frontierArms } from "../../../sim/claims/frontier.ts"
import { makePlan } from "../../../sim/experiment/plan.ts"
import { metricFactsOf } from "../../../sim/metrics/of-replication.ts"
import { layerInline } from "../../../sim/experiment/replicators.ts"

const run = <A, E>(effect: Effect.Effect<A, E, NodeContext.NodeContext>): Promise<A> =>
  Effect.runPromise(Effect.provide(effect, NodeContext.layer))

const planOf = ({ scenario, settings }: Arm) => run(makePlan(scenario, settings, 1))

const armsOfAttacks = attackPlans.flatMap(({ ways }) =>
  ways.flatMap(({ scenario, both, honest, attack }) => [
    ...Object.values(honest).map((own): Arm => ({ scenario, settings: [...both, ...own] })),
    { scenario, settings: [...both, ...attack] },
  ]),
)

describe("every arm of the audit", () => {
  it("is a scenario that can be run, under either economy", async () => {
    const arms = [
      ...armsOfAttacks,
      ...claimPlans.flatMap(({ measures }) => measures.flatMap((measure) => measure.arms)),
    ].flatMap(({ scenario, settings }) =>
      ["pooled", "hardened"].map((economy) => ({
        scenario,
        settings: [`economy=${economy}`, ...settings],
      })),
    )
    for (const arm of [...arms, ...frontierArms.flatMap(({ honest, attack }) => [honest, attack])])
      expect((await planOf(arm)).scenario.horizonDays).toBeGreaterThan(0)
  })

  it("reports metrics that there are", async () => {
    for (const { ways } of attackPlans)
      for (const { scenario, both, attack, report } of ways) {
        const plan = await planOf({ scenario, settings: [...both, ...attack] })
        const known = metricFactsOf(plan.scenario)
        for (const metric of report) expect(Object.keys(known)).toContain(metric)
      }
  })

  it("has an honest party without conduct of its own, on the attacker's machines", async () => {
    for (const { id, ways } of attackPlans)
      for (const { scenario, both, honest, attack } of ways) {
        const attacker = (await planOf({ scenario, settings: [...both, ...attack] })).scenario
          .parties[0]
        for (const own of Object.values(honest)) {
          const party = (await planOf({ scenario, settings: [...both, ...own] })).scenario
            .parties[0]
          expect(party.device, id).toBe(attacker.device)
          expect(party.machines, id).toBe(attacker.machines)
          expect(party.conduct, id).toMatchObject({
            splitInto: 1,
            declaredSlots: 1,
            declaredSpeed: 1,
            speed: 1,
            failShare: 0,
            rejoinBelowHealth: 0,
            withheldMachines: 0,
            reportedTokens: 1,
            refusesFromTokens: null,
            refusesWith: "429",
            demand: null,
          })
        }
        const isHonest = Object.values(honest).some(
          (own) => JSON.stringify(own) === JSON.stringify(attack),
        )
        expect(isHonest, id).toBe(false)
      }
  })
})

describe("an audit", () => {
  it("runs an arm that several ask for once, and answers for each economy", async () => {
    const ids = new Set(["token-inflation"])
    const size = { seed: "test", replications: 2, horizonShare: 0.05 }
    // Honest and attacker, under two economies.
    expect(replicationsFor(ids, size)).toBe(8)
    const told: Array<number> = []
    const { attacks, claims, frontier, failedChecks } = await run(
      runAudit(ids, size, (finished) => Effect.sync(() => void told.push(finished))).pipe(
        Effect.provide(layerInline),
      ),
    )
    expect(told.at(-1)).toBe(8)
    expect(claims).toEqual([])
    expect(frontier).toBeNull()
    expect(failedChecks).toEqual([])
    expect(attacks.map(({ id }) => id)).toEqual(["token-inflation"])
    for (const economy of ["pooled", "hardened"]) {
      const [way] = attacks[0].economies[economy]
      expect(way.against).toBe("stays honest")
      expect(way.ratio.n).toBe(2)
      const billed = way.reported.find(({ metric }) => metric === "party.subject.billedTokens")
      expect(billed?.attack.mean).toBe(1)
      expect(way.reproduce[1]).toContain(
        `--set economy=${economy} --set demand.requestsPerSecond=0.24 --set parties.0.conduct.reportedTokens=1.3 --set horizonDays=0.7`,
      )
    }
  })

  it("knows each promise and attack by one name", () => {
    expect(new Set(auditIds).size).toBe(auditIds.length)
    // The attacks of the list of invariants, and the promises of the economy's document.
    expect(attackPlans).toHaveLength(16)
    expect(claimPlans.length).toBeGreaterThanOrEqual(8)
  })
})
