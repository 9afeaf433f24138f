import { Either } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { hardened } from "../../../engine/economy/presets/hardened.ts"
import { pooled } from "../../../engine/economy/presets/pooled.ts"
import {
  defaultEconomy,
  deriveEconomy,
  EconomyInvalid,
  knobRows,
} from "../../../engine/economy/derive.ts"
import { economyKnobs } from "../../../engine/economy/schema.ts"
import { assertProperty } from "../../support/property.ts"

const derived = (patch: unknown) => Either.getOrThrow(deriveEconomy(pooled, patch))

/** Every issue of a patch that is not allowed, as "path: message". */
const issuesOf = (patch: unknown, at?: string): ReadonlyArray<string> => {
  const result = deriveEconomy(pooled, patch, at)
  if (Either.isRight(result)) throw new Error("the patch is allowed")
  expect(result.left).toBeInstanceOf(EconomyInvalid)
  const issues = result.left.issues.map(({ path, message }) => `${path}: ${message}`)
  expect(result.left.message).toBe(issues.join("\n"))
  return issues
}

describe("an economy derived from another", () => {
  it("without a patch is the same", () => {
    expect(derived({})).toEqual(pooled)
    expect(Either.getOrThrow(deriveEconomy(hardened, {}))).toEqual(hardened)
  })

  it("turns the named knobs, and leaves the others and its base alone", () => {
    const economy = derived({ name: "mine", feeBps: 900, breaker: { threshold: 5 } })
    expect(economy).toEqual({
      ...defaultEconomy,
      name: "mine",
      feeBps: 900,
      breaker: { ...defaultEconomy.breaker, threshold: 5 },
    })
    expect(pooled.breaker.threshold).toBe(3)
  })

  it("takes a table whole", () => {
    const tiers = [{ name: "all", onlineDays: 0, minHealth: 0, maxMultiplier: 3 }]
    expect(derived({ trust: { tiers } }).trust.tiers).toEqual(tiers)
  })
})

describe("a patch that is not allowed", () => {
  it("names an unknown knob, and those that there are", () => {
    expect(issuesOf({ breaker: { treshold: 3 } })).toEqual([
      `economy.breaker.treshold: no such knob; allowed here: ${Object.keys(economyKnobs.breaker).join(", ")}`,
    ])
    const [issue = ""] = issuesOf({ braker: {} })
    expect(issue).toMatch(
      /^economy\.braker: no such knob; allowed here: name, meaning, feeBps, money/,
    )
  })

  it("names an unknown field of a table's row, and those that there are", () => {
    const row = { name: "all", onlineDays: 0, minHealth: 0, maxMultiplier: 3 }
    expect(issuesOf({ trust: { tiers: [{ ...row, cap: 2 }] } })).toEqual([
      "economy.trust.tiers.0.cap: no such knob; allowed here: name, onlineDays, minHealth, maxMultiplier",
    ])
  })

  it.each([
    [
      { feeBps: "12%" },
      'economy.feeBps: expected a whole number of basis points (1200 is 12%), 0 to 10000, got "12%"',
    ],
    [
      { feeBps: 10_001 },
      "economy.feeBps: expected a whole number of basis points (1200 is 12%), 0 to 10000, got 10001",
    ],
    [
      { feeBps: 0.5 },
      "economy.feeBps: expected a whole number of basis points (1200 is 12%), 0 to 10000, got 0.5",
    ],
    [
      { breaker: { cooldownSeconds: "15 s" } },
      'economy.breaker.cooldownSeconds: expected a number of seconds above 0, to 1e9, got "15 s"',
    ],
    [
      { breaker: { cooldownSeconds: 0 } },
      "economy.breaker.cooldownSeconds: expected a number of seconds above 0, to 1e9, got 0",
    ],
    [
      { floor: { tokensPerSecond: -1 } },
      "economy.floor.tokensPerSecond: expected a number of tokens per second, 0 to 1e9, got -1",
    ],
    [{ ramp: { start: 0 } }, "economy.ramp.start: expected a share, 0.001 to 1, got 0"],
    [
      { ramp: { weighsLottery: "yes" } },
      'economy.ramp.weighsLottery: expected true or false, got "yes"',
    ],
    [
      { routing: { selection: "fastest" } },
      'economy.routing.selection: expected one of leastLoaded, operatorFirst, spareLottery, priceLottery, twoChoices, adaptive, got "fastest"',
    ],
    [
      { breaker: { threshold: 17 } },
      "economy.breaker.threshold: expected a whole number of failures, 1 to 16, got 17",
    ],
    [
      { trust: { tiers: [{ name: "all", onlineDays: 0, minHealth: 2, maxMultiplier: 1 }] } },
      "economy.trust.tiers.0.minHealth: expected a score, 0 to 1, got 2",
    ],
  ])("%j", (patch, issue) => {
    expect(issuesOf(patch)).toEqual([issue])
  })

  it("says what a number that is none was", () => {
    expect(issuesOf({ breaker: { windowSeconds: Infinity } })).toEqual([
      "economy.breaker.windowSeconds: expected a number of seconds above 0, to 1e9, got Infinity",
    ])
    expect(issuesOf({ ramp: { start: Number.NaN } })).toEqual([
      "economy.ramp.start: expected a share, 0.001 to 1, got NaN",
    ])
  })

  it("must leave everyone a first trust tier, and at least one", () => {
    const [issue = ""] = issuesOf({
      trust: { tiers: [{ name: "late", onlineDays: 1, minHealth: 0, maxMultiplier: 1 }] },
    })
    expect(issue).toMatch(/^economy\.trust\.tiers: .*first tier to ask for 0 onlineDays/)
    expect(issuesOf({ trust: { tiers: [] } })[0]).toMatch(/^economy\.trust\.tiers/)
  })

  it("lists every place at once, below the place that it stands at", () => {
    expect(issuesOf({ feeBps: -1, flap: { decayHours: "3d" }, x: 1 }, "scenario.economy")).toEqual([
      expect.stringMatching(/^scenario\.economy\.x: no such knob/),
      expect.stringMatching(/^scenario\.economy\.feeBps: expected/),
      expect.stringMatching(/^scenario\.economy\.flap\.decayHours: expected/),
    ])
  })

  it.each([null, 3, "pooled", [], true, undefined])("may be %j instead of an object", (patch) => {
    const issues = issuesOf(patch)
    expect(issues).toHaveLength(1)
    expect(issues[0]).toMatch(/^economy: expected knobs by name/)
    expect(issuesOf({ breaker: patch })[0]).toMatch(/^economy\.breaker: expected knobs by name/)
  })

  it("is never taken, and never throws, whatever it is", async () => {
    await assertProperty(
      fc.property(fc.anything(), fc.constantFrom("breaker", "trust", "money"), (value, group) => {
        for (const patch of [value, { [group]: value }]) {
          const result = deriveEconomy(pooled, patch)
          if (Either.isRight(result))
            expect(Either.isRight(deriveEconomy(result.right, {}))).toBe(true)
          else for (const { path } of result.left.issues) expect(path).toMatch(/^economy/)
        }
      }),
    )
  })
})

describe("the rows of all knobs", () => {
  it("are complete, and each has unit, meaning and source", () => {
    const rows = knobRows(hardened)
    const paths = Object.entries(economyKnobs).flatMap(([group, knobs]) =>
      Object.keys(knobs).map((name) => `${group}.${name}`),
    )
    expect(rows.map((row) => row.path)).toEqual(["feeBps", ...paths])
    for (const row of rows)
      for (const text of [row.unit, row.meaning, row.source]) expect(text.length).toBeGreaterThan(0)
    expect(rows.find((row) => row.path === "routing.selection")?.value).toBe("spareLottery")
    expect(rows.find((row) => row.path === "feeBps")?.value).toBe(1200)
  })
})
