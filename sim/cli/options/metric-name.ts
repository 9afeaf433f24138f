/** A metric's name that was mistyped: what it may have meant, rather than all the names there are. */
import { closest } from "../../../platform/terminal/closest.ts"
import { UsageError } from "../../../platform/terminal/usage-error.ts"

export const noSuchMetric = (
  argument: string,
  name: string,
  names: ReadonlyArray<string>,
): UsageError => {
  const group = groupOf(name)
  const ofGroup = names.filter((one) => groupOf(one) === group)
  const meant = closest(name, names)
  const instead =
    ofGroup.length > 0
      ? `it has ${ofGroup.join(", ")}`
      : meant === undefined
        ? metricGroups(names)
        : `did you mean ${meant}?`
  return new UsageError({ argument, allowed: `the scenario has no metric ${name}; ${instead}` })
}

/** What names begin with, where there are too many to list. */
export const metricGroups = (names: ReadonlyArray<string>): string =>
  `its names begin with ${[...new Set(names.map(groupOf))].join(", ")}; the table of evenkeel run has them all`

const groupOf = (name: string): string => name.split(".")[0]
