/** The pictures of a claims audit: one for each promise's experiments, each attack, and the frontier. */
import type { TopLevelSpec } from "vega-lite"
import type {
  Attack,
  Bound,
  Claim,
  ClaimsReport,
  Estimated,
  Frontier,
} from "../../sim/results/models/claims-model.ts"
import type { Chart } from "../chart.ts"
import { forChart, formatNumber } from "../number-format.ts"
import type { IntervalChart } from "../interval-chart.ts"
import { intervalChart } from "../interval-chart.ts"

const boundsOf = ({ atLeast, atMost }: Bound) => [
  ...(atLeast === null ? [] : [{ at: atLeast, label: `at least ${formatNumber(atLeast)}` }]),
  ...(atMost === null ? [] : [{ at: atMost, label: `at most ${formatNumber(atMost)}` }]),
]

/** "118 (116 to 120) more than honestly". */
const gainText = ({ mean, low, high }: Estimated): string => {
  if (mean === 0 && low === high) return "exactly as much as honestly"
  const isLess = mean < 0
  const ends =
    low === null || high === null || low === high ? null : isLess ? [-high, -low] : [low, high]
  const size = formatNumber(Math.abs(mean))
  const words = ends === null ? size : `${size} (${ends.map(formatNumber).join(" to ")})`
  return `${words} ${isLess ? "less" : "more"} than honestly`
}

/** The promise's experiments that make one picture: all of them, where they share unit and bound. */
const groupsOf = ({ economies }: Claim): ReadonlyArray<ReadonlyArray<number>> => {
  const first = economies[Object.keys(economies)[0]]?.measures ?? []
  const isAlike = first.every(
    ({ unit, bound }) =>
      unit === first[0]?.unit &&
      bound.atLeast === first[0].bound.atLeast &&
      bound.atMost === first[0].bound.atMost,
  )
  const all = first.map((_, at) => at)
  return first.length === 0 ? [] : isAlike ? [all] : all.map((at) => [at])
}

/** A chart, and what it shows apart from what it is about: on a page a heading says that already. */
export interface ClaimsChart {
  readonly chart: Chart
  readonly finding: string
}

const chartOf = (subject: string, finding: string, own: Omit<IntervalChart, "title" | "name">) => ({
  finding: capital(finding),
  chart: intervalChart({ ...own, name: subject, title: `${subject}: ${finding}` }),
})

/** A chart for each of the promise's experiments; all of them as one where they share unit and bound. */
export const claimCharts = (claim: Claim): ReadonlyArray<ClaimsChart> => {
  const { id, title, economies } = claim
  const names = Object.keys(economies)
  const first = economies[names[0]]?.measures ?? []
  return groupsOf(claim).map((group) => {
    const sample = first[group[0]]
    const isOne = group.length === 1
    const verdicts = names
      .map(
        (economy) =>
          `${economy} ${verdictWords(group.map((at) => economies[economy].measures[at].verdict))}`,
      )
      .join(", ")
    return chartOf(isOne ? capital(sample.label) : title, verdicts, {
      id: `claim-${id}-${group[0] + 1}`,
      notes: [`${sample.horizonDays} days simulated.`],
      keys: names,
      rows: group.flatMap((at) =>
        names.map((economy) => ({
          label: economies[economy].measures[at].label,
          series: economy,
          estimate: economies[economy].measures[at].estimate,
        })),
      ),
      xTitle: capital(sample.unit),
      bounds: boundsOf(sample.bound),
    })
  })
}

const verdictWords = (verdicts: ReadonlyArray<string>): string => {
  const of = (verdict: string) => verdicts.filter((one) => one === verdict).length
  if (of("holds") === verdicts.length) return "keeps it"
  if (of("fails") === verdicts.length) return "does not"
  if (of("fails") > 0) return `does not in ${of("fails")} of ${verdicts.length}`
  return "is undecided"
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

const attackChart = ({ id, title, economies }: Attack): ClaimsChart => {
  const names = Object.keys(economies)
  const worst = names.map((economy) => {
    const [most] = economies[economy].toSorted((a, b) => b.gain.mean - a.gain.mean)
    return `${gainText(most.gain)} under ${economy}`
  })
  return chartOf(title, `at its best it makes, in credits a day, ${worst.join(", ")}`, {
    id: `attack-${id}`,
    notes: [
      "Right of the line the attack makes more than the best honest conduct on the same machines.",
    ],
    keys: names,
    rows: names.flatMap((economy) =>
      economies[economy].map(({ label, gain, horizonDays }) => ({
        label: `${label}, ${horizonDays} d`,
        series: economy,
        estimate: gain,
      })),
    ),
    xTitle: "Profit less honest profit, credits a day",
    bounds: [{ at: 0, label: "as honest" }],
  })
}

const shareText = (share: number): string =>
  share === 1 ? "sole supplier" : `of ${Math.round(1 / share)} suppliers`

const frontierChart = ({ points, safe }: Frontier): ClaimsChart => {
  const shares = safe.map(({ supplyShare }) => shareText(supplyShare))
  const values = points.map(({ supplyShare, paidMultiplier, gain }) => ({
    share: shareText(supplyShare),
    multiplier: forChart(paidMultiplier.mean),
    gain: forChart(gain.mean),
    low: forChart(gain.low ?? gain.mean),
    high: forChart(gain.high ?? gain.mean),
  }))
  const x = {
    type: "quantitative" as const,
    scale: { zero: false },
    axis: { title: "bounty multiplier that was paid, on average", format: ".2~f" },
  }
  const y = {
    type: "quantitative" as const,
    scale: { zero: false },
    axis: { title: "gain, credits for each credit spent" },
  }
  const color = {
    field: "share",
    type: "nominal" as const,
    sort: shares,
    scale: { domain: shares },
  }
  const spec: TopLevelSpec = {
    width: "container",
    height: 300,
    data: { values },
    layer: [
      {
        data: { values: [{ at: 0 }] },
        mark: { type: "rule", style: "reference" },
        encoding: { y: { ...y, field: "at" } },
      },
      {
        data: {
          values: safe.map(({ supplyShare, theory }) => ({
            share: shareText(supplyShare),
            theory: forChart(theory),
          })),
        },
        mark: { type: "rule", strokeDash: [2, 3], strokeWidth: 1.5 },
        encoding: { x: { ...x, field: "theory" }, color },
      },
      {
        mark: { type: "line", point: { filled: true, size: 50 } },
        encoding: { x: { ...x, field: "multiplier" }, y: { ...y, field: "gain" }, color },
      },
      {
        mark: { type: "rule", strokeWidth: 2 },
        encoding: {
          x: { ...x, field: "multiplier" },
          y: { ...y, field: "low" },
          y2: { field: "high" },
          color,
        },
      },
    ],
  }
  const finding = `self-dealing does not pay ${safe
    .map(
      ({ supplyShare, highestSafe }) =>
        `${highestSafe === null ? "at no multiplier tried" : `up to × ${highestSafe.toFixed(2)}`} for ${supplyShare === 1 ? "a" : "one"} ${shareText(supplyShare)}`,
    )
    .join(", ")}`
  const chart: Chart = {
    id: "frontier",
    name: "Frontier of self-dealing",
    title: capital(finding),
    notes: [
      "Dotted: 1 ÷ (share of the supply × (1 − fee)), above which theory says that it pays. Under the rules of pooled, with trust for everyone, all fees in the bounty pool, and a model that is always short.",
      "A point is the estimate, the line through it the 95% interval.",
    ],
    alternative: values
      .map(({ share, multiplier, gain }) => `${share}, × ${multiplier}: ${gain}`)
      .join("; "),
    legend: shares,
    isOverTime: false,
    spec,
  }
  return { chart, finding: capital(finding) }
}

/** Every picture of the audit, in the page's order. */
export const allCharts = ({
  claims,
  attacks,
  frontier,
}: ClaimsReport): ReadonlyArray<ClaimsChart> => [
  ...claims.filter(({ id }) => id !== "long-term").flatMap(claimCharts),
  ...attacks.map(attackChart),
  ...(frontier === null ? [] : [frontierChart(frontier)]),
]
