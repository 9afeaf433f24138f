/**
 * The help of a command, as text: what it does, how it is called, what every argument and option
 * means.
 */
import { wrapped } from "./wrap.ts"
import type { NamedCommand } from "./command.ts"
import { argumentsOf, optionsOf } from "./command.ts"

const width = 100

/** Lines of at most 100 characters, whatever the terminal: help is also read in files. */
export const helpText = (named: NamedCommand): string => {
  const { fullName, command } = named
  const isProgram = !fullName.includes(" ")
  const options = [
    ...optionsOf(command).map(({ name, value, meaning }) => [
      value === undefined ? name : `${name} ${value}`,
      meaning,
    ]),
    ["-h, --help", "Show this text."],
    ...(isProgram
      ? [
          ["-V, --version", "Show the version."],
          ["--completions SHELL", "Print completions for bash, zsh or fish."],
        ]
      : []),
  ]
  const sections = [
    section(
      "Commands",
      command.commands.map(({ name, meaning }) => [name, meaning]),
    ),
    section(
      "Arguments",
      argumentsOf(command).map(({ name, meaning }) => [name, meaning]),
    ),
    section("Options", options),
  ]
  return [
    wrapped(named.meaning, width),
    "",
    `Usage: ${wrapped(usageOf(named), width, "Usage: ".length)}`,
    ...sections.flatMap((lines) => (lines.length === 0 ? [] : ["", ...lines])),
    "",
    ...(command.commands.length === 0
      ? [
          "Exit code: 0 done, 1 failed, 2 wrongly used, 130 or 143 stopped by a signal; stderr says why.",
        ]
      : [`${fullName} COMMAND --help says more about one of them.`]),
  ].join("\n")
}

/** What must be given by name; what may be is `[options]`. */
const usageOf = ({ fullName, command }: NamedCommand): string => {
  const options = optionsOf(command)
  return [
    fullName,
    ...(command.commands.length === 0 ? [] : ["COMMAND"]),
    ...argumentsOf(command).map(({ name, isRepeated, isRequired }) => {
      const shown = isRepeated ? `${name}…` : name
      return isRequired ? shown : `[${shown}]`
    }),
    ...options
      .filter(({ isRequired }) => isRequired)
      .map(({ name, value }) => (value === undefined ? name : `${name} ${value}`)),
    ...(options.every(({ isRequired }) => isRequired) ? [] : ["[options]"]),
  ].join(" ")
}

const section = (
  title: string,
  rows: ReadonlyArray<ReadonlyArray<string>>,
): ReadonlyArray<string> => {
  if (rows.length === 0) return []
  const indent = Math.max(...rows.map(([term = ""]) => term.length)) + 4
  return [
    `${title}:`,
    ...rows.map(([term = "", meaning = ""]) =>
      `  ${term}`
        .padEnd(indent)
        .concat(wrapped(meaning, width, indent))
        .trimEnd(),
    ),
  ]
}
