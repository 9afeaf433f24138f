import { Either, Schema } from "effect"
import { describe, expect, it } from "vitest"
import { defaultsOf, knob, structOf } from "../../../engine/core/knob.ts"
import {
  basisPoints,
  between,
  flag,
  nonNegative,
  oneOf,
  positive,
  wholeBetween,
} from "../../../engine/core/setting.ts"

const isAllowed = (schema: Schema.Schema.AnyNoContext, value: unknown): boolean =>
  Either.isRight(Schema.decodeUnknownEither(schema)(value))

describe("what a knob allows", () => {
  it.each([
    [
      "nonNegative",
      nonNegative("s"),
      [0, 0.5, 1e9],
      [-0.1, 1.1e9, Number.NaN, Infinity, "1", null],
    ],
    ["positive", positive("s"), [0.5, 1e9], [0, -1, 1.1e9, Number.NaN, Infinity, "1 s"]],
    ["wholeBetween", wholeBetween("x", 1, 16), [1, 16], [0, 17, 1.5, Number.NaN, "3"]],
    ["between", between("a share", 0, 1), [0, 0.5, 1], [-0.1, 1.1, Number.NaN, "50%"]],
    ["basisPoints", basisPoints, [0, 1200, 10_000], [-1, 10_001, 0.12]],
    ["oneOf", oneOf("a", "b"), ["a", "b"], ["c", 0, null, ["a"]]],
    ["flag", flag, [true, false], ["true", 0, 1, null]],
  ] as const)("%s", (_, schema, allowed, forbidden) => {
    for (const value of allowed) expect([value, isAllowed(schema, value)]).toEqual([value, true])
    for (const value of forbidden) expect([value, isAllowed(schema, value)]).toEqual([value, false])
  })
})

describe("a group of knobs", () => {
  const facts = { unit: "s", meaning: "How long.", source: "ours" }
  const group = {
    wait: knob(positive("seconds"), { default: 3, ...facts }),
    isOn: knob(flag, { default: false, ...facts }),
  }

  it("has its defaults, and a struct that holds exactly these knobs", () => {
    expect(defaultsOf(group)).toEqual({ wait: 3, isOn: false })
    expect(isAllowed(structOf(group), { wait: 1, isOn: true })).toBe(true)
    expect(isAllowed(structOf(group), { wait: 1 })).toBe(false)
  })
})
