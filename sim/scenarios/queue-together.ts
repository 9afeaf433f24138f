/** Queues and tiers that the economy does not know, and tiers that nobody offers. */
import type { ScenarioIssue } from "../settings/scenario-error.ts"
import { areHoursSold } from "./hours-together.ts"
import type { Scenario } from "./schema.ts"

/** What calls of no tier are told apart by. */
export const noTierName = "none"

/** May a call wait for room? */
export const areCallsQueued = (scenario: Scenario): boolean =>
  scenario.economy.queue.scope === "pool" ||
  (scenario.economy.queue.scope === "node" &&
    scenario.hours.listings.queue !== null &&
    areHoursSold(scenario))

export const issuesOfQueue = (scenario: Scenario): ReadonlyArray<ScenarioIssue> => {
  const { consumers, economy, hours } = scenario
  const { queue, tiers } = hours.listings
  const issues: Array<ScenarioIssue> = []
  const refuse = (path: string, message: string) => issues.push({ path, message })
  if (queue !== null && economy.queue.scope !== "node")
    refuse("economy.queue.scope", "hosts have queues here: expected node, or economy: aitbc")
  if (tiers.length > 0) {
    if (!economy.tiers.areOffered)
      refuse("economy.tiers.areOffered", "tiers are offered here: expected true")
    if (economy.pricing.tokens !== "listing")
      refuse("economy.pricing.tokens", "tiers are rates an hour: expected listing")
    if (!areHoursSold(scenario))
      refuse("hours.listings.share", "tiers are a listing's, and there are none")
  }
  for (const [index, { name, priority }] of tiers.entries()) {
    if (name === noTierName)
      refuse(`hours.listings.tiers.${index}.name`, `${noTierName} is what calls of no tier are of`)
    if (tiers.findIndex((one) => one.name === name) < index)
      refuse(`hours.listings.tiers.${index}.name`, `another tier is called ${name}`)
    if (tiers.findIndex((one) => one.priority === priority) < index)
      refuse(`hours.listings.tiers.${index}.priority`, `another tier has the priority ${priority}`)
  }
  for (const [index, { tier }] of consumers.tiers.entries()) {
    const path = `consumers.tiers.${index}.tier`
    if (!tiers.some(({ name }) => name === tier))
      refuse(
        path,
        tiers.length === 0
          ? "listings offer no tiers: give some in hours.listings.tiers"
          : `listings offer ${tiers.map(({ name }) => name).join(", ")}`,
      )
    if (consumers.tiers.findIndex((one) => one.tier === tier) < index)
      refuse(path, `another entry is about ${tier}`)
  }
  if (consumers.tiers.reduce((sum, one) => sum + one.share, 0) > 1 + 1e-9)
    refuse("consumers.tiers", "their shares come to more than 1")
  return issues
}
