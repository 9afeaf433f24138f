import { describe, expect, it } from "vitest"
import {
  counted,
  formatDuration,
  formatEstimate,
  formatNumber,
  formatShare,
  formatWithUnit,
  spreadInWords,
} from "../../reports/number-format.ts"

describe("numbers for people", () => {
  it.each([
    [0, "0"],
    [0.0021449, "0.00214"],
    [3.0712, "3.07"],
    [-12_345.6, "−12,300"],
    [1_234_567, "1,230,000"],
    [1e21, "1.00e+21"],
    [1.5e-9, "1.5e-9"],
    [Number.NaN, "–"],
    [Number.POSITIVE_INFINITY, "∞"],
    [Number.NEGATIVE_INFINITY, "−∞"],
  ])("%d reads %s", (value, text) => {
    expect(formatNumber(value)).toBe(text)
  })

  it.each([
    [0, "0%"],
    [1, "100%"],
    [0.9416, "94.2%"],
    [0.00314, "0.31%"],
    [0.99996, "100%"],
    [0.9996, "99.96%"],
    [0.9994, "99.9%"],
    [-0.05, "−5.0%"],
  ])("the share %d reads %s", (share, text) => {
    expect(formatShare(share)).toBe(text)
  })

  it.each([
    [0.943128, 0.003219, "0.9431", "0.0032"],
    [1234.5, 56, "1,235", "56"],
    [31_069.4, 6_572.2, "31,069", "6,572"],
    [0.5, null, "0.5", null],
    [2, 0, "2.000", "0.000"],
    [0, 0, "0", "0"],
    [Number.NaN, 1, "–", null],
  ])("%d ± %d has the decimals that the interval supports", (mean, halfWidth, text, half) => {
    expect(formatEstimate(mean, halfWidth)).toMatchObject({ mean: text, halfWidth: half })
  })

  it("gives bounds as many decimals as their mean", () => {
    expect(formatEstimate(0.943128, 0.003219)).toMatchObject({ low: "0.9399", high: "0.9463" })
    expect(formatEstimate(0.5, 0.1, 0.41, 0.61)).toMatchObject({ low: "0.41", high: "0.61" })
  })

  it("keeps a number and its unit on one line", () => {
    expect(formatWithUnit(3, "requests/s")).toBe("3\u00a0requests/s")
    expect(formatWithUnit(0.5, "share")).toBe("50.0%")
    expect(formatWithUnit(0.5, "")).toBe("0.5")
  })

  it("says the unit of a spread once", () => {
    expect(spreadInWords({ mean: 3, low: 2, high: 4 }, "credits")).toBe("3 (2 to 4)\u00a0credits")
    expect(spreadInWords({ mean: 3, low: null, high: null }, "credits")).toBe("3\u00a0credits")
    expect(spreadInWords({ mean: 0.5, low: 0.4, high: 0.6 }, "share")).toBe(
      "50.0% (40.0% to 60.0%)",
    )
  })

  it.each([
    [172_800, "2\u00a0d"],
    [90_000, "25\u00a0h"],
    [1_800, "30\u00a0min"],
    [45, "45\u00a0s"],
  ])("%d seconds read %s", (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text)
  })

  it("counts in one and in many", () => {
    expect(counted(1, "node")).toBe("1 node")
    expect(counted(12_000, "node")).toBe("12,000 nodes")
  })
})
