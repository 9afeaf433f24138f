/** The charts of sweeps and sensitivity analyses: what is drawn, what the titles say, and that they draw. */
import { Effect } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { renderSvg } from "../../../reports/render.ts"
import { respondingMetrics, responsesOf, stepsAlong } from "../../../reports/sweep/responses.ts"
import { sensitivityChart } from "../../../reports/sweep/sensitivity-chart.ts"
import { sweepCharts } from "../../../reports/sweep/sweep-charts.ts"
import { sweepHtml } from "../../../reports/sweep/sweep-page.ts"
import type { Chart } from "../../../reports/chart.ts"
import { makeSweepResult } from "../../support/sweep-result.ts"
import type { MadeUpSweep } from "../../support/sweep-result.ts"

const metrics = {
  "up.share": { unit: "share", of: (x: number) => x / 100 },
  "down.rate": { unit: "1/s", of: (x: number) => 50 - x / 4 },
  "flat.count": { unit: "nodes", of: () => 7 },
}
const oneFactor: MadeUpSweep = {
  vary: ["fleet.nodes=10,20,40"],
  design: "grid",
  points: [[10], [20], [40]],
  replications: 5,
  metrics,
  noise: 0.02,
}
const gridOf = (...lists: ReadonlyArray<ReadonlyArray<number | string>>) =>
  lists.reduce<ReadonlyArray<ReadonlyArray<number | string>>>(
    (points, list) => points.flatMap((point) => list.map((one) => [...point, one])),
    [[]],
  )
const chartsOf = (changes: Partial<MadeUpSweep> = {}) =>
  sweepCharts(makeSweepResult({ ...oneFactor, ...changes }))
const titled = (charts: ReadonlyArray<Chart>, metric: string) =>
  charts.find(({ name }) => name.startsWith(metric))?.title ?? "none"
const draw = (chart: Chart) => Effect.runPromise(renderSvg(chart))

describe("the charts of a sweep", () => {
  it("of one factor say what the metric does from end to end, with intervals", async () => {
    const charts = chartsOf()
    expect(titled(charts, "up.share")).toMatch(
      /: rises by (29|30|31)\.\d+ ± [\d.]+.percentage points as fleet\.nodes goes from 10 to 40$/,
    )
    expect(titled(charts, "down.rate")).toMatch(
      /: falls by [78]\.\d+ ± [\d.]+.1\/s as fleet\.nodes/,
    )
    expect(charts[0].notes.join(" ")).toContain("95% Student-t interval")
    const svg = await draw(charts[0])
    expect(svg).toContain("fleet.nodes")
  })

  it("leave out what does not respond, or no more than chance may", () => {
    expect(titled(chartsOf({ noise: 0 }), "flat.count")).toBe("none")
    expect(titled(chartsOf({ noise: 0.5 }), "flat.count")).toBe("none")
    expect(
      sweepCharts(
        makeSweepResult({ ...oneFactor, metrics: { flat: { unit: "", of: () => 3 } }, noise: 0 }),
      ),
    ).toEqual([])
  })

  it("of two factors have a line for each value of one, or a map where both have many", async () => {
    const two = { vary: ["economy=a,b", "fleet.nodes=10,20,40"] }
    const lines = chartsOf({
      ...two,
      points: gridOf(["a", "b"], [10, 20, 40]),
      metrics: { "up.share": { unit: "share", of: (economy, x) => (economy * x) / 100 } },
    })
    expect(lines[0].legend).toEqual(["economy a", "economy b"])
    expect(lines[0].title).toMatch(
      /: rises by 2\d\.\d+ ± [\d.]+.percentage points from economy a to b; rises by 4\d\.\d+ ± [\d.]+.percentage points as fleet\.nodes goes from 10 to 40$/,
    )
    await draw(lines[0])
    const many = [1, 2, 3, 4, 5, 6, 7]
    const [map] = chartsOf({
      vary: ["a.x=1..7:7", "b.y=1..7:7"],
      points: gridOf(many, many),
      metrics: { "up.share": { unit: "share", of: (x, y) => (x * y) / 100 } },
    })
    expect(map.title).toMatch(
      /: rises by .* as a\.x goes from 1 to 7; rises by .* as b\.y .*; lowest, [\d.]+% ± [\d.]+%, with a\.x 1, b\.y 1; highest, /,
    )
    expect(map.alternative).toContain("±")
    expect(await draw(map)).toContain("a.x")
  })

  it("of two factors, of which one makes no difference at all, are along the other alone", () => {
    const [chart, ...others] = chartsOf({
      vary: ["economy.feeBps=500,1000", "fleet.nodes=10,20,40"],
      points: gridOf([500, 1000], [10, 20, 40]),
      metrics: { "up.share": { unit: "share", of: (_, x) => x / 100 } },
      replications: 6,
      noise: 0,
    })
    expect(others).toEqual([])
    expect(chart.legend).toEqual([])
    expect(chart.name).toBe("up.share by fleet.nodes")
    expect(chart.title).toContain("is the same at every economy.feeBps; rises by 30")
  })

  it("of a sample have each metric along each factor", async () => {
    const points = Array.from({ length: 64 }, (_, at) => [
      at,
      (at * 37) % 64,
      at % 2 === 0 ? "a" : "b",
    ])
    const charts = chartsOf({
      vary: ["a.x=0..63", "b.y=0..63", "economy=a,b"],
      design: "sobol",
      points,
      replications: 1,
      metrics: { "up.share": { unit: "share", of: (x) => x / 100 } },
      noise: 0,
    })
    expect(charts.map(({ name }) => name)).toEqual([
      "up.share by a.x",
      "up.share by b.y",
      "up.share by economy",
    ])
    expect(charts[0].title).toContain("rises from")
    expect(charts[1].title).toContain("no clear change")
    for (const chart of charts) await draw(chart)
  })

  it("have no interval beyond what a share or a count can be", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 3, noNaN: true }), (noise) => {
        for (const { alternative } of chartsOf({
          noise,
          metrics: { share: { unit: "share", of: (x) => x / 40 } },
        }))
          expect(alternative).not.toMatch(/−\d/)
      }),
      { numRuns: 50 },
    )
  })
})

describe("steps along a factor", () => {
  it("hold each point once, in order, whatever their number", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 2, maxLength: 120 }),
        (places) => {
          const result = makeSweepResult({
            ...oneFactor,
            points: places.map((place) => [place]),
            replications: 1,
          })
          const steps = stepsAlong(responsesOf(result, "up.share"), 0)
          expect(steps.reduce((sum, { n }) => sum + n, 0)).toBe(places.length)
          expect(steps.length).toBeLessThanOrEqual(8)
          const middles = steps.map(({ at }) => Number(at))
          expect(middles).toEqual(middles.toSorted((a, b) => a - b))
        },
      ),
    )
  })
})

describe("the metrics that are drawn", () => {
  it("are those that the points explain, the best explained first", () => {
    const result = makeSweepResult({
      ...oneFactor,
      noise: 0.3,
      metrics: { weak: { unit: "", of: (x) => 100 + x }, strong: { unit: "", of: (x) => x * x } },
    })
    expect(respondingMetrics(result, [], 1)).toEqual(["strong"])
  })
})

describe("the page of a sweep", () => {
  const libraries = { vega: "", vegaLite: "", vegaEmbed: "" }
  const pageOf = (result: ReturnType<typeof makeSweepResult>) =>
    sweepHtml(result, "npx evenkeel sweep made-up --out here", sweepCharts(result), libraries)

  it("shows effects, charts and provenance, and keeps texts from becoming markup", () => {
    const evil = `</script><script>alert(1)</script>`
    const page = pageOf(makeSweepResult({ ...oneFactor, vary: [`fleet.nodes=${evil}`] }))
    expect(page).not.toContain("<script>alert")
    expect(page).toContain("a grid of all combinations")
    expect(page).toContain("npx evenkeel sweep made-up --out here")
    expect(page).toContain("fleet.nodes moves 2 of 3 metrics; 1 differ by no more than chance may")
    expect(page).toMatch(/<th scope="col" class="number">10 → 20<\/th>/)
    expect(page).toContain("5 replications: only effects much larger than chance")
  })

  it.each([
    ["latin", "a Latin hypercube"],
    ["sobol", "a Sobol sequence"],
  ] as const)("of a %s design says that it is one", (design, words) => {
    expect(pageOf(makeSweepResult({ ...oneFactor, design }))).toContain(words)
  })

  it("names no extremes of what is the same everywhere, and no place for a tie", () => {
    const points = Array.from({ length: 8 }, (_, at) => [at, 7 - at])
    const page = pageOf(
      makeSweepResult({
        vary: ["a.x=0..7", "b.y=0..7"],
        design: "sobol",
        points,
        replications: 1,
        noise: 0,
        metrics: {
          constant: { unit: "", of: () => 3 },
          tied: { unit: "", of: (x) => Math.min(x, 4) },
        },
      }),
    )
    expect(page).toMatch(/The same at every point: [^.]*constant/)
    expect(page).toContain("at 4 points")
    expect(page).toContain("a.x 0, b.y 7")
    expect(page).not.toContain("What moves what")
  })
})

describe("the chart of a sensitivity", () => {
  const bounded = (value: number) => ({ value, low: value - 0.1, high: value + 0.1 })

  it("names the setting that matters most, in which direction and how much", async () => {
    const chart = sensitivityChart(
      "ttft.p99",
      {
        label: "Longest waits",
        unit: "s",
        meaning: "Waiting",
        method: "morris",
        factors: [
          { factor: "fleet.nodes", muStar: bounded(2), mu: bounded(-2), sigma: bounded(0.5) },
          { factor: "economy.feeBps", muStar: bounded(0.2), mu: bounded(0), sigma: bounded(0.1) },
        ],
      },
      20,
    )
    expect(chart.title).toMatch(
      /^Longest waits: fleet\.nodes moves it most, and lowers it, by 2 \(1\.9 to 2\.1\).s over its range$/,
    )
    expect(chart.notes.join(" ")).toContain("95% intervals over 20 trajectories")
    expect(await draw(chart)).toContain("economy.feeBps")
  })

  it("tells chance from settings", async () => {
    const chart = sensitivityChart(
      "ttft.p99",
      {
        label: "Longest waits",
        unit: "s",
        meaning: "Waiting",
        method: "sobol",
        factors: [
          { factor: "chance", first: bounded(0.6), total: bounded(0.7) },
          { factor: "fleet.nodes", first: bounded(0.3), total: bounded(0.4) },
        ],
      },
      128,
    )
    expect(chart.title).toBe("Longest waits: chance makes 70.0% of its variance, 60.0% alone")
    await draw(chart)
  })
})
