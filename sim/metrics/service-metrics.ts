/** What consumers get: whether they are served, how soon, and how fast. */
import { firstDayAfter } from "../recording/warm-up-cut.ts"
import { longTokens } from "../recording/recorder.ts"
import { refusedIn } from "../recording/refusals.ts"
import { mergedSketch } from "../recording/sketches.ts"
import { metricsIn } from "./metric.ts"
import type { Window } from "./window.ts"

const daySeconds = 86_400

/** Shares are of the requests that ended in the window: those that arrived may end after it. */
const endedIn = ({ sum }: Window): number =>
  sum("served") + sum("badInput") + sum("tooLong") + refusedIn(sum)

/** Quantiles are kept by day: of the days that lie in the window whole, the last of the run in any case. */
const ttftQuantile =
  (p: number) =>
  ({ recording, bins }: Window): number => {
    const first = firstDayAfter(recording, bins.first)
    const isLast = bins.end === recording.bins
    const end = isLast ? recording.ttft.length : firstDayAfter(recording, bins.end)
    const days = recording.ttft.slice(first, end)
    return days.length === 0 ? NaN : mergedSketch(days).quantile(p)
  }

const ended = "requests that ended"
const made = "requests made"
const answered = "served calls, by when they arrived"

export const serviceMetrics = metricsIn("service", [
  {
    name: "requests.perSecond",
    label: "Requests",
    unit: "1/s",
    meaning: "Requests that consumers made; one that is refused and comes back counts once",
    base: "time",
    valueOf: ({ sum, days }) => sum("arrived") / (days * daySeconds),
  },
  {
    name: "requests.servedShare",
    label: "Served",
    unit: "share",
    meaning: "Requests that were served",
    base: ended,
    valueOf: (window) => window.sum("served") / endedIn(window),
  },
  {
    name: "requests.abortedShare",
    label: "Consumer left",
    unit: "share",
    meaning: "Requests whose consumer left before the last token; they are among the served",
    base: ended,
    valueOf: (window) => window.sum("aborted") / endedIn(window),
  },
  {
    name: "requests.badInputShare",
    label: "Answered with a 4xx",
    unit: "share",
    meaning: "Requests answered with a 4xx: wrong in themselves, or said to be",
    base: ended,
    valueOf: (window) => window.sum("badInput") / endedIn(window),
  },
  {
    name: "requests.tooLongShare",
    label: "Too long",
    unit: "share",
    meaning: "Requests too long for the memory of the node that got them: answered with a 4xx",
    base: ended,
    valueOf: (window) => window.sum("tooLong") / endedIn(window),
  },
  {
    name: "requests.rejectedShare",
    label: "Rejected",
    unit: "share",
    meaning: "Requests given up after all retries",
    base: ended,
    valueOf: (window) => refusedIn(window.sum) / endedIn(window),
  },
  {
    name: "requests.noCapacityShare",
    label: "Rejected: all busy",
    unit: "share",
    meaning: "Requests rejected because every node was busy",
    base: ended,
    valueOf: (window) => window.sum("refused.NoCapacity") / endedIn(window),
  },
  {
    name: "requests.noCreditsShare",
    label: "Rejected: no credits",
    unit: "share",
    meaning: "Requests rejected for want of credits",
    base: ended,
    valueOf: (window) => window.sum("refused.InsufficientCredits") / endedIn(window),
  },
  {
    name: "requests.retriesPerRequest",
    label: "Retries",
    unit: "1/request",
    meaning: "Times that a refused consumer came back with the same request",
    base: made,
    valueOf: ({ sum }) => sum("retried") / sum("arrived"),
  },
  {
    name: "attempts.failedShare",
    label: "Attempts failed",
    unit: "share",
    meaning: "Attempts that the node failed",
    base: "attempts on nodes",
    valueOf: ({ sum }) => sum("failedAttempts") / sum("attempts"),
  },
  {
    name: "ttft.mean",
    label: "First token, mean",
    unit: "s",
    meaning: "Time to first token, retries included",
    base: answered,
    valueOf: ({ sum }) => sum("ttftSeconds") / sum("answered"),
  },
  {
    name: "ttft.p50",
    label: "First token, median",
    unit: "s",
    meaning: "Half of the calls waited less for their first token; from a sketch within 0.8%",
    base: "served calls of whole days",
    valueOf: ttftQuantile(0.5),
  },
  {
    name: "ttft.p99",
    label: "First token, slowest 1%",
    unit: "s",
    meaning: "One call in a hundred waited longer for its first token; from a sketch within 0.8%",
    base: "served calls of whole days",
    valueOf: ttftQuantile(0.99),
  },
  {
    name: "ttft.long",
    label: "First token, long calls",
    unit: "s",
    meaning: "Time to first token of long calls",
    base: `served calls of ${longTokens} output tokens or more`,
    valueOf: ({ sum }) => sum("longTtftSeconds") / sum("longServed"),
  },
  {
    name: "sojourn.mean",
    label: "Whole answer, mean",
    unit: "s",
    meaning: "Time from request to last token",
    base: answered,
    valueOf: ({ sum }) => sum("sojournSeconds") / sum("answered"),
  },
  {
    name: "tokens.outputPerSecond",
    label: "Output of the market",
    unit: "tokens/s",
    meaning: "Output tokens delivered by the whole market",
    base: "time",
    valueOf: ({ sum, days }) => sum("outputTokens") / (days * daySeconds),
  },
  {
    name: "streams.belowFloorShare",
    label: "Streams below the floor",
    unit: "share",
    meaning: "Streams slower than the throughput floor",
    base: "streams that ended",
    valueOf: ({ sum }) => sum("streamsBelowFloor") / sum("streams"),
  },
  {
    name: "demand.goneShare",
    label: "Never made: consumers left",
    unit: "share",
    meaning: "Calls never made, since their consumers had left after bad experience",
    base: "calls made or not made",
    valueOf: ({ sum }) => sum("demandGone") / demandIn(sum),
  },
  {
    name: "demand.pricedOutShare",
    label: "Never made: too dear",
    unit: "share",
    meaning: "Calls never made, since no model was worth its price",
    base: "calls made or not made",
    valueOf: ({ sum }) => sum("demandPricedOut") / demandIn(sum),
  },
])

const demandIn = (sum: Window["sum"]): number =>
  sum("arrived") + sum("demandGone") + sum("demandPricedOut")
