/** Hours that nobody may sell, or that have nowhere to be. */
import { publishedRateOf } from "../fleet/published-rates.ts"
import type { ScenarioIssue } from "../settings/scenario-error.ts"
import type { Scenario } from "./schema.ts"

/** What an hour of a device costs in public, US dollars; `undefined`: nobody says. */
export const usdPerHourOf = ({ hours: { listings } }: Scenario, name: string): number | undefined =>
  listings.rates.find(({ device }) => device === name)?.usdPerHour ?? publishedRateOf(name)

/** Are hours sold in it? */
export const areHoursSold = ({ hours, parties }: Scenario): boolean =>
  hours.listings.share > 0 || parties.some(({ hours: { lets } }) => lets !== null)

export const issuesOfHours = (scenario: Scenario): ReadonlyArray<ScenarioIssue> => {
  const { hours, economy, fleet, parties } = scenario
  const { regions, listings, renters } = hours
  const issues: Array<ScenarioIssue> = []
  const refuse = (path: string, message: string) => issues.push({ path, message })
  const isRenting = parties.some(
    ({ hours: { rents, reserves } }) => rents !== null || reserves !== null,
  )
  for (const [index, { name }] of regions.entries())
    if (regions.findIndex((one) => one.name === name) < index)
      refuse(`hours.regions.${index}.name`, `another region is called ${name}`)
  if (!areHoursSold(scenario)) {
    if (
      renters.ordersPerDay > 0 ||
      isRenting ||
      hours.contracts.perDay > 0 ||
      hours.reservations.holders > 0
    )
      refuse("hours.listings.share", "somebody rents hours, and nobody sells any")
    return issues
  }
  if (!economy.hours.areSold)
    refuse("economy.hours.areSold", "hours are sold here: expected true, or economy: aitbc")
  if (regions.length === 0) refuse("hours.regions", "hours are sold here: expected a region")
  else if (regions.every((region) => region.hosts === 0))
    refuse("hours.regions", "at least one region needs a weight of hosts above 0")
  if (renters.ordersPerDay > 0 && regions.every((region) => region.renters === 0))
    refuse("hours.regions", "at least one region needs a weight of renters above 0")
  if (listings.strategies.length > 0 && listings.strategies.every(({ weight }) => weight === 0))
    refuse("hours.listings.strategies", "at least one needs a weight above 0")
  if (listings.weeks.length > 0 && listings.weeks.every(({ weight }) => weight === 0))
    refuse("hours.listings.weeks", "at least one needs a weight above 0")
  if (renters.jobs > listings.maxJobs)
    refuse("hours.renters.jobs", `a listing takes ${listings.maxJobs} at most`)
  const names = fleet.devices.map(({ device }) => device)
  if (listings.share > 0 && names.every((name) => usdPerHourOf(scenario, name) === undefined))
    refuse("hours.listings.rates", `none of ${names.join(", ")} has a rate: give one`)
  for (const [index, { device, hours: own }] of parties.entries())
    if (own.lets !== null && usdPerHourOf(scenario, device) === undefined)
      refuse(`parties.${index}.device`, `${device} has no rate: give one in hours.listings.rates`)
  return issues
}
