/** `evenkeel economy`: the economies, and every knob of one with its value, unit, meaning, source. */
import { Effect, Option } from "effect"
import type { Economy, KnobRow } from "../../engine/index.ts"
import { economies, knobRows } from "../../engine/index.ts"
import { alignColumns, jsonOption, printResult } from "../../platform/terminal/output.ts"
import { UsageError } from "../../platform/terminal/usage-error.ts"
import * as Command from "../../platform/terminal/command.ts"
import * as Parameter from "../../platform/terminal/parameter.ts"

export const economyOption = Parameter.withDefault(
  Parameter.text(
    "economy",
    "NAME",
    `The economy whose fee is taken: one of ${Object.keys(economies).join(", ")}; pooled by default.`,
  ),
  "pooled",
)

export const economyNamed = (name: string): Effect.Effect<Economy, UsageError> =>
  Object.hasOwn(economies, name)
    ? Effect.succeed(economies[name])
    : new UsageError({
        argument: name,
        allowed: `no economy is called that; there are ${Object.keys(economies).join(", ")}`,
      })

const listCommand = Command.make({
  parameters: { json: jsonOption },
  run: ({ json }) => {
    const all = Object.values(economies).map(({ name, meaning }) => ({ name, meaning }))
    return printResult(json, all, () =>
      alignColumns(all.map(({ name, meaning }) => [name, meaning])),
    )
  },
})

const valueText = (value: unknown): string =>
  typeof value === "object" ? JSON.stringify(value) : String(value)

/** Knobs under the heading of their group, each with its facts below it. */
const knobsText = (
  rows: ReadonlyArray<KnobRow>,
  other?: { readonly name: string; readonly knobs: ReadonlyMap<string, unknown> },
): string =>
  rows
    .map(({ path, value, unit, meaning, source }) => {
      const beside =
        other === undefined ? "" : `   (${other.name}: ${valueText(other.knobs.get(path))})`
      const withUnit = typeof value === "number" ? `${valueText(value)} ${unit}` : valueText(value)
      return `${path} = ${withUnit}${beside}\n    ${meaning}\n    from: ${source}`
    })
    .join("\n")
    .concat(`\n\n${sourceLegend}`)

/** What the short names of sources in the knobs stand for. */
const sourceLegend =
  "Sources: 002 is the document of the credit economy, 000 the hosting guide; ours is a choice of Evenkeel's where both are silent."

const nameArgument = Parameter.argument(
  "name",
  `An economy: one of ${Object.keys(economies).join(", ")}.`,
)
const diffOption = Parameter.optional(
  Parameter.text("diff", "NAME", "Show only what differs from this economy."),
)

const showCommand = Command.make({
  parameters: { name: nameArgument, diff: diffOption, json: jsonOption },
  run: ({ name, diff, json }) =>
    Effect.gen(function* () {
      const economy = yield* economyNamed(name)
      const rows = knobRows(economy)
      if (Option.isNone(diff)) {
        yield* printResult(json, { name, meaning: economy.meaning, knobs: rows }, () =>
          [`${name}: ${economy.meaning}`, "", knobsText(rows)].join("\n"),
        )
        return
      }
      const other = yield* economyNamed(diff.value)
      const others = new Map(knobRows(other).map(({ path, value }) => [path, value]))
      const differing = rows.filter(
        ({ path, value }) => valueText(value) !== valueText(others.get(path)),
      )
      const document = {
        name,
        other: other.name,
        knobs: differing.map((row) => ({ ...row, other: others.get(row.path) })),
      }
      yield* printResult(json, document, () =>
        differing.length === 0
          ? `${name} and ${other.name} are the same in every knob.`
          : [
              `${name}, where it differs from ${other.name}:`,
              "",
              knobsText(differing, { name: other.name, knobs: others }),
            ].join("\n"),
      )
    }),
})

export const economyCommand = Command.group([
  Command.listed("list", "The economies that Evenkeel ships.", async () => listCommand),
  Command.listed(
    "show",
    "Every knob of an economy: value, unit, meaning, source.",
    async () => showCommand,
  ),
])
