/** docs/metrics.md, from the registry. */
import { metricFacts } from "../../sim/metrics/catalogue.ts"
import { measureText } from "../../sim/metrics/measure-text.ts"
import { groupTitles, metricGroups } from "../../sim/results/models/metric-facts.ts"

const everything = {
  promises: true,
  contracts: true,
  reservations: true,
  ratings: true,
  swarms: true,
}

/** One of each of what a scenario may have several of. */
const facts = metricFacts({
  models: [{ name: "MODEL", crowdSeconds: 0 }],
  parties: ["PARTY"],
  strategies: ["STRATEGY"],
  prices: ["STRATEGY"],
  hours: { regions: ["REGION"], strategies: ["STRATEGY"], has: everything },
  hasBatches: true,
  queue: { tiers: ["TIER"], hasPreemption: true },
  hasGain: true,
})

export const metricsPage = (): string =>
  [
    "# Metrics",
    "",
    "What a run measures. The same registry feeds the tables, the reports and the titles of their charts, comparisons, sweeps and the codebook of an export; `npx evenkeel metrics` prints it for a scenario. It is written from the code: do not edit it.",
    "",
    "Each figure is a mean over replications. Its 95% interval is Student's with the skewness of the replications taken out, cut at the metric's bounds ([coverage.md](coverage.md) counts how often it covers). Where no replication differs, `always` stands in its place. A mark (↗, ↘) says that the second half of the run differs from the first by more than chance and by more than matters: the mean is then that of the stretch, not a steady state's.",
    ...metricGroups.flatMap((group) => {
      const own = Object.entries(facts).filter(([, { group: its }]) => its === group)
      return [
        "",
        `## ${groupTitles[group]}`,
        "",
        "| Metric | Meaning | Measure |",
        "| --- | --- | --- |",
        ...own.map(
          ([name, its]) => `| \`${name}\` | ${its.label}. ${its.meaning} | ${measureText(its)} |`,
        ),
      ]
    }),
    "",
  ].join("\n")
