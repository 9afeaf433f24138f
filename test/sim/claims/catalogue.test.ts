/** The audit's experiments: that they can be run, and are what they say they are. */
import { NodeContext } from "@effect/platform-node"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import type { Arm } from "../../../sim/claims/arm.ts"
import { replicationsFor, runAudit } from "../../../sim/claims/audit.ts"
import type { AuditBook } from "../../../sim/claims/audit-books.ts"
import { auditBooks, idsIn } from "../../../sim/claims/audit-books.ts"
import { frontierArms } from "../../../sim/claims/frontier.ts"
import { halfBusy } from "../../../sim/claims/loads.ts"
import { makePlan } from "../../../sim/experiment/plan.ts"
import { metricFactsOf } from "../../../sim/metrics/of-replication.ts"
import { layerInline } from "../../../sim/experiment/replicators.ts"

const run = <A, E>(effect: Effect.Effect<A, E, NodeContext.NodeContext>): Promise<A> =>
  Effect.runPromise(Effect.provide(effect, NodeContext.layer))

const planOf = ({ scenario, settings }: Arm) => run(makePlan(scenario, settings, 1))

const books: ReadonlyArray<AuditBook> = Object.values(auditBooks)

const armsOfAttacks = ({ attacks }: AuditBook) =>
  attacks.flatMap(({ ways }) =>
    ways.flatMap(({ scenario, both, honest, attack }) => [
      ...Object.values(honest).map((own): Arm => ({ scenario, settings: [...both, ...own] })),
      { scenario, settings: [...both, ...attack] },
    ]),
  )

describe("every arm of the audit", () => {
  it("is a scenario that can be run, under either economy", async () => {
    const arms = books.flatMap((book) =>
      [
        ...armsOfAttacks(book),
        ...book.claims.flatMap(({ measures }) => measures.flatMap((measure) => measure.arms)),
      ].flatMap(({ scenario, settings }) =>
        book.economies.map((economy) => ({
          scenario,
          settings: [`economy=${economy}`, ...settings],
        })),
      ),
    )
    const all = [...arms, ...frontierArms.flatMap(({ honest, attack }) => [honest, attack])]
    // Many attacks stand against the same honest arm.
    for (const arm of new Map(all.map((one) => [JSON.stringify(one), one])).values())
      expect((await planOf(arm)).scenario.horizonDays).toBeGreaterThan(0)
  })

  it("reports metrics that there are", async () => {
    for (const { economies, attacks } of books)
      for (const { scenario, both, attack, report } of attacks.flatMap(({ ways }) => ways)) {
        const settings = [`economy=${economies[0]}`, ...both, ...attack]
        const known = metricFactsOf((await planOf({ scenario, settings })).scenario)
        for (const metric of report) expect(Object.keys(known)).toContain(metric)
      }
  })

  it("is tried in a fast audit where over-declaring has calls to win", () => {
    const [first] = auditBooks.pooled.attacks.find(({ id }) => id === "over-declaring")!.ways
    expect(first.both).toContain(halfBusy)
  })

  it("has an honest party without conduct of its own, on the attacker's machines", async () => {
    const partyIn = async (economy: string, scenario: string, settings: ReadonlyArray<string>) => {
      const plan = await planOf({ scenario, settings: [`economy=${economy}`, ...settings] })
      return plan.scenario.parties[0]
    }
    // A book's attacks are tried under its own economies.
    const everyAttack = books.flatMap(({ economies: [economy], attacks }) =>
      attacks.map((plan) => ({ ...plan, economy })),
    )
    for (const { id, ways, economy } of everyAttack)
      for (const { scenario, both, honest, attack } of ways) {
        const attacker = await partyIn(economy, scenario, [...both, ...attack])
        for (const own of Object.values(honest)) {
          const party = await partyIn(economy, scenario, [...both, ...own])
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
            reportedUtilisation: 1,
            refusesFromTokens: null,
            refusesWith: "429",
          })
          // Whoever calls for itself does so as often, without tricks.
          if (party.conduct.demand !== null)
            expect(party.conduct.demand, id).toMatchObject({
              callsPerHour: attacker.conduct.demand?.callsPerHour,
              puppets: 1,
              dummies: 0,
              isBadInput: false,
              isPoison: false,
              leavesAfterTokens: null,
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
    const scope = { book: auditBooks.pooled, only: ["throttling"], isFast: true }
    const size = { seed: "test", replications: 2 }
    // Honest and attacker, under two economies.
    expect(replicationsFor(scope, size)).toBe(8)
    const told: Array<number> = []
    const { attacks, claims, frontier, failedChecks } = await run(
      runAudit(scope, size, (finished) => Effect.sync(() => void told.push(finished))).pipe(
        Effect.provide(layerInline),
      ),
    )
    expect(told.at(-1)).toBe(8)
    expect(claims).toEqual([])
    expect(frontier).toBeNull()
    expect(failedChecks).toEqual([])
    expect(attacks.map(({ id }) => id)).toEqual(["throttling"])
    for (const economy of ["pooled", "hardened"]) {
      const [way, ...others] = attacks[0].economies[economy]
      expect(others).toEqual([])
      expect(way).toMatchObject({ against: "stays honest", horizonDays: 28 })
      expect(way.gain.n).toBe(2)
      expect(way.gain.mean).toBeCloseTo(way.attackProfit.mean - way.honestProfit.mean, 9)
      expect(way.reproduce[1]).toContain(
        `--set economy=${economy} --set demand.requestsPerSecond=0.016 --set operators.electricityUsdPerKwh=0.0005 --set horizonDays=28 --set parties.0.conduct.speed=0.2`,
      )
    }
  })

  it("that is fast estimates the same, by one experiment of each and without what takes minutes", () => {
    const size = { seed: "test", replications: 1 }
    const count = (scope: { readonly only: ReadonlyArray<string>; readonly isFast: boolean }) =>
      replicationsFor({ book: auditBooks.pooled, ...scope }, size)
    expect(count({ only: [], isFast: true })).toBeLessThan(count({ only: [], isFast: false }) / 2)
    // The second load is left out, the first is what it is in a whole audit.
    expect(count({ only: ["equal-shares"], isFast: true })).toBe(2)
    expect(count({ only: ["equal-shares"], isFast: false })).toBe(4)
    // What is slow is run where it is asked for.
    expect(count({ only: ["anti-flapping"], isFast: true })).toBe(4)
  })

  it("knows each promise and attack by one name", () => {
    for (const book of books) expect(new Set(idsIn(book)).size).toBe(idsIn(book).length)
    // The attacks of the list of invariants, and the promises of the economies' documents.
    expect(auditBooks.pooled.attacks).toHaveLength(16)
    expect(auditBooks.pooled.claims.length).toBeGreaterThanOrEqual(8)
    expect(auditBooks.infrintia.attacks).toHaveLength(3)
    expect(auditBooks.infrintia.claims).toHaveLength(5)
  })
})
