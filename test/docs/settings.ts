/** What is written from the settings: the reference of all of them, and the scenario that others extend. */
import { stringify } from "yaml"
import type { SettingRow } from "../../engine/index.ts"
import { Economy, settingsIn } from "../../engine/index.ts"
import { LiveConfig } from "../../live/config/config.ts"
import { settings } from "../../live/config/load-config.ts"
import { Scenario } from "../../sim/scenarios/schema.ts"

const shown = (value: unknown): string =>
  value === undefined ? "none" : value === "" ? '""' : JSON.stringify(value)

const sentence = (text: string): string => (text === "" || /[.!?]$/.test(text) ? text : `${text}.`)

/** One setting as an item of a list. */
const itemOf = (row: SettingRow, more: ReadonlyArray<string> = []): string => {
  const facts = [
    `\`${row.path}\`: ${sentence(row.meaning)}`,
    row.default === undefined ? "" : `Default: \`${shown(row.default)}\`.`,
    row.unit === "" ? "" : `Unit: ${row.unit}.`,
    row.allowed === "" ? "" : `Allowed: ${row.allowed}.`,
    row.source === "" ? "" : `From: ${row.source}.`,
    ...more,
  ]
  return `- ${facts.filter((text) => text !== "").join(" ")}`
}

/** Settings under the heading of their group, the first part of their path. */
const grouped = (
  rows: ReadonlyArray<SettingRow>,
  item: (row: SettingRow) => string,
): ReadonlyArray<string> => {
  const groups = new Map<string, ReadonlyArray<SettingRow>>()
  for (const row of rows) {
    const [first = "", ...rest] = row.path.replace(/\[\].*/, "").split(".")
    const name = rest.length === 0 && !row.path.includes("[]") ? "" : first
    groups.set(name, [...(groups.get(name) ?? []), row])
  }
  return [...groups].flatMap(([name, own]) => [
    ...(name === "" ? [] : [`### ${name}`, ""]),
    ...own.map(item),
    "",
  ])
}

const variables = new Map(settings().map(({ path, variable }) => [path, variable]))

export const settingsPage = (): string =>
  [
    "# Settings",
    "",
    "Everything that can be set, with its meaning, default and what is allowed. Written from the settings",
    "themselves: `npx vitest run test/docs --update` writes it again.",
    "",
    "## Economy",
    "",
    "The knobs of an economy, at the values of `pooled`; [rules.md](rules.md) says what they do, and",
    "`evenkeel economy show hardened --diff pooled` where the other economy differs.",
    "",
    ...grouped(settingsIn(Economy), (row) => itemOf(row)),
    "## Scenario",
    "",
    "What can stand in a scenario file beside its `economy`; `name[]` stands in every entry of a list. Each can",
    "be set for one run: `--set fleet.nodes=20`, `--set models.0.popularity=2`.",
    "",
    ...grouped(
      settingsIn(Scenario).filter(({ path }) => !/^economy\b/.test(path)),
      (row) => itemOf(row),
    ),
    "## Gateway",
    "",
    "What `evenkeel serve --config FILE` reads. Environment variables win over the file, and are read as YAML.",
    "",
    ...grouped(settingsIn(LiveConfig), (row) => {
      const variable = variables.get(row.path)
      return itemOf(row, variable === undefined ? [] : [`Variable: \`${variable}\`.`])
    }),
  ].join("\n")

/** The scenario that all others extend: every setting with its default, and what it means. */
export const baseScenario = (): string => {
  const lines = [
    "# What every scenario starts from: a small, calm market with everything at a plain value.",
    "# A scenario file states only what differs. Units stand in the names; money is credits.",
    "# Written from the settings (sim/scenarios/schema.ts): npx vitest run test/docs --update",
  ]
  let group: ReadonlyArray<string> = []
  const rows = settingsIn(Scenario)
  const absent = rows.filter((row) => row.default === null).map(({ path }) => `${path}.`)
  for (const { path, meaning, default: value } of rows) {
    // Knobs are the economy's own, and what stands in a list or in a group of its own is set with it.
    if (value === undefined || path.includes("[]") || path.startsWith("economy.")) continue
    if (absent.some((above) => path.startsWith(above))) continue
    const names = path.split(".")
    const above = names.slice(0, -1)
    above.forEach((name, depth) => {
      if (above.slice(0, depth + 1).join(".") !== group.slice(0, depth + 1).join("."))
        lines.push(...(depth === 0 ? [""] : []), `${"  ".repeat(depth)}${name}:`)
    })
    if (above.length === 0) lines.push("")
    group = above
    const indent = "  ".repeat(above.length)
    const written = stringify(value, { collectionStyle: "flow", lineWidth: 0 }).trim()
    lines.push(`${indent}# ${meaning}`, `${indent}${names.at(-1)}: ${written}`)
    if (path === "warmupDays")
      lines.push(
        "",
        "# A preset's name, or knobs laid over one: evenkeel economy list.",
        "economy: pooled",
      )
  }
  return `${lines.join("\n")}\n`
}
