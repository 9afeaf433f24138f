/** Settings that do not go with a trace: those that only the generator of requests reads, and windows without length. */
import type { Tree } from "../../engine/index.ts"
import { isTree, settingsIn } from "../../engine/index.ts"
import type { ScenarioIssue } from "../settings/scenario-error.ts"
import { Scenario } from "./schema.ts"

const rate = "demand.trace.speed and demand.trace.share change how many requests come"

/** What does nothing while a trace is replayed, a setting or a group; and what does it in its place. */
const madeVoid: Readonly<Record<string, string>> = {
  horizonDays: "a replay lasts as long as the trace, and demand.trace.untilSeconds cuts it short",
  "demand.requestsPerSecond": rate,
  "demand.growthPerDay": rate,
  "demand.arrivals": "the trace says when requests come",
  "demand.burstiness": "the trace says when requests come",
  "demand.daily": "the trace says when requests come",
  "demand.weekly": "the trace says when requests come",
  "demand.sizes": "the trace says how long prompts and answers are",
}

/** Every single setting that a trace makes void. */
const voidSettings = settingsIn(Scenario).flatMap(({ path, default: usual }) =>
  Object.entries(madeVoid)
    .filter(([group]) => path === group || path.startsWith(`${group}.`))
    .map(([, instead]) => ({ path, usual, instead })),
)

export const issuesOfTrace = (scenario: Scenario): ReadonlyArray<ScenarioIssue> => {
  const { trace, flashCrowds } = scenario.demand
  if (trace === null) return []
  const { fromSeconds, untilSeconds } = trace
  return [
    ...voidSettings
      .filter(({ path, usual }) => valueAt(scenario, path) !== usual)
      .map(({ path, usual, instead }) => ({
        path,
        message: `does nothing where demand.trace is replayed (${instead}); leave it out, or at ${JSON.stringify(usual)}`,
      })),
    ...flashCrowds.flatMap(({ model }, index) =>
      model === undefined || scenario.models.length === 1
        ? [
            {
              path: `demand.flashCrowds.${index}`,
              message:
                "does nothing where demand.trace is replayed: its requests are given, and a crowd can only turn them from one model to another, which it names",
            },
          ]
        : [],
    ),
    ...(untilSeconds !== null && untilSeconds <= fromSeconds
      ? [
          {
            path: "demand.trace.untilSeconds",
            message: `expected more than fromSeconds, ${fromSeconds}, got ${untilSeconds}`,
          },
        ]
      : []),
  ]
}

const valueAt = (scenario: Scenario, path: string): unknown =>
  path
    .split(".")
    .reduce<unknown>((place, key) => (isTree(place) ? (place as Tree)[key] : undefined), scenario)
