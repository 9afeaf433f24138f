/** `--set path=value`: where it puts what, and what it refuses. */
import { Either } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Tree } from "../../../engine/index.ts"
import { assign } from "../../../sim/settings/assign.ts"
import { assertProperty } from "../../support/property.ts"

const set = (tree: Tree, ...texts: ReadonlyArray<string>): Tree =>
  texts.reduce((before, text) => Either.getOrThrow(assign(before, text)), tree)

/** Why an assignment was refused. */
const refusal = (tree: Tree, text: string): string =>
  Either.match(assign(tree, text), {
    onLeft: ({ message }) => message,
    onRight: () => "was not refused",
  })

describe("an assignment", () => {
  it("puts a value at a path, and leaves all else as it was", () => {
    const tree = { a: { b: 1, c: { d: 2 } }, e: 3 }
    expect(set(tree, "a.c.d=5")).toEqual({ a: { b: 1, c: { d: 5 } }, e: 3 })
    expect(tree).toEqual({ a: { b: 1, c: { d: 2 } }, e: 3 })
  })

  it("reads its value as YAML", () => {
    const values = {
      "a=7": 7,
      "a=0.25": 0.25,
      "a=true": true,
      "a=null": null,
      "a=": null,
      "a=poisson": "poisson",
      'a="7"': "7",
      "a=[1, 2]": [1, 2],
      "a={ b: 1 }": { b: 1 },
      "a=x=y": "x=y",
    }
    for (const [text, value] of Object.entries(values)) expect(set({}, text)).toEqual({ a: value })
  })

  it("makes the groups on its way, where none or something else stands", () => {
    expect(set({}, "demand.trace.path=x.csv")).toEqual({ demand: { trace: { path: "x.csv" } } })
    expect(set({ demand: { trace: null } }, "demand.trace.speed=2")).toEqual({
      demand: { trace: { speed: 2 } },
    })
  })

  it("counts the entries of a list from 0, and appends one past the end", () => {
    const tree = { models: [{ name: "a" }, { name: "b" }] }
    expect(set(tree, "models.1.name=c")).toEqual({ models: [{ name: "a" }, { name: "c" }] })
    expect(set(tree, "models.0.price=3").models).toEqual([{ name: "a", price: 3 }, { name: "b" }])
    expect(set(tree, "models.2.name=c").models).toEqual([...tree.models, { name: "c" }])
    expect(tree.models.length).toBe(2)
    for (const path of ["models.3.name", "models.-1.name", "models.x.name", "models.1e9"])
      expect(refusal(tree, `${path}=c`)).toContain(
        `${path}: no such list entry: lists are indexed from 0, and one past the end appends`,
      )
  })

  it("of an economy by its name replaces it, and of its knobs lays them over it", () => {
    const tree = { economy: { extends: "pooled", feeBps: 500 } }
    expect(set(tree, "economy=hardened")).toEqual({ economy: { extends: "hardened" } })
    expect(set(tree, "economy=hardened", "economy.feeBps=1000")).toEqual({
      economy: { extends: "hardened", feeBps: 1000 },
    })
    expect(set(tree, "economy.feeBps=1000", "economy=hardened")).toEqual({
      economy: { extends: "hardened" },
    })
    expect(set(tree, "economy.bounty.maxMultiplier=3")).toEqual({
      economy: { extends: "pooled", feeBps: 500, bounty: { maxMultiplier: 3 } },
    })
  })

  it("needs a path and an equals sign", () => {
    for (const text of ["", "horizonDays", "=3", "a..b=3", ".a=3", "a.=3"])
      expect(refusal({}, text)).toBe(
        `--set ${text} is not a scenario that can be run:\n  expected path=value, for example economy.feeBps=1000`,
      )
  })

  it("needs a value that is YAML", () => {
    for (const text of ["a=[1, 2", "a={ b: 1", "a='x", "a=*nowhere"])
      expect(refusal({}, text)).toContain(
        "a: the value is no YAML; quote it if it holds special characters",
      )
  })

  it("reaches into no prototype", () => {
    for (const text of ["__proto__.polluted=1", "a.__proto__.polluted=1", "__proto__=1"])
      expect(refusal({}, text)).toContain("expected path=value")
    const tree = set({}, "constructor.prototype.polluted=1", "a.toString.polluted=1")
    expect(Object.keys(tree)).toEqual(["constructor", "a"])
    expect({}).not.toHaveProperty("polluted")
    expect(Object).not.toHaveProperty("polluted")
    expect(set({}, 'a={ "__proto__": { polluted: 1 } }')).not.toHaveProperty(["a", "polluted"])
  })

  it("is read back at its path, whatever tree it is laid over", async () => {
    const key = fc.stringMatching(/^[a-z]{1,4}$/)
    const path = fc.array(key, { minLength: 1, maxLength: 4 })
    const tree = fc.dictionary(key, fc.object({ key, maxDepth: 3, values: [fc.nat()] }))
    await assertProperty(
      fc.property(tree, path, fc.nat(), (before, keys, value) => {
        const shadow = structuredClone(before)
        const isThroughList = keys.some((_, i) => {
          const place = keys
            .slice(0, i)
            .reduce<unknown>((at, one) => (at as Tree | undefined)?.[one], before)
          return Array.isArray(place)
        })
        const result = assign(before, `${keys.join(".")}=${value}`)
        expect(before).toEqual(shadow)
        expect(Either.isLeft(result)).toBe(isThroughList)
        if (isThroughList || keys[0] === "economy") return
        const after = Either.getOrThrow(result)
        const read = keys.reduce<unknown>((at, one) => (at as Tree)[one], after)
        expect(read).toBe(value)
        for (const other of Object.keys(before))
          if (other !== keys[0]) expect(after[other]).toEqual(before[other])
      }),
    )
  })
})
