import { describe, expect, it } from "vitest"
import { compile } from "vega-lite"
import { logger, parse, View, Warn } from "vega"
import { isMissing } from "../../../reports/chart.ts"
import type { Chart } from "../../../reports/chart.ts"
import { chartSections } from "../../../reports/charts/index.ts"
import { themeConfig } from "../../../reports/theme.ts"
import type { RunResult } from "../../../sim/results/models/run-model.ts"
import { estimateOf, makeRunResult as makeSketch } from "../../support/run-result.ts"
import type { RunOptions } from "../../support/run-result.ts"

/** The made-up run, with the series that it leaves out: who serves which model, and who moves. */
const makeRunResult = (overrides: Partial<RunOptions> = {}): RunResult => {
  const sketch = makeSketch(overrides)
  const inDay = (mean: number) => estimateOf("profit.consumer", { mean, halfWidth: 2, n: 4 })
  return {
    ...sketch,
    metrics: {
      ...sketch.metrics,
      "pay.consumer.share": inDay(80),
      "pay.consumer.bounty": inDay(6),
      "pay.consumer.withheld": inDay(4),
      "pay.consumer.cost": inDay(30),
      "profit.consumer": inDay(52),
    },
    replications: sketch.replications.map((replication) => {
      const coverages = replication.series.filter(({ name }) => name === "coverage")
      const nodes = coverages.map((series) => ({
        ...series,
        name: "nodes.serving",
        unit: "nodes",
        values: series.values.map((value) => Math.round(20 * (value ?? 0))),
      }))
      const [{ binSeconds = 3600, values = [] } = {}] = coverages
      const switches = {
        name: "switches",
        key: "",
        unit: "switches/h",
        binSeconds,
        values: values.map((_, bin) => (bin + replication.index) % 5),
      }
      return { ...replication, series: [...replication.series, ...nodes, switches] }
    }),
  }
}

const drawn = (result: RunResult): ReadonlyArray<Chart> =>
  chartSections(result)
    .flatMap(({ charts }) => charts)
    .filter((chart): chart is Chart => !isMissing(chart))

const leftOut = (result: RunResult): ReadonlyArray<string> =>
  chartSections(result)
    .flatMap(({ charts }) => charts)
    .filter(isMissing)
    .map(({ id }) => id)

const allIds = [
  "demand",
  "rejections",
  "ttft",
  "tokens-per-second",
  "nodes-online",
  "utilisation",
  "coverage",
  "bounty-multiplier",
  "nodes-serving",
  "switches",
  "credit-flows",
  "credit-totals",
  "bounty-pool",
  "earnings",
  "pay-parts",
  "lorenz",
  "newcomer",
  "breaker-parks",
  "parked-share",
  "health",
]

const noFigure = /NaN|undefined|null|Infinity|∞/

const idsOf = (
  charts: ReadonlyArray<Chart>,
  isSuch: (chart: Chart) => boolean,
): ReadonlyArray<string> => charts.filter(isSuch).map(({ id }) => id)

/** What Vega and Vega-Lite complain about while they draw a chart. */
const complaintsAbout = async (charts: ReadonlyArray<Chart>): Promise<ReadonlyArray<string>> =>
  (await Promise.all(charts.map(complaintsOf))).flat()

const complaintsOf = async (chart: Chart): Promise<ReadonlyArray<string>> => {
  const complaints: Array<string> = []
  const listening = logger(Warn, "error", (_method, _level, parts) => {
    complaints.push(`${chart.id}: ${parts.map(String).join(" ")}`)
  })
  const { spec } = compile(
    { ...chart.spec, width: 700 },
    { config: themeConfig("page"), logger: listening },
  )
  const view = new View(parse(spec), { renderer: "none", logger: listening })
  await view.runAsync()
  view.finalize()
  // There is no window here for a selection to be dragged on.
  return complaints.filter((text) => !text.endsWith("Can not resolve event source: window"))
}

const withoutSeries = (result: RunResult, pattern: RegExp): RunResult => ({
  ...result,
  replications: result.replications.map((replication) => ({
    ...replication,
    series: replication.series.filter(({ name }) => !pattern.test(name)),
    histograms: replication.histograms.filter(({ name }) => !pattern.test(name)),
  })),
})

const usual = makeRunResult({ days: 10, nodes: 60 })

describe("the charts of a run", () => {
  it("are all there, each with a title, notes and words", () => {
    const charts = drawn(usual)
    expect(charts.map(({ id }) => id)).toEqual(allIds)
    const wordsOf = ({ title, alternative, notes }: Chart): string =>
      [title, alternative, ...notes].join(" ")
    expect(idsOf(charts, ({ title }) => title.length <= 15)).toEqual([])
    expect(idsOf(charts, ({ alternative }) => alternative.length <= 40)).toEqual([])
    expect(idsOf(charts, (chart) => noFigure.test(wordsOf(chart)))).toEqual([])
    // How many replications there were, and with it what the band is or why there is none.
    expect(idsOf(charts, ({ notes }) => !notes.join(" ").includes("5 replications"))).toEqual([])
  })

  it.each([1, 2, 5])("are drawn without complaint, of %i replications", async (replications) => {
    const charts = drawn(makeRunResult({ days: 6, nodes: 40, replications }))
    expect(await complaintsAbout(charts)).toEqual([])
  })

  it("have axes with titles", () => {
    const titledAxes = (chart: Chart): number => {
      const { spec } = compile({ ...chart.spec, width: 700 }, { config: themeConfig("light") })
      return (spec.axes ?? []).filter(({ title }) => title !== undefined && title !== null).length
    }
    // Bars by name need no title beside the names.
    const named = ["credit-totals", "earnings", "pay-parts"]
    expect(
      idsOf(drawn(usual), (chart) => titledAxes(chart) < (named.includes(chart.id) ? 1 : 2)),
    ).toEqual([])
  })

  it("have legends that answer clicks, wherever there are more lines than can be named", () => {
    const answersClicks = (chart: Chart): boolean => {
      const { spec } = compile({ ...chart.spec, width: 700 }, { config: themeConfig("light") })
      return JSON.stringify(spec.legends).includes('"interactive":true')
    }
    const charts = drawn(usual).filter(({ legend }) => legend.length > 0)
    expect(charts.map(({ id }) => id)).toEqual([
      "rejections",
      "ttft",
      "tokens-per-second",
      "coverage",
      "bounty-multiplier",
      "nodes-serving",
      "credit-flows",
      "credit-totals",
      "earnings",
      "pay-parts",
    ])
    // Their colours are a key to marks, not lines to pick from.
    expect(idsOf(charts, (chart) => !answersClicks(chart))).toEqual([
      "credit-totals",
      "earnings",
      "pay-parts",
    ])
  })

  it("are the same for the same run", () => {
    expect(JSON.stringify(drawn(makeRunResult({ days: 4 })))).toBe(
      JSON.stringify(drawn(makeRunResult({ days: 4 }))),
    )
  })

  it("say less than 100 kB each, even of a year", () => {
    const charts = drawn(makeRunResult({ days: 364, nodes: 30, replications: 3 }))
    expect(idsOf(charts, ({ spec }) => JSON.stringify(spec).length > 100_000)).toEqual([])
  })
})

describe("a chart whose data is missing", () => {
  it.each([
    [/^requests\.arrived$/, ["demand"]],
    [/^requests\.rejectedBy$/, ["rejections"]],
    [/^requests\.rejected$/, []],
    [/^coverage$/, ["coverage"]],
    [/^credits$/, ["credit-flows"]],
    [/^newcomer/, ["newcomer"]],
    [/^newcomer.pay/, []],
    [/^(ttft|tokensPerSecond)$/, ["ttft", "tokens-per-second"]],
    [
      /./,
      allIds.filter(
        (id) => !["earnings", "pay-parts", "lorenz", "credit-totals", "health"].includes(id),
      ),
    ],
  ])("is left out, and no other: %s", (pattern, expected) => {
    expect(leftOut(withoutSeries(usual, pattern))).toEqual(expected)
  })

  it("is left out when there is no replication at all, and says why", () => {
    const none = { ...usual, replications: [] }
    expect(leftOut(none)).toEqual(allIds)
    for (const chart of chartSections(none).flatMap(({ charts }) => charts)) {
      expect(isMissing(chart) && chart.reason).toMatch(/^The run recorded no .+\.$/)
    }
  })
})

describe("names from a scenario", () => {
  const names = ["a.b[0]", `q"u'o\\te`, "</script>", "datum.value", "{{x}}", "m6", "m7", "m8", "m9"]
  const hostile = makeRunResult({ days: 6, nodes: 80, models: names })

  it("are drawn without complaint, whatever they are", async () => {
    expect(await complaintsAbout(drawn(hostile))).toEqual([])
  })

  it("are values in a spec, never parts of an expression", () => {
    const expressionsIn = (value: unknown, within: string): ReadonlyArray<string> => {
      if (typeof value === "string") {
        return ["filter", "expr", "calculate", "test", "on", "field"].includes(within)
          ? [value]
          : []
      }
      if (typeof value !== "object" || value === null) return []
      return Object.entries(value).flatMap(([key, inner]) =>
        ["datasets", "values", "domain"].includes(key)
          ? []
          : expressionsIn(inner, Array.isArray(value) ? within : key),
      )
    }
    const charts = drawn(hostile)
    expect(charts.flatMap((chart) => expressionsIn(chart.spec, "")).length).toBeGreaterThan(100)
    expect(
      charts.flatMap((chart) =>
        expressionsIn(chart.spec, "").filter((expression) =>
          names.some((name) => expression.includes(name)),
        ),
      ),
    ).toEqual([])
  })

  it("beyond what colours can tell apart are left out, and the notes say which", () => {
    const coverage = drawn(hostile).find(({ id }) => id === "coverage")
    expect(coverage?.legend).toHaveLength(6)
    expect(coverage?.notes.join(" ")).toContain("6 of 9 models are shown: those of lowest coverage")
  })
})

describe("coverage", () => {
  it("is drawn whole, however high it goes", async () => {
    const plenty = {
      ...usual,
      metrics: Object.fromEntries(
        Object.entries(usual.metrics).map(([name, own]) => [
          name,
          name.startsWith("shortage.") ? { ...own, mean: 0 } : own,
        ]),
      ),
      replications: usual.replications.map((replication) => ({
        ...replication,
        series: replication.series.map((series) =>
          series.name === "coverage"
            ? { ...series, values: series.values.map((value) => (value ?? 0) + 50) }
            : series,
        ),
      })),
    }
    const chart = drawn(plenty).find(({ id }) => id === "coverage")
    expect(chart?.title).toBe("Supply covered the target demand of every model all the time")
    const rows = (chart?.spec.datasets?.["lines"] ?? []) as ReadonlyArray<{ readonly mean: number }>
    expect(Math.min(...rows.map(({ mean }) => mean))).toBeGreaterThan(50)
    const highest = Math.max(...rows.map(({ mean }) => mean))
    const { spec } = compile({ ...chart!.spec, width: 700 }, { config: themeConfig("light") })
    const view = await new View(parse(spec), { renderer: "none" }).runAsync()
    const scale = view.scale("y")
    expect(scale.domain()[1]).toBeGreaterThanOrEqual(highest)
    // A log's room: the step from short to covered is not lost below the many.
    expect(scale(0.5) - scale(1)).toBeGreaterThan(15)
    view.finalize()
  })
})

describe("a run with only some series", () => {
  /** Daily values of one series in every replication, by key. */
  const withDaily = (
    name: string,
    unit: string,
    lines: Readonly<Record<string, ReadonlyArray<number>>>,
    settings: Partial<RunResult> = {},
  ): RunResult => ({
    ...usual,
    warmupSeconds: 86_400,
    horizonSeconds: 6 * 86_400,
    metrics: {},
    ...settings,
    replications: usual.replications.map((replication) => ({
      ...replication,
      series: Object.entries(lines).map(([key, values]) => ({
        name,
        key,
        unit,
        binSeconds: 86_400,
        values: [...values],
      })),
    })),
  })
  const chartOf = (id: string, result: RunResult) => drawn(result).find((chart) => chart.id === id)
  const estimate = (mean: number, halfWidth: number | null, unit: string) =>
    estimateOf("made up", { mean, halfWidth, unit })

  it("says how soon a model was covered again, and in how many runs that was seen", () => {
    const chart = chartOf(
      "coverage",
      withDaily(
        "coverage",
        "",
        { a: [2, 0.5, 1.1, 1] },
        {
          metrics: {
            "recovery.a": estimate(43.375, 3.1, "h"),
            "recovered.a": estimate(0.8, 0.3, "share"),
          },
        },
      ),
    )
    expect(chart?.notes.join(" ")).toContain(
      "43.4\u00a0h after a crowd came for a it was covered again, on average; 80% of the runs saw that",
    )
  })

  it("names the highest bounty after the warm-up, and its day", () => {
    const titleOf = (
      lines: Readonly<Record<string, ReadonlyArray<number>>>,
      means: Readonly<Record<string, number>>,
    ) =>
      chartOf(
        "bounty-multiplier",
        withDaily("bounty.multiplier", "×", lines, {
          metrics: Object.fromEntries(
            Object.entries(means).map(([model, mean]) => [
              `bounty.${model}`,
              estimate(mean, null, "×"),
            ]),
          ),
        }),
      )?.title
    const still = [1, 1, 1, 1, 1, 1]
    expect(titleOf({ a: [1.9, 1, 1.2, 1.4, 1.4, 1], b: still }, { a: 1.2, b: 1 })).toBe(
      "Bounties multiply pay the most on a: 1.2× on average, at most ×1.4 on day 4",
    )
    const late = [1, 1, 1, 1, 1, 1.5]
    expect(titleOf({ a: [1, 1.3, 1.3, 1.3, 1.3, 1.3], b: late }, { a: 1.3, b: 1.1 })).toBe(
      "Bounties multiply pay the most on a: 1.3× on average, at most ×1.5 (b) on day 6",
    )
    expect(titleOf({ a: [1.5, 1, 1, 1, 1, 1] }, { a: 1 })).toBe("No model paid a bounty")
  })

  it("says how far bounties drew the pool down, and when", () => {
    const metrics = { "bountyPool.mean": estimate(42, null, "credits") }
    const titleOf = (values: ReadonlyArray<number>) =>
      chartOf(
        "bounty-pool",
        withDaily("bountyPool.balance", "credits", { "": values }, { metrics }),
      )?.title
    expect(titleOf([1, 50, 20, 30, 60, 90])).toBe(
      "The bounty pool holds 42\u00a0credits on average; bounties drew it down from 50 to 20 by day 3",
    )
    expect(titleOf([1, 50, 60, 70, 80, 90])).toBe(
      "The bounty pool holds 42\u00a0credits on average",
    )
  })

  it("gives newcomers the figures of the run", () => {
    const lines = { "": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6] }
    const titleWith = (metrics: RunResult["metrics"]) =>
      chartOf("newcomer", withDaily("newcomer.ramp", "ratio", lines, { metrics }))?.title
    expect(
      titleWith({
        "newcomer.rampFirstWeek": estimate(0.5527, null, "ratio"),
        "newcomer.trafficFirstWeek": estimate(0.488, 0.019, "ratio"),
        "newcomer.payFirstWeek": estimate(0.487, 0.0097, "ratio"),
      }),
    ).toBe(
      "In its first week a newcomer gets 0.488 of an equal veteran’s traffic and 0.4870 of its pay; the ramp allows 0.5527",
    )
    expect(titleWith({})).toBe("A newcomer against an equal veteran")
  })

  it("breaks the line of pay, so that traffic shows through", () => {
    const chart = drawn(usual).find(({ id }) => id === "newcomer")
    expect(JSON.stringify(chart?.spec)).toContain('"range":[[1,0],[1,0],[7,5]]')
    expect(JSON.stringify(drawn(usual).find(({ id }) => id === "demand")?.spec)).not.toContain(
      "strokeDash",
    )
  })
})

describe("nodes by model", () => {
  const served = (models: Readonly<Record<string, ReadonlyArray<number>>>): RunResult => ({
    ...usual,
    replications: usual.replications.map((replication) => ({
      ...replication,
      series: Object.entries(models).map(([key, values]) => ({
        name: "nodes.serving",
        key,
        unit: "nodes",
        binSeconds: 86_400,
        values: [...values],
      })),
    })),
  })
  const titleOf = (result: RunResult) =>
    drawn(result).find(({ id }) => id === "nodes-serving")?.title

  it("tell of the model that gained or lost most", () => {
    expect(titleOf(served({ a: [9, 5, 7], b: [3, 5, 11], c: [20, 14, 14] }))).toBe(
      "b is served by 3 nodes at the start and by 11 in the end",
    )
    expect(titleOf(served({ a: [9, 5, 9], b: [3, 7, 3] }))).toBe(
      "As many nodes serve each model in the end as at the start",
    )
  })
})

describe("model switches", () => {
  const switching = (values: ReadonlyArray<number>): RunResult => ({
    ...usual,
    warmupSeconds: 3600,
    replications: usual.replications.map((replication) => ({
      ...replication,
      series: [{ name: "switches", key: "", unit: "switches/h", binSeconds: 3600, values }],
    })),
  })

  it("are told by the week of a node, as the run's metric has it", () => {
    const often = estimateOf("switches.perNodeWeek", { mean: 1.25, halfWidth: null })
    const result = switching([99, 1, 0, 0.5])
    const chart = drawn({
      ...result,
      metrics: { ...result.metrics, "switches.perNodeWeek": often },
    }).find(({ id }) => id === "switches")
    expect(chart?.title).toBe("A node switches to another model 1.25 times a week")
  })

  it("are left out where there are none", () => {
    const missing = chartSections(switching([0, 0, 0]))
      .flatMap(({ charts }) => charts)
      .filter(isMissing)
      .find(({ id }) => id === "switches")
    expect(missing?.reason).toBe("No node switched models.")
  })
})

describe("parts of a whole", () => {
  const rejecting = (rates: Readonly<Record<string, number>>): RunResult => ({
    ...usual,
    replications: usual.replications.map((replication) => ({
      ...replication,
      series: Object.entries(rates).map(([key, rate]) => ({
        name: "requests.rejectedBy",
        key,
        unit: "requests/s",
        binSeconds: 3600,
        values: [rate, rate],
      })),
    })),
  })

  it("come largest first, without those that never occurred", () => {
    const chart = drawn(rejecting({ b: 1, never: 0, a: 3 })).find(({ id }) => id === "rejections")
    expect(chart?.legend).toEqual(["a", "b"])
  })

  it("beyond what colours can tell apart are added up", () => {
    const rates = { a: 9, b: 8, c: 7, d: 6, e: 5, f: 2, g: 1.5 }
    const chart = drawn(rejecting(rates)).find(({ id }) => id === "rejections")
    expect(chart?.legend).toEqual(["a", "b", "c", "d", "e", "other reasons"])
    expect(chart?.alternative).toContain("other reasons: mean 3.5\u00a0requests/s")
  })
})

describe("pay against cost", () => {
  it("is by the day online, bounties included, of nodes that were online for a day", () => {
    const [replication] = usual.replications
    const [node] = replication?.nodes ?? []
    if (replication === undefined || node === undefined) throw new Error("no node")
    const nodeOf = (onlineHours: number, share: number, costCredits: number) => ({
      ...node,
      deviceClass: "consumer",
      onlineHours,
      shareEarned: share * 1_000_000,
      bountyEarned: 1_000_000,
      costCredits,
    })
    const run = {
      ...usual,
      replications: [
        {
          ...replication,
          // 10 and 20 credits a day at a cost of 15; the third was online for an hour only.
          nodes: [nodeOf(48, 19, 30), nodeOf(24, 19, 15), nodeOf(1, 1000, 0)],
        },
      ],
    }
    const chart = drawn(run).find(({ id }) => id === "earnings")
    expect(chart?.title).toBe("Share of the nodes that earn more than they cost: consumer 50.0%")
    expect(chart?.alternative).toContain("consumer: median pay 15 against a median cost of 15")
    expect(chart?.notes.join(" ")).toContain("2 nodes with 24 online hours or more")
  })
})

describe("a run in which something never happened", () => {
  it("is drawn without complaint, on axes that have a length", async () => {
    const quiet = {
      ...usual,
      replications: usual.replications.map((replication) => ({
        ...replication,
        series: replication.series.map((series) =>
          /^breaker|nodes.online|rejected/.test(series.name)
            ? { ...series, values: series.values.map(() => (series.key === "consumer" ? 3 : 0)) }
            : series,
        ),
        histograms: replication.histograms.map((histogram) => ({
          ...histogram,
          counts: histogram.counts.map((_, bin) => (bin === 30 ? 7 : 0)),
        })),
      })),
    }
    const charts = drawn(quiet)
    expect(await complaintsAbout(charts)).toEqual([])
    expect(leftOut(quiet)).toEqual(["rejections"])
    const parks = charts.find(({ id }) => id === "breaker-parks")
    expect(JSON.stringify(parks?.spec)).toContain('"domain":[0,1]')
    // Classes that were never there have no place in the legend.
    expect(charts.find(({ id }) => id === "nodes-online")?.legend).toEqual(["consumer"])
  })
})
