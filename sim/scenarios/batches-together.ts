/** Batches that are handed in to nobody. */
import type { ScenarioIssue } from "../settings/scenario-error.ts"
import type { Scenario } from "./schema.ts"

/** Does anybody hand in batches? */
export const areBatchesAsked = ({ demand, parties }: Scenario): boolean =>
  demand.batches.perDay > 0 || parties.some(({ batches }) => batches !== null)

export const issuesOfBatches = (scenario: Scenario): ReadonlyArray<ScenarioIssue> =>
  !areBatchesAsked(scenario) || scenario.economy.batches.areTaken
    ? []
    : [
        {
          path: "economy.batches.areTaken",
          message: "batches are handed in here: expected true, or economy: aitbc",
        },
      ]
