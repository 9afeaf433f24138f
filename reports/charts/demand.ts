/**
 * Demand against what was served and what was rejected, over time. A request counts once: how often
 * its consumer came back with it is told apart, and so is what was wrong in itself.
 */
import { averageIn, bandsOf } from "../bands.ts"
import type { Bands } from "../bands.ts"
import type { ChartOf } from "../chart.ts"
import { formatNumber, formatShare } from "../number-format.ts"
import { meanOf } from "../spread.ts"
import { daysOf, linesInWords, timeLines, timeNotes, titleWithUnit } from "../time-lines.ts"
import { noSeries } from "./missing.ts"

const parts = ["arrived", "rejected", "served"] as const

export const demand: ChartOf = (result) => {
  const id = "demand"
  const name = "Requests"
  const found = parts.map((part) => ({ part, bands: bandsOf(result, `requests.${part}`) }))
  const arrived = found[0]?.bands
  if (arrived === undefined) return noSeries(id, name, "requests.arrived")
  const bands: Bands = {
    ...arrived,
    lines: found.flatMap(({ part, bands: own }) =>
      (own?.lines ?? []).slice(0, 1).map((line) => ({ ...line, key: part })),
    ),
  }
  const labels = bands.lines.map((line) => line.key)
  return {
    id,
    name,
    title: titleOf(shareOf("served"), shareOf("rejected")),
    notes: [...notesOf(shareOf("badInput"), shareOf("retried")), ...timeNotes(bands)],
    alternative: `Requests a second over time. ${linesInWords(bands)}.`,
    legend: labels,
    isOverTime: true,
    spec: timeLines({
      bands,
      xTitle: "days since the start",
      yTitle: titleWithUnit("requests", bands.unit),
      days: daysOf(result.horizonSeconds),
      warmupDays: daysOf(result.warmupSeconds),
      keys: parts,
      linked: true,
    }),
  }

  /** What part of the demand after the warm-up met this fate, on average over replications. */
  function shareOf(part: string): number | undefined {
    const shares = result.replications.flatMap((replication) => {
      const [whole, some] = ["arrived", part].map((which) =>
        averageIn(replication, `requests.${which}`, "", result.warmupSeconds),
      )
      return whole === undefined || some === undefined || whole === 0 ? [] : [some / whole]
    })
    return shares.length === 0 ? undefined : meanOf(shares)
  }
}

const notesOf = (
  badInput: number | undefined = 0,
  retried: number | undefined = 0,
): ReadonlyArray<string> => [
  ...(badInput === 0
    ? []
    : [`${formatShare(badInput)} were answered with a 4xx: neither served nor rejected.`]),
  ...(retried === 0
    ? []
    : [
        "A request that is refused and comes back counts once; consumers came back " +
          `${formatNumber(retried)} times for each request.`,
      ]),
]

const titleOf = (served: number | undefined, rejected: number | undefined): string => {
  if (served === undefined) return "Requests that arrived"
  const rest = rejected === undefined ? "" : `, ${formatShare(rejected)} rejected`
  return `${formatShare(served)} of the requests were served${rest}`
}
