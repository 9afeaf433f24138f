import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { compileRules } from "../../../engine/economy/rules.ts"
import type { Count } from "../../../engine/rules/health.ts"
import {
  count,
  countIn,
  counts,
  forget,
  growHealth,
  healthHundredths,
  makeHealth,
  score,
  turnHour,
} from "../../../engine/rules/health.ts"
import { microsPerHour } from "../../../engine/core/units.ts"
import { economyWith } from "../../support/market.ts"
import { assertProperty } from "../../support/property.ts"

const rules = compileRules(economyWith({}))

describe("the score", () => {
  it.each([
    ["a newcomer", [0, 0, 0, 0, 0], 95],
    ["one failure", [0, 1, 0, 0, 0], 90],
    ["a hundred successes", [100, 0, 0, 0, 0], 99],
    ["a failed probe, a quarter of a failure", [0, 0, 1, 0, 0], 94],
    ["a day online", [0, 0, 0, 0, 24], 96],
    ["as many failures as successes", [1000, 1000, 0, 0, 0], 50],
  ] as const)("of %s", (_, [s, f, p, u, hours], hundredths) => {
    expect(score(rules, s, f, p, u, hours)).toBe(hundredths)
  })

  it("is monotone: a success or good probe never lowers it, a failure or bad probe never raises it", async () => {
    const quantity = fc.oneof(fc.nat(50), fc.nat(1_000_000))
    const hours = fc.double({ min: 0, max: 336, noNaN: true })
    await assertProperty(
      fc.property(
        quantity,
        quantity,
        quantity,
        quantity,
        hours,
        fc.integer({ min: 1, max: 1000 }),
        (s, f, bad, good, online, more) => {
          const h = score(rules, s, f, bad + good, good, online)
          expect(h).toBeGreaterThanOrEqual(0)
          expect(h).toBeLessThanOrEqual(100)
          expect(Number.isInteger(h)).toBe(true)
          expect(score(rules, s + more, f, bad + good, good, online)).toBeGreaterThanOrEqual(h)
          expect(score(rules, s, f, bad + good + more, good + more, online)).toBeGreaterThanOrEqual(
            h,
          )
          expect(score(rules, s, f + more, bad + good, good, online)).toBeLessThanOrEqual(h)
          expect(score(rules, s, f, bad + good + more, good, online)).toBeLessThanOrEqual(h)
        },
      ),
    )
  })
})

describe("the window", () => {
  it("lets neutrals out", () => {
    const health = makeHealth(rules)
    count(health, "neutrals", 0, 1000)
    expect(healthHundredths(rules, health, 0)).toBe(95)
    expect(countIn(health.sums, "neutrals", 0)).toBe(1000)
  })

  it("forgets an outcome after exactly 336 turns of the hour", () => {
    const health = makeHealth(rules)
    for (let i = 0; i < 100; i++) count(health, "failures", 0, 1)
    const bad = healthHundredths(rules, health, 0)
    expect(bad).toBeLessThan(20)
    for (let hour = 1; hour < 336; hour++) {
      turnHour(health)
      expect(healthHundredths(rules, health, 0)).toBe(bad)
    }
    turnHour(health)
    expect(healthHundredths(rules, health, 0)).toBe(95)
  })

  it("holds what a list of all outcomes would, through turns, growth and departures", async () => {
    const short = compileRules(economyWith({ health: { windowHours: 5 } }))
    const slot = fc.nat(20)
    const deed = fc.oneof(
      { weight: 6, arbitrary: fc.record({ what: fc.constantFrom(...counts), slot }) },
      { weight: 3, arbitrary: fc.constant("turn" as const) },
      { weight: 1, arbitrary: fc.record({ gone: slot }) },
      { weight: 1, arbitrary: fc.record({ capacity: fc.nat(40) }) },
    )
    await assertProperty(
      fc.property(fc.array(deed, { maxLength: 100 }), (deeds) => {
        const health = makeHealth(short, 21)
        let all: Array<{ readonly what: Count; readonly slot: number; readonly hour: number }> = []
        let hour = 0
        for (const one of deeds) {
          if (one === "turn") {
            turnHour(health)
            hour++
          } else if ("gone" in one) {
            forget(health, one.gone)
            all = all.filter((outcome) => outcome.slot !== one.gone)
          } else if ("capacity" in one) growHealth(health, one.capacity)
          else {
            count(health, one.what, one.slot, 1)
            all.push({ ...one, hour })
          }
          const inWindow = all.filter((outcome) => hour - outcome.hour < 5)
          for (const what of counts)
            for (let at = 0; at <= 20; at++) {
              const naive = inWindow.filter(
                (outcome) => outcome.what === what && outcome.slot === at,
              ).length
              const kept = countIn(health.sums, what, at)
              if (kept !== naive) expect([what, at, kept]).toBe(naive)
            }
        }
      }),
    )
  })

  it("counts an hour of online time as a quarter of a success", () => {
    const health = makeHealth(rules)
    count(health, "failures", 0, 1)
    for (let hour = 0; hour < 24; hour++) {
      count(health, "onlineMicros", 0, microsPerHour)
      turnHour(health)
    }
    expect(healthHundredths(rules, health, 0)).toBe(Math.round((100 * (19 + 6)) / (21 + 6)))
  })
})
