import { describe, expect, it } from "vitest"
import { parse, View } from "vega"
import { compile } from "vega-lite"
import type { Bands } from "../../reports/bands.ts"
import { areNamed, legendOf, nameRows } from "../../reports/line-names.ts"
import { themeConfig } from "../../reports/theme.ts"
import { timeLines } from "../../reports/time-lines.ts"

const days = 10

const bandsOf = (lines: Readonly<Record<string, (day: number) => number | undefined>>): Bands => ({
  name: "made up",
  unit: "",
  replications: 1,
  pointSeconds: 8640,
  lines: Object.entries(lines).map(([key, of]) => ({
    key,
    points: Array.from({ length: 10 * days }, (_, at) => (at + 0.5) / 10).flatMap((day) => {
      const mean = of(day)
      return mean === undefined ? [] : [{ day, mean, low: null, high: null }]
    }),
  })),
})

/** The names that a reader of days `from` to `to` sees: key, day, and whether above the line. */
const namesIn = async (bands: Bands, from = 0, to = days) => {
  const { spec } = compile(
    {
      ...timeLines({
        bands,
        xTitle: "days",
        yTitle: "",
        days,
        warmupDays: 0,
        keys: bands.lines.map(({ key }) => key),
        linked: false,
      }),
      width: 700,
    },
    { config: themeConfig("light") },
  )
  const view = await new View(parse(spec), { renderer: "none" })
    .signal("windowFrom", from)
    .signal("windowTo", to)
    .runAsync()
  const { marks } = JSON.parse(JSON.stringify(spec)) as {
    readonly marks: ReadonlyArray<{
      readonly type: string
      readonly style?: string | ReadonlyArray<string>
      readonly from?: { readonly data: string }
    }>
  }
  const mark = marks.find(({ style }) => [style].flat().includes("name"))
  const rows = view.data(mark!.from!.data) as ReadonlyArray<{
    readonly key: string
    readonly day: number
    readonly isAbove: boolean
  }>
  const seen = rows.map(({ key, day, isAbove }) => ({ key, day, isAbove }))
  view.finalize()
  return seen
}

describe("names of lines", () => {
  it("stand in place of a legend where there are two or three lines", () => {
    const line = () => 1
    const named = bandsOf({ a: line, b: line, c: line })
    expect([areNamed(named), legendOf(named)]).toEqual([true, []])
    const many = bandsOf({ a: line, b: line, c: line, d: line })
    expect([areNamed(many), legendOf(many)]).toEqual([false, ["a", "b", "c", "d"]])
    expect(areNamed(bandsOf({ a: line }))).toBe(false)
  })

  it("stand where a line is farthest from the others, above it or, where there is no room, below", async () => {
    const bump = (at: number) => (day: number) => Math.max(0, 1 - Math.abs(day - at))
    const bands = bandsOf({ high: (day) => 5 + bump(2)(day), low: (day) => 5 - 0.3 * bump(8)(day) })
    const names = await namesIn(bands)
    expect(names.map(({ key, isAbove }) => [key, isAbove])).toEqual([
      ["high", true],
      ["low", false],
    ])
    expect(Math.abs(names[0].day - 2)).toBeLessThan(0.2)
    expect(Math.abs(names[1].day - 8)).toBeLessThan(0.2)
  })

  it("are one a line, apart from each other, in every stretch of time that is selected", async () => {
    const bands = bandsOf({ a: () => 1, b: () => 1, c: (day) => Math.sin(day) })
    for (const [from, to] of [
      [0, 10],
      [2, 5],
      [6, 7],
    ]) {
      const names = await namesIn(bands, from, to)
      expect(names.map(({ key }) => key).toSorted()).toEqual(["a", "b", "c"])
      const places = names.map(({ day }) => (day - from) / (to - from)).toSorted()
      expect(places[0]).toBeGreaterThan(0)
      expect(places[1] - places[0]).toBeGreaterThan(0.1)
      expect(places[2] - places[1]).toBeGreaterThan(0.1)
      expect(places[2]).toBeLessThan(1)
    }
  })

  it("are there of a line that ends early, too", async () => {
    const bands = bandsOf({ a: () => 1, b: (day) => (day < 3 ? 2 : undefined) })
    expect((await namesIn(bands)).map(({ key }) => key).toSorted()).toEqual(["a", "b"])
  })

  it("keep away from a level that is drawn", () => {
    const [row] = nameRows(bandsOf({ a: () => 1, b: () => 3 }), [1.01])
    expect(row.isAbove).toBe(false)
  })
})
