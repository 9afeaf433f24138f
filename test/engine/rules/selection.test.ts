import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { rampedSlots } from "../../../engine/rules/ramp.ts"
import { compileRules } from "../../../engine/economy/rules.ts"
import type { Rules } from "../../../engine/economy/rules.ts"
import type { Economy } from "../../../engine/economy/schema.ts"
import type { Stream } from "../../../engine/core/random.ts"
import { openStream } from "../../../engine/core/random.ts"
import type { Standing } from "../../../engine/rules/selection.ts"
import {
  choose,
  enterCandidate,
  leaveCandidate,
  makeCandidates,
  rankCandidate,
} from "../../../engine/rules/selection.ts"
import { economyWith } from "../../support/market.ts"
import { assertProperty } from "../../support/property.ts"

type Routing = Partial<Economy["routing"]>

const rulesOf = (routing: Routing, isLotteryRamped = false): Rules =>
  compileRules(economyWith({ routing, ramp: { weighsLottery: isLotteryRamped } }))

interface Entrant extends Standing {
  readonly instance: number
  readonly operator: number
}

const entrant = (
  instance: number,
  inFlight: number,
  slots: number,
  more: Partial<Entrant> = {},
) => {
  const ramp = more.ramp ?? 1
  return {
    instance,
    operator: more.operator ?? instance,
    isAdmitted: more.isAdmitted ?? true,
    inFlight,
    capacity: rampedSlots(ramp, slots),
    slots,
    ramp,
    healthHundredths: more.healthHundredths ?? 95,
    idleShare: more.idleShare ?? 1,
    reputation: more.reputation ?? 1,
  }
}

const indexOf = (rules: Rules, entrants: ReadonlyArray<Entrant>) => {
  const candidates = makeCandidates()
  const places = entrants.map((one) => {
    const place = enterCandidate(candidates, rules, one.instance, one.operator)
    rankCandidate(candidates, rules, place, one.operator, one)
    return place
  })
  return { candidates, places }
}

/** How often each entrant is chosen in `n` draws. */
const countsOf = (
  rules: Rules,
  entrants: ReadonlyArray<Entrant>,
  n = 20_000,
): ReadonlyMap<number, number> => {
  const { candidates } = indexOf(rules, entrants)
  const stream = openStream("candidates", "route", 1)
  const counts = new Map<number, number>()
  for (let i = 0; i < n; i++) {
    const chosen = choose(candidates, rules, stream)
    counts.set(chosen, (counts.get(chosen) ?? 0) + 1)
  }
  return counts
}

/** Asserts shares of draws within 6 standard deviations. */
const expectShares = (
  counts: ReadonlyMap<number, number>,
  weights: Readonly<Record<number, number>>,
): void => {
  const n = [...counts.values()].reduce((sum, one) => sum + one, 0)
  const total = Object.values(weights).reduce((sum, one) => sum + one, 0)
  for (const [instance, weight] of Object.entries(weights)) {
    const share = weight / total
    const deviation = Math.abs((counts.get(Number(instance)) ?? 0) - n * share)
    expect(deviation).toBeLessThanOrEqual(6 * Math.sqrt(n * share * (1 - share)))
  }
  expect([...counts.keys()].every((instance) => instance in weights)).toBe(true)
}

const noState = () => ({ c: 0, s0: 0, s1: 0, s2: 0 })

const everySelection = ["leastLoaded", "operatorFirst", "spareLottery", "twoChoices"] as const

describe.each(everySelection)("under %s", (selection) => {
  const rules = rulesOf({ selection })

  it("nobody is chosen where nobody is admitted or has room", () => {
    const { candidates } = indexOf(rules, [
      entrant(1, 4, 4),
      entrant(2, 0, 4, { isAdmitted: false }),
      entrant(3, 1, 8, { ramp: 0.1 }),
    ])
    expect(choose(candidates, rules, openStream("s", "route", 1))).toBe(-1)
    expect(choose(makeCandidates(), rules, openStream("s", "route", 1))).toBe(-1)
  })

  it("only the one with room is chosen", () => {
    const entrants = [entrant(1, 4, 4), entrant(2, 3, 4), entrant(3, 9, 9)]
    expect([...countsOf(rules, entrants, 200).keys()]).toEqual([2])
  })

  it("who left is not chosen, and the place is given again", () => {
    const { candidates, places } = indexOf(rules, [entrant(1, 0, 4), entrant(2, 3, 4)])
    leaveCandidate(candidates, rules, places[0] ?? -1, 1)
    const stream = openStream("s", "route", 1)
    for (let i = 0; i < 50; i++) expect(choose(candidates, rules, stream)).toBe(2)
    const place = enterCandidate(candidates, rules, 7, 7)
    // Entered, and not yet ranked: not a candidate.
    for (let i = 0; i < 50; i++) expect(choose(candidates, rules, stream)).toBe(2)
    rankCandidate(candidates, rules, place, 7, entrant(7, 0, 1000))
    expect(new Set(Array.from({ length: 500 }, () => choose(candidates, rules, stream)))).toContain(
      7,
    )
  })

  it("equal, idle entrants share evenly", () => {
    const entrants = [1, 2, 3, 4, 5].map((one) => entrant(one, 0, 4))
    expectShares(countsOf(rules, entrants), { 1: 1, 2: 1, 3: 1, 4: 1, 5: 1 })
  })
})

describe("leastLoaded", () => {
  it("takes the least fraction in use, whatever the size", () => {
    const rules = rulesOf({})
    expect([...countsOf(rules, [entrant(1, 1, 4), entrant(2, 30, 128)], 50).keys()]).toEqual([2])
    const idle = countsOf(rules, [entrant(1, 0, 1), entrant(2, 0, 1024)])
    expectShares(idle, { 1: 1, 2: 1 })
  })

  it("ties equal fractions of different sizes, and only equal ones", () => {
    const rules = rulesOf({ tieBreak: "random" })
    expectShares(countsOf(rules, [entrant(1, 1, 3), entrant(2, 341, 1023), entrant(3, 2, 3)]), {
      1: 1,
      2: 1,
    })
    // 340/1022 and 341/1023 differ by less than 10⁻⁶.
    expect([...countsOf(rules, [entrant(1, 341, 1023), entrant(2, 340, 1022)], 50).keys()]).toEqual(
      [2],
    )
  })

  it("takes the most free slots where load is read as slots", () => {
    const rules = rulesOf({ load: "slots" })
    expect([...countsOf(rules, [entrant(1, 0, 4), entrant(2, 100, 128)], 50).keys()]).toEqual([2])
  })

  it("counts the ramped slots", () => {
    const rules = rulesOf({})
    // 1 of 8 against 1 of floor(0.3 · 8) = 2.
    const entrants = [entrant(1, 1, 8), entrant(2, 1, 8, { ramp: 0.3 })]
    expect([...countsOf(rules, entrants, 50).keys()]).toEqual([1])
  })

  it("breaks ties by a lottery with weight 0.8 + 0.2 · H", () => {
    const rules = rulesOf({ tieBreak: "lottery" })
    const entrants = [100, 50, 0].map((h, i) => entrant(i, 0, 4, { healthHundredths: h }))
    expectShares(countsOf(rules, entrants, 200_000), { 0: 1, 1: 0.9, 2: 0.8 })
  })

  it("breaks ties evenly under random, and by health first under strict", () => {
    const entrants = [
      entrant(1, 0, 4, { healthHundredths: 99 }),
      entrant(2, 0, 4),
      entrant(3, 0, 4),
    ]
    expectShares(countsOf(rulesOf({ tieBreak: "random" }), entrants), { 1: 1, 2: 1, 3: 1 })
    expectShares(countsOf(rulesOf({ tieBreak: "strict" }), entrants), { 1: 1 })
    expectShares(countsOf(rulesOf({ tieBreak: "strict" }), entrants.slice(1)), { 2: 1, 3: 1 })
  })

  it("puts the least difference in load before the greatest in health", () => {
    const entrants = [
      entrant(1, 1022, 1023, { healthHundredths: 0 }),
      entrant(2, 1023, 1024, { healthHundredths: 100 }),
    ]
    expect([...countsOf(rulesOf({ tieBreak: "strict" }), entrants, 50).keys()]).toEqual([1])
  })

  it("weighs the lottery by the ramp where the economy says so", () => {
    const entrants = [entrant(1, 0, 1), entrant(2, 0, 1, { ramp: 0.25 })]
    expectShares(countsOf(rulesOf({}, true), entrants), { 1: 4, 2: 1 })
    expectShares(countsOf(rulesOf({}, false), entrants), { 1: 1, 2: 1 })
  })
})

describe("operatorFirst", () => {
  const rules = rulesOf({ selection: "operatorFirst", tieBreak: "random" })

  it("shares by operator, then by instance", () => {
    const entrants = [
      entrant(1, 0, 8),
      ...[2, 3, 4].map((instance) => entrant(instance, 0, 1, { operator: 9 })),
    ]
    expectShares(countsOf(rules, entrants), { 1: 3, 2: 1, 3: 1, 4: 1 })
  })

  it("takes the operator with the least Σ in-flight / Σ capacity, full instances included", () => {
    const entrants = [
      entrant(1, 1, 4),
      entrant(2, 4, 4, { operator: 9 }),
      entrant(3, 0, 4, { operator: 9 }),
    ]
    expect([...countsOf(rules, entrants, 50).keys()]).toEqual([1])
  })

  it("leaves out of the sums what is not admitted", () => {
    const entrants = [
      entrant(1, 1, 4),
      entrant(2, 4, 4, { operator: 9, isAdmitted: false }),
      entrant(3, 0, 4, { operator: 9 }),
    ]
    expect([...countsOf(rules, entrants, 50).keys()]).toEqual([3])
  })

  it("takes the least loaded of the operator's own, by its tie-break", () => {
    const strict = rulesOf({ selection: "operatorFirst", tieBreak: "strict" })
    const entrants = [
      entrant(1, 1, 4, { operator: 9 }),
      entrant(2, 0, 1, { operator: 9, healthHundredths: 90 }),
      entrant(3, 0, 1, { operator: 9, healthHundredths: 91 }),
    ]
    expectShares(countsOf(rules, entrants), { 2: 1, 3: 1 })
    expectShares(countsOf(strict, entrants), { 3: 1 })
  })

  it("forgets an operator with its last instance, and takes it again", () => {
    const { candidates, places } = indexOf(rules, [entrant(1, 2, 4), entrant(2, 0, 4)])
    leaveCandidate(candidates, rules, places[1] ?? -1, 2)
    expect(candidates.operators.has(2)).toBe(false)
    const place = enterCandidate(candidates, rules, 5, 2)
    rankCandidate(candidates, rules, place, 2, entrant(5, 1, 4))
    expect(choose(candidates, rules, openStream("s", "route", 1))).toBe(5)
  })
})

describe("spareLottery", () => {
  const rules = rulesOf({ selection: "spareLottery" })

  it("draws by ramped slots less what is in flight, so that a split machine draws as one", () => {
    const whole = [entrant(1, 2, 8), entrant(2, 0, 4)]
    const split = [
      ...[3, 4].map((instance) => entrant(instance, 1, 1)),
      ...[5, 6, 7, 8, 9, 10].map((instance) => entrant(instance, 0, 1)),
      entrant(2, 0, 4),
    ]
    expectShares(countsOf(rules, whole), { 1: 6, 2: 4 })
    expectShares(countsOf(rules, split), { 2: 4, 5: 1, 6: 1, 7: 1, 8: 1, 9: 1, 10: 1 })
  })

  it("weighs a ramping instance by its ramp, below one slot too", () => {
    const entrants = [
      entrant(1, 0, 1),
      entrant(2, 0, 1, { ramp: 0.1 }),
      entrant(3, 0, 10, { ramp: 0.1 }),
    ]
    expectShares(countsOf(rules, entrants), { 1: 10, 2: 1, 3: 10 })
  })
})

describe("twoChoices", () => {
  const rules = rulesOf({ selection: "twoChoices" })

  it("draws two by capacity and takes the less loaded", () => {
    // Both draws must hit the loaded one for it to be chosen: (6/8)².
    const entrants = [entrant(1, 3, 6), entrant(2, 0, 2)]
    expectShares(countsOf(rules, entrants), { 1: 36, 2: 28 })
  })
})

describe("any rule", () => {
  const routing = fc.record({
    selection: fc.constantFrom(...everySelection),
    tieBreak: fc.constantFrom("lottery", "random", "strict"),
    load: fc.constantFrom("fraction", "slots"),
  })
  const standing = fc.record({
    operator: fc.nat(3),
    inFlight: fc.nat(5),
    slots: fc.integer({ min: 1, max: 6 }),
    ramp: fc.constantFrom(0.1, 0.25, 0.5, 0.75, 1),
    isAdmitted: fc.boolean(),
    healthHundredths: fc.constantFrom(0, 50, 90, 95, 100),
  })
  const u = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

  const hasRoom = (one: Entrant) => one.isAdmitted && one.inFlight < one.capacity

  /** Is a's load below b's? In whole numbers, as the rule is written. */
  const isLess = (a: Entrant, b: Entrant, { load }: Routing): boolean =>
    load === "slots"
      ? b.capacity - b.inFlight < a.capacity - a.inFlight
      : a.inFlight * b.capacity < b.inFlight * a.capacity

  /** Every entrant that the rule allows to be chosen. */
  const allowed = (entrants: ReadonlyArray<Entrant>, how: Routing): ReadonlyArray<number> => {
    const open = entrants.filter(hasRoom)
    const best = (among: ReadonlyArray<Entrant>) => {
      const least = among.filter((one) => !among.some((other) => isLess(other, one, how)))
      const healthiest = Math.max(...least.map((one) => one.healthHundredths))
      return how.tieBreak === "strict"
        ? least.filter((one) => one.healthHundredths === healthiest)
        : least
    }
    if (how.selection === "leastLoaded") return best(open).map((one) => one.instance)
    if (how.selection !== "operatorFirst") return open.map((one) => one.instance)
    const sums = (operator: number) => {
      const own = entrants.filter((one) => one.operator === operator && one.isAdmitted)
      const sum = (of: (one: Entrant) => number) => own.reduce((total, one) => total + of(one), 0)
      return { inFlight: sum((one) => one.inFlight), capacity: sum((one) => one.capacity) }
    }
    const operators = [...new Set(open.map((one) => one.operator))]
    const least = operators.filter((a) => {
      const mine = sums(a)
      return !operators.some((b) => {
        const other = sums(b)
        return other.inFlight * mine.capacity < mine.inFlight * other.capacity
      })
    })
    return least.flatMap((operator) =>
      best(open.filter((one) => one.operator === operator)).map((one) => one.instance),
    )
  }

  it("chooses only whom it allows, and nobody where nobody has room, after any changes", async () => {
    const change = fc.tuple(fc.nat(9), standing, fc.array(u, { minLength: 4, maxLength: 4 }))
    await assertProperty(
      fc.property(routing, fc.array(change, { minLength: 1, maxLength: 40 }), (how, changes) => {
        const rules = rulesOf(how)
        const candidates = makeCandidates()
        const entrants = new Map<number, { readonly place: number; readonly now: Entrant }>()
        for (const [instance, one, lots] of changes) {
          const before = entrants.get(instance)
          if (before !== undefined && (!one.isAdmitted || before.now.operator !== one.operator)) {
            leaveCandidate(candidates, rules, before.place, before.now.operator)
            entrants.delete(instance)
          } else {
            const now = entrant(instance, one.inFlight, one.slots, one)
            const place = before?.place ?? enterCandidate(candidates, rules, instance, one.operator)
            rankCandidate(candidates, rules, place, one.operator, now)
            entrants.set(instance, { place, now })
          }
          const may = allowed(
            [...entrants.values()].map((held) => held.now),
            how,
          )
          let draws = 0
          const stream: Stream = { next: () => lots[draws++ % lots.length] ?? 0, state: noState }
          const chosen = choose(candidates, rules, stream)
          if (may.length === 0) expect(chosen).toBe(-1)
          else expect(may).toContain(chosen)
        }
      }),
    )
  })

  it("gives everyone whom it allows a chance", async () => {
    await assertProperty(
      fc.property(routing, fc.array(standing, { minLength: 1, maxLength: 6 }), (how, standings) => {
        const rules = rulesOf(how)
        const entrants = standings.map((one, i) => entrant(i, one.inFlight, one.slots, one))
        const may = allowed(entrants, how)
        fc.pre(may.length > 0)
        const { candidates } = indexOf(rules, entrants)
        const chosen = new Set<number>()
        // Draws that fill the unit square evenly; the least chance of any is 1 in 961, of two draws.
        const lots = 4096
        for (let i = 0; i < lots; i++) {
          let isFirst = true
          const next = (): number => {
            const lot = isFirst ? (i + 0.5) / lots : (i * 0.618_033_988_749_895) % 1
            isFirst = false
            return lot
          }
          chosen.add(choose(candidates, rules, { next, state: noState }))
        }
        expect([...chosen].toSorted((a, b) => a - b)).toEqual(may.toSorted((a, b) => a - b))
      }),
    )
  })
})
