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
import { forChart } from "../number-format.ts"
import { intervalChart } from "../interval-chart.ts"

/** Below this no chart shows more than a point: a bound of exactly 0 that is met exactly. */
const boundsOf = ({ atLeast, atMost }: Bound) => [
  ...(atLeast === null ? [] : [{ at: atLeast, label: `at least ${atLeast}` }]),
  ...(atMost === null ? [] : [{ at: atMost, label: `at most ${atMost}` }]),
]

const ratioText = ({ mean, low, high }: Estimated): string =>
  low === null || high === null
    ? mean.toFixed(2)
    : `${mean.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`

/** A chart for each of the promise's experiments; all of them as one where they share unit and bound. */
export const claimCharts = ({ id, title, economies }: Claim): ReadonlyArray<Chart> => {
  const names = Object.keys(economies)
  const first = economies[names[0]]?.measures ?? []
  const isAlike = first.every(
    ({ unit, bound }) =>
      unit === first[0]?.unit &&
      bound.atLeast === first[0].bound.atLeast &&
      bound.atMost === first[0].bound.atMost,
  )
  const groups = isAlike ? [first.map((_, at) => at)] : first.map((_, at) => [at])
  return groups
    .filter((group) => group.length > 0)
    .map((group) => {
      const [sample] = group.map((at) => first[at])
      const own = group.length === 1 ? sample.label : title
      return intervalChart({
        id: `claim-${id}-${group[0] + 1}`,
        name: title,
        title: `${capital(own)}: ${names
          .map((economy) => {
            const verdicts = group.map((at) => economies[economy].measures[at].verdict)
            return `${economy} ${verdictWords(verdicts)}`
          })
          .join(", ")}`,
        notes: [],
        keys: names,
        rows: group.flatMap((at) =>
          names.map((economy) => ({
            label: economies[economy].measures[at].label,
            series: economy,
            estimate: economies[economy].measures[at].estimate,
          })),
        ),
        xTitle: sample.unit,
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

const attackChart = ({ id, title, economies }: Attack): Chart => {
  const names = Object.keys(economies)
  const worst = names.map((economy) => {
    const [most] = economies[economy].toSorted((a, b) => b.ratio.mean - a.ratio.mean)
    return `${economy} ${ratioText(most.ratio)}`
  })
  return intervalChart({
    id: `attack-${id}`,
    name: title,
    title: `${title}: profit ÷ honest profit at worst, ${worst.join("; ")}`,
    notes: ["Above 1 the attack pays better than the best honest conduct on the same machines."],
    keys: names,
    rows: names.flatMap((economy) =>
      economies[economy].map(({ label, ratio }) => ({ label, series: economy, estimate: ratio })),
    ),
    xTitle: "profit ÷ honest profit",
    bounds: [{ at: 1, label: "honest profit" }],
  })
}

const shareText = (share: number): string =>
  share === 1 ? "sole supplier" : `of ${Math.round(1 / share)} suppliers`

const frontierChart = ({ points, safe }: Frontier): Chart => {
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
  return {
    id: "frontier",
    name: "Frontier of self-dealing",
    title: `Self-dealing does not pay ${safe
      .map(
        ({ supplyShare, highestSafe }) =>
          `${highestSafe === null ? "at no multiplier tried" : `up to × ${highestSafe.toFixed(2)}`} for ${supplyShare === 1 ? "a" : "one"} ${shareText(supplyShare)}`,
      )
      .join(", ")}`,
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
}

/** Every picture of the audit, in the page's order. */
export const allCharts = ({ claims, attacks, frontier }: ClaimsReport): ReadonlyArray<Chart> => [
  ...claims.filter(({ id }) => id !== "long-term").flatMap(claimCharts),
  ...attacks.map(attackChart),
  ...(frontier === null ? [] : [frontierChart(frontier)]),
]
