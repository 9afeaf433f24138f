/** What no single setting of a scenario can be wrong about: settings that do not go together. */
import { Either } from "effect"
import { devices } from "../fleet/devices.ts"
import type { ScenarioIssue } from "../settings/scenario-error.ts"
import { ScenarioInvalid } from "../settings/scenario-error.ts"
import { issuesOfHours } from "./hours-together.ts"
import { issuesOfBatches } from "./batches-together.ts"
import { issuesOfQueue } from "./queue-together.ts"
import type { Scenario } from "./schema.ts"
import { issuesOfTrace } from "./trace-together.ts"

/** Checks a scenario whose settings are right one by one. */
export const checkTogether = (
  scenario: Scenario,
  source: string,
): Either.Either<Scenario, ScenarioInvalid> => {
  const issues: Array<{ path: string; message: string }> = []
  const names = scenario.models.map(({ name }) => name)
  if (new Set(names).size < names.length)
    issues.push({ path: "models", message: "each model may be offered once" })
  if (scenario.models.every(({ popularity }) => popularity === 0))
    issues.push({ path: "models", message: "at least one model needs a popularity above 0" })
  if (scenario.models.every(({ initialSupply }) => initialSupply === 0))
    issues.push({ path: "models", message: "at least one model needs an initialSupply above 0" })
  if (scenario.fleet.devices.every(({ weight }) => weight === 0))
    issues.push({ path: "fleet.devices", message: "at least one device needs a weight above 0" })
  issues.push(...fleetIssues(scenario))
  scenario.demand.flashCrowds.forEach(({ model }, index) => {
    if (model !== undefined && !names.includes(model))
      issues.push({
        path: `demand.flashCrowds.${index}.model`,
        message: `this scenario offers ${names.join(", ")}`,
      })
  })
  issues.push(...issuesOfParties(scenario), ...issuesOfPrices(scenario), ...issuesOfTrace(scenario))
  issues.push(...issuesOfHours(scenario), ...issuesOfBatches(scenario), ...issuesOfQueue(scenario))
  return issues.length === 0
    ? Either.right(scenario)
    : Either.left(new ScenarioInvalid({ source, issues }))
}

/** Parties that ask for what the scenario does not have, or for what does not go together. */
const issuesOfParties = ({ parties, models, fleet }: Scenario): ReadonlyArray<ScenarioIssue> => {
  const issues: Array<{ path: string; message: string }> = []
  const offered = models.map(({ name }) => name)
  const known = [...fleet.profiles, ...devices].map(({ name }) => name)
  const refuse = (index: number, setting: string, message: string) =>
    issues.push({ path: `parties.${index}.${setting}`, message })
  for (const [index, party] of parties.entries()) {
    const { name, batches, device, model, machines, strategy, conduct } = party
    const { demand, splitInto, rejoinBelowHealth } = conduct
    if (parties.findIndex((one) => one.name === name) < index)
      refuse(index, "name", `another party is called ${name}`)
    if (!known.includes(device))
      refuse(index, "device", `expected one of ${known.join(", ")}, got ${JSON.stringify(device)}`)
    if (!offered.includes(model))
      refuse(index, "model", `this scenario offers ${offered.join(", ")}`)
    if (demand !== null && !offered.includes(demand.model))
      refuse(index, "conduct.demand.model", `this scenario offers ${offered.join(", ")}`)
    if (conduct.runsModel !== null && !offered.includes(conduct.runsModel))
      refuse(index, "conduct.runsModel", `this scenario offers ${offered.join(", ")}`)
    if (batches !== null && !offered.includes(batches.model))
      refuse(index, "batches.model", `this scenario offers ${offered.join(", ")}`)
    if (conduct.withheldMachines > machines)
      refuse(index, "conduct.withheldMachines", `there are ${machines} machines`)
    if (splitInto > 1 && (strategy !== "stay" || rejoinBelowHealth > 0))
      refuse(index, "conduct.splitInto", "a machine that poses as several stays as it is")
  }
  return issues
}

/** Prices that nobody may set, or that nobody does. */
const issuesOfPrices = ({
  economy,
  operators,
  parties,
}: Scenario): ReadonlyArray<ScenarioIssue> => {
  if (economy.pricing.tokens !== "host") {
    const message = `hosts set no prices under the economy ${economy.name}: economy.pricing.tokens is ${economy.pricing.tokens}`
    return [
      ...(operators.prices.length === 0 ? [] : [{ path: "operators.prices", message }]),
      ...parties.flatMap(({ price }, index) =>
        price === null ? [] : [{ path: `parties.${index}.price`, message }],
      ),
    ]
  }
  return operators.prices.length > 0 && operators.prices.every(({ weight }) => weight === 0)
    ? [{ path: "operators.prices", message: "at least one needs a weight above 0" }]
    : []
}

/** Devices that are nowhere described, and profiles that stand in for what they are not. */
const fleetIssues = ({ fleet, models }: Scenario): ReadonlyArray<ScenarioIssue> => {
  const catalogue = devices.map(({ name }) => name)
  const profiled = fleet.profiles.map(({ name }) => name)
  const offered = models.map(({ name, quantisation }) => `${name} (${quantisation})`)
  const names = fleet.profiles.flatMap(({ name }, index) =>
    catalogue.includes(name) || profiled.indexOf(name) < index
      ? [
          {
            path: `fleet.profiles.${index}.name`,
            message: `${name} is ${catalogue.includes(name) ? "a device of the catalogue" : "another profile's name"}; each name stands for one device`,
          },
        ]
      : [],
  )
  const uses = fleet.devices.flatMap(({ device }, index) => {
    const path = `fleet.devices.${index}.device`
    const profile = fleet.profiles.find(({ name }) => name === device)
    if (profile === undefined)
      return catalogue.includes(device)
        ? []
        : [
            {
              path,
              message: `expected one of ${[...profiled, ...catalogue].join(", ")}, got ${JSON.stringify(device)}`,
            },
          ]
    const measured = profile.models.map(({ name, quantisation }) => `${name} (${quantisation})`)
    return measured.some((one) => offered.includes(one))
      ? []
      : [
          {
            path,
            message: `${device} was measured with ${measured.join(", ")}, and this scenario offers ${offered.join(", ")}`,
          },
        ]
  })
  return [...names, ...uses]
}
