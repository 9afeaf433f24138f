/** How much each factor matters for a metric: bars with 95% intervals, the longest at the top. */
import type { TopLevelSpec } from "vega-lite"
import { adviceOn } from "../../sim/results/models/sensitivity-advice.ts"
import type {
  Bounded,
  FactorEffects,
  FactorIndices,
  MetricSensitivity,
} from "../../sim/results/models/sensitivity-model.ts"
import type { Chart } from "../chart.ts"
import { pointerLayer } from "../chart.ts"
import { forChart, formatShare, formatWithUnit, spreadInWords } from "../number-format.ts"

const intervalNote = {
  morris: (n: number) =>
    `Whiskers are 95% intervals over ${n} trajectories: Student-t for sizes, jackknife for deviations.`,
  sobol: (n: number) =>
    `Whiskers are 95% bootstrap intervals over ${n} rows; they are on the wide side, for the rows cover the settings more evenly than chance would.`,
}

/** The chart of one metric, from so many trajectories or rows. */
export const sensitivityChart = (
  metric: string,
  sensitivity: MetricSensitivity,
  samples: number,
): Chart => {
  const chart = chartOf(metric, sensitivity, samples)
  return { ...chart, notes: [...chart.notes, ...adviceOn(metric, sensitivity, samples)] }
}

const chartOf = (metric: string, sensitivity: MetricSensitivity, samples: number): Chart =>
  sensitivity.method === "morris"
    ? effectsChart(
        metric,
        sensitivity.label,
        // A change of a share is no share.
        sensitivity.unit === "share" ? "percentage points" : sensitivity.unit,
        sensitivity.meaning,
        sensitivity.unit === "share" ? sensitivity.factors.map(inPercent) : sensitivity.factors,
        samples,
      )
    : indicesChart(metric, sensitivity.label, sensitivity.meaning, sensitivity.factors, samples)

const inPercent = ({ factor, muStar, mu, sigma }: FactorEffects): FactorEffects => ({
  factor,
  muStar: hundredfold(muStar),
  mu: hundredfold(mu),
  sigma: hundredfold(sigma),
})

const hundredfold = ({ value, low, high }: Bounded): Bounded => ({
  value: 100 * value,
  low: low === null ? null : 100 * low,
  high: high === null ? null : 100 * high,
})

interface Bar {
  readonly factor: string
  readonly kind: string
  readonly estimate: Bounded
}

const effectsChart = (
  metric: string,
  label: string,
  unit: string,
  meaning: string,
  factors: ReadonlyArray<FactorEffects>,
  samples: number,
): Chart => {
  const kinds = ["mean size of the effect", "its deviation: interactions and curvature"]
  const bars = factors.flatMap(({ factor, muStar, sigma }) => [
    { factor, kind: kinds[0], estimate: muStar },
    { factor, kind: kinds[1], estimate: sigma },
  ])
  const [first] = factors
  const direction =
    first.mu.low !== null && first.mu.low > 0
      ? ", and raises it"
      : first.mu.high !== null && first.mu.high < 0
        ? ", and lowers it"
        : ""
  return {
    id: `sensitivity-${slugOf(metric)}`,
    name: `Sensitivity of ${metric}`,
    title:
      first.muStar.value === 0
        ? `${label}: none of these settings moves it`
        : `${label}: ${first.factor} moves it most${direction}, by ${spreadText(first.muStar, unit)} over its range`,
    notes: [
      `${meaning}.`,
      "An effect is the change over the whole range of a setting, the others being anywhere in theirs.",
      intervalNote.morris(samples),
    ],
    alternative: wordsOf(bars, unit),
    legend: kinds,
    isOverTime: false,
    spec: barsSpec(bars, kinds, `change (${unit})`, unit),
  }
}

const indicesChart = (
  metric: string,
  label: string,
  meaning: string,
  factors: ReadonlyArray<FactorIndices>,
  samples: number,
): Chart => {
  const kinds = ["alone", "with all others"]
  const bars = factors.flatMap(({ factor, first, total }) => [
    { factor, kind: kinds[0], estimate: first },
    { factor, kind: kinds[1], estimate: total },
  ])
  const [strongest] = factors
  return {
    id: `sensitivity-${slugOf(metric)}`,
    name: `Sensitivity of ${metric}`,
    title: Number.isFinite(strongest.total.value)
      ? `${label}: ${strongest.factor} makes ${formatShare(strongest.total.value)} of its variance, ${formatShare(strongest.first.value)} alone`
      : `${label} does not vary`,
    notes: [
      `${meaning}.`,
      "Sobol’ indices: a setting’s part of the variance alone, and with its interactions; chance is the simulation’s random numbers.",
      intervalNote.sobol(samples),
    ],
    alternative: wordsOf(bars, "share"),
    legend: kinds,
    isOverTime: false,
    spec: barsSpec(bars, kinds, "part of the variance", "share"),
  }
}

const spreadText = ({ value, low, high }: Bounded, unit: string): string =>
  low === null || high === null || low === high
    ? formatWithUnit(value, unit)
    : spreadInWords({ mean: value, low, high }, unit)

const wordsOf = (bars: ReadonlyArray<Bar>, unit: string): string =>
  `${bars.map(({ factor, kind, estimate }) => `${factor}, ${kind}: ${spreadText(estimate, unit)}`).join("; ")}.`

/** Lower case and hyphens, as names of files and anchors are. */
export const slugOf = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")

const barsSpec = (
  bars: ReadonlyArray<Bar>,
  kinds: ReadonlyArray<string>,
  title: string,
  unit: string,
): TopLevelSpec => {
  const rows = bars
    .filter(({ estimate }) => Number.isFinite(estimate.value))
    .map(({ factor, kind, estimate }) => ({
      factor,
      kind,
      value: forChart(estimate.value),
      low: forChart(estimate.low ?? estimate.value),
      high: forChart(estimate.high ?? estimate.value),
      text: spreadText(estimate, unit),
    }))
  const y = {
    field: "factor",
    type: "nominal" as const,
    sort: null,
    axis: { title: null, labelLimit: 220, minExtent: 0 },
  }
  const yOffset = { field: "kind", sort: [...kinds] }
  const x = {
    type: "quantitative" as const,
    axis: { title, ...(unit === "share" ? { format: "~%" } : {}) },
  }
  return {
    width: "container",
    height: new Set(rows.map(({ factor }) => factor)).size * 44,
    data: { values: rows },
    layer: [
      {
        mark: { type: "bar" },
        encoding: {
          y,
          yOffset,
          x: { ...x, field: "value" },
          color: { field: "kind", type: "nominal", scale: { domain: [...kinds] } },
        },
      },
      {
        mark: { type: "rule", strokeWidth: 1.5 },
        encoding: { y, yOffset, x: { ...x, field: "low" }, x2: { field: "high" } },
      },
      {
        name: pointerLayer,
        mark: { type: "bar", opacity: 0, tooltip: { content: "data" } },
        encoding: { y, yOffset, x: { ...x, field: "high" } },
      },
    ],
  }
}
