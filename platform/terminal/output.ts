/**
 * What a command says: its result on stdout, as text for people or one JSON document for programs;
 * everything else on stderr.
 */
import { Console, Effect } from "effect"
import * as Parameter from "./parameter.ts"

/** `--json`, as every command has it. */
export const jsonOption = Parameter.flag(
  "json",
  "Print one JSON document on stdout, which stays empty where there is no result; messages go to stderr.",
)

/** One JSON document, or its readable form. */
export const printResult = (
  isJson: boolean,
  document: unknown,
  text: () => string,
): Effect.Effect<void> => Console.log(isJson ? JSON.stringify(document, null, 2) : text())

/** A note to the user, beside the result. */
export const note = (text: string): Effect.Effect<void> => Console.error(printable(text))

/**
 * The text with what a terminal would obey rather than show (escape sequences, and marks that turn
 * the direction of writing) spelled out. Names and titles come from files that others may have
 * written.
 */
export const printable = (text: string): string =>
  text.replace(
    /[^\P{Cc}\t\n]|\p{Bidi_Control}/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  )

/** Columns as wide as their widest cell, two spaces apart. The last column runs on. */
export const alignColumns = (rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widths: Array<number> = []
  for (const row of rows)
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, cell.length)
    })
  return rows
    .map((row) =>
      row
        .map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i])))
        .join("  ")
        .trimEnd(),
    )
    .join("\n")
}
