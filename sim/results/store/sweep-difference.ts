/**
 * In what two sweeps differ, in words: so that a user who continues or merges the wrong one sees at
 * once which setting it is.
 */
import { parse } from "yaml"
import type { SweepDefinition } from "../models/sweep-model.ts"

const names: Partial<Record<keyof SweepDefinition, string>> = {
  version: "Evenkeel's version",
  both: "--both",
  vary: "--vary",
  traceDigest: "content of the trace",
}
/** What follows from other fields, and would only be said twice. */
const derived: ReadonlyArray<keyof SweepDefinition> = ["command", "points", "title"]

const mostShown = 8

/** One line a difference, from `there` to `here`; none where the two are the same. */
export const differencesOf = (
  there: SweepDefinition,
  here: SweepDefinition,
): ReadonlyArray<string> => {
  const fields = Object.keys(there) as ReadonlyArray<keyof SweepDefinition>
  const lines = fields.flatMap((field): ReadonlyArray<string> => {
    if (derived.includes(field) || JSON.stringify(there[field]) === JSON.stringify(here[field]))
      return []
    if (field === "scenarioYaml") return settingLines(there.scenarioYaml, here.scenarioYaml)
    return [lineOf(names[field] ?? field, there[field], here[field])]
  })
  return lines.length <= mostShown
    ? lines
    : [...lines.slice(0, mostShown), `and ${lines.length - mostShown} more`]
}

const settingLines = (there: string, here: string): ReadonlyArray<string> => {
  const [old, now] = [leavesOf(parse(there)), leavesOf(parse(here))]
  return [...new Set([...old.keys(), ...now.keys()])]
    .filter((path) => JSON.stringify(old.get(path)) !== JSON.stringify(now.get(path)))
    .map((path) => lineOf(path, old.get(path), now.get(path)))
}

const lineOf = (name: string, there: unknown, here: unknown): string =>
  `${name}: ${shown(there)} there, ${shown(here)} now`

const shown = (value: unknown): string =>
  value === undefined
    ? "nothing"
    : Array.isArray(value) && value.every((one) => typeof one === "string")
      ? value.length === 0
        ? "nothing"
        : value.join(" ")
      : typeof value === "string"
        ? value
        : JSON.stringify(value)

/** Every single value by its dotted path. */
const leavesOf = (tree: unknown, path = ""): ReadonlyMap<string, unknown> =>
  typeof tree === "object" && tree !== null && Object.keys(tree).length > 0
    ? new Map(
        Object.entries(tree).flatMap(([key, value]) => [
          ...leavesOf(value, path === "" ? key : `${path}.${key}`),
        ]),
      )
    : new Map([[path, tree]])
