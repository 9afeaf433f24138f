/** The comparison of a journal's own rules with others, for people and for programs. */
import type { Economy } from "../../engine/index.ts"
import { formatCredits, knobRows } from "../../engine/index.ts"
import { alignColumns } from "../../platform/terminal/output.ts"
import type { Interval } from "../../sim/statistics/inference/interval.ts"
import type { PolicyComparison, PolicyFigure, TotalName } from "./policy-comparison.ts"
import { totalNames } from "./policy-comparison.ts"
import type { MarketTotals } from "./totals.ts"

export interface PolicyReport {
  readonly own: Economy
  readonly other: Economy
  /** What really happened. */
  readonly journal: MarketTotals
  readonly comparison: PolicyComparison
}

/** How many knobs are named in the text; the document names all. */
const mostNamed = 6

const moneyTotals = new Set<TotalName>([
  "paidByConsumers",
  "platformFees",
  "providerShares",
  "withheld",
  "bounties",
  "clawedBack",
])

const words: Readonly<Record<TotalName, string>> = {
  served: "calls served",
  refused: "calls refused",
  unanswered: "calls unanswered",
  outputTokens: "output tokens",
  paidByConsumers: "paid by consumers",
  platformFees: "platform fees",
  providerShares: "provider shares",
  withheld: "withheld for switching",
  bounties: "bounties",
  clawedBack: "clawed back",
  parks: "parks",
}

export const policyDocument = ({ own, other, journal, comparison }: PolicyReport) => ({
  economy: other.name,
  knobs: differingKnobs(own, other),
  seeds: comparison.seeds,
  rejectedEvents: comparison.rejected,
  differs: anyDiffers(comparison),
  totals: Object.fromEntries(
    totalNames.map((name) => [
      name,
      { journal: journal[name], ...figureDocument(comparison.totals[name]) },
    ]),
  ),
  accounts: comparison.accounts.map((figure) => ({
    account: figure.account,
    ...figureDocument(figure),
  })),
})

const figureDocument = ({ own, other, judged }: PolicyFigure) => ({
  own,
  other,
  difference: {
    mean: judged.difference,
    halfWidth: judged.halfWidth,
    p: judged.p,
    pHolm: judged.pHolm,
  },
  basis: judged.basis,
  verdict: judged.verdict,
})

export const policyText = (report: PolicyReport): string => {
  const { own, other, comparison } = report
  return [
    ...rulesText(own, other),
    "",
    `The same calls and hosts, ${comparison.seeds.length} times, each time with other draws of the routing:`,
    "",
    alignColumns([
      ["", "journal", "own rules", other.name, "difference", "verdict"],
      ...totalNames.map((name) => rowOf(report, name)),
    ]),
    "",
    anyDiffers(comparison)
      ? "The baseline is a replay under the own rules, not the journal: what is made up is made up on both sides."
      : "Nothing differs: in each of them every call, posting and balance is that of the own rules.",
    "± is of a 95% interval over draws of the routing; what another day's calls would do is not in it.",
    "A verdict holds for all rows together (Holm, 5%).",
  ].join("\n")
}

const rulesText = (own: Economy, other: Economy): ReadonlyArray<string> => {
  const knobs = differingKnobs(own, other)
  if (knobs.length === 0) return [`${other.name}: the market's own rules, knob by knob.`]
  const more = knobs.length - mostNamed
  return [
    `${other.name}: the market's own rules (${own.name}) but for`,
    ...knobs
      .slice(0, mostNamed)
      .map((knob) => `  ${knob.path} ${valueText(knob.own)} → ${valueText(knob.other)}`),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ]
}

const differingKnobs = (own: Economy, other: Economy) => {
  const others = new Map(knobRows(other).map(({ path, value }) => [path, value]))
  return knobRows(own)
    .map(({ path, value }) => ({ path, own: value, other: others.get(path) }))
    .filter((knob) => valueText(knob.own) !== valueText(knob.other))
}

const valueText = (value: unknown): string =>
  typeof value === "object" ? JSON.stringify(value) : String(value)

const anyDiffers = ({ totals, accounts }: PolicyComparison): boolean =>
  accounts.length > 0 || totalNames.some((name) => totals[name].judged.verdict !== "identical")

const rowOf = (
  { own: { money }, journal, comparison }: PolicyReport,
  name: TotalName,
): ReadonlyArray<string> => {
  const { own, other, judged } = comparison.totals[name]
  const isMoney = moneyTotals.has(name)
  const show = (value: number): string =>
    isMoney ? formatCredits(Math.round(value), money.scale) : String(Math.round(10 * value) / 10)
  const withInterval = ({ mean, halfWidth }: Pick<Interval, "mean" | "halfWidth">): string =>
    halfWidth === null ? show(mean) : `${show(mean)} ± ${show(halfWidth)}`
  const difference = withInterval({ mean: judged.difference, halfWidth: judged.halfWidth })
  return [
    words[name],
    show(journal[name]),
    withInterval(own),
    withInterval(other),
    judged.verdict === "identical" ? show(0) : difference,
    judged.verdict,
  ]
}
