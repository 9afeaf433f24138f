/**
 * A command line, read strictly: every word is an option that the command has, its value, or an
 * argument. The library behind the commands is more lenient than is good for an experiment: it drops
 * a trailing `--set` without a value, an empty value, and an option in capital letters, each without
 * a word, and the run goes on without the setting.
 */
import { Either } from "effect"
import type { CommandFacts, OptionFacts } from "./command-facts.ts"
import { UsageError } from "../../platform/terminal/usage-error.ts"

export type Request =
  | { readonly _tag: "Help"; readonly command: CommandFacts }
  /** Words in the form and order that the library reads as they are meant. */
  | { readonly _tag: "Run"; readonly words: ReadonlyArray<string> }

/** What the library answers by itself, wherever it stands. */
const builtIns = ["--version", "--completions", "--wizard", "--log-level"]

const isHelp = (word: string): boolean => word === "--help" || word === "-h"

/** What the words after the program's name ask for, or what is wrong with them. */
export const readCommandLine = (
  program: CommandFacts,
  words: ReadonlyArray<string>,
): Either.Either<Request, UsageError> => {
  const end = words.indexOf("--")
  const before = end < 0 ? words : words.slice(0, end)
  if (before.some((word) => builtIns.includes(word.split("=")[0] ?? "")))
    return Either.right({ _tag: "Run", words })
  let command = program
  let at = 0
  while (command.commands.size > 0) {
    const word = words[at]
    if (word === undefined || isHelp(word)) return Either.right({ _tag: "Help", command })
    const below = command.commands.get(word)
    if (below === undefined)
      return wrong(
        command,
        `${command.name} ${word}`,
        `there is no such command; there are ${[...command.commands.keys()].join(", ")}`,
      )
    command = below
    at++
  }
  return Either.map(readWords(command, words.slice(at)), (read) =>
    read === "help"
      ? { _tag: "Help", command }
      : { _tag: "Run", words: libraryWords(command, read) },
  )
}

interface Read {
  readonly options: ReadonlyArray<{ readonly option: OptionFacts; readonly value: string }>
  readonly arguments: ReadonlyArray<string>
}

const readWords = (
  command: CommandFacts,
  words: ReadonlyArray<string>,
): Either.Either<Read | "help", UsageError> => {
  const options: Array<Read["options"][number]> = []
  const given: Array<string> = []
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? ""
    if (word === "--") {
      given.push(...words.slice(at + 1))
      break
    }
    if (isHelp(word)) return Either.right("help")
    if (!/^-./.test(word)) {
      given.push(word)
      continue
    }
    const equals = word.indexOf("=")
    const name = equals < 0 ? word : word.slice(0, equals)
    const option = command.options.find((one) => one.name === name)
    if (option === undefined)
      return wrong(
        command,
        name,
        `${command.name} has no such option; it has ${command.options.map((one) => one.name).join(", ")}`,
      )
    if (!option.isRepeated && options.some((one) => one.option === option))
      return wrong(command, name, "is given twice")
    if (option.value === undefined) {
      if (equals >= 0) return wrong(command, word, `${name} takes no value`)
      options.push({ option, value: "" })
      continue
    }
    const value = equals < 0 ? words[++at] : word.slice(equals + 1)
    // Another option in the value's place is a value forgotten, far more often than a value meant.
    const isForgotten =
      value === undefined ||
      value === "--" ||
      (equals < 0 && command.options.some((one) => one.name === value)) ||
      (option.isRepeated && value.trim() === "")
    if (isForgotten) return wrong(command, name, `a value is missing: ${name} ${option.value}`)
    const choices = option.value.split(" | ")
    if (choices.length > 1 && !choices.includes(value))
      return wrong(command, `${name} ${value}`, `expected one of ${choices.join(", ")}`)
    options.push({ option, value })
  }
  return whole(command, { options, arguments: given })
}

/** Refuses too many arguments, too few, and options that must be given and are not. */
const whole = (command: CommandFacts, read: Read): Either.Either<Read, UsageError> => {
  const takesMore = command.arguments.at(-1)?.isRepeated === true
  const extra = takesMore ? undefined : read.arguments[command.arguments.length]
  if (extra !== undefined)
    return wrong(
      command,
      extra,
      command.arguments.length === 0
        ? `${command.name} takes options only`
        : `is one too many; ${command.name} takes ${command.arguments.map(({ name }) => name).join(" ")}`,
    )
  const missing = [
    ...command.arguments.slice(read.arguments.length),
    ...command.options.filter(
      (option) => option.isRequired && read.options.every((one) => one.option !== option),
    ),
  ].map(({ name }) => name)
  if (missing.length > 0) return wrong(command, missing.join(", "), "must be given")
  const empty = command.arguments.find((_, index) => read.arguments[index] === "")
  return empty === undefined ? Either.right(read) : wrong(command, empty.name, "is empty")
}

/** The options first, each value a word of its own; then the arguments, whatever they begin with. */
const libraryWords = (command: CommandFacts, read: Read): ReadonlyArray<string> => [
  ...command.name.split(" ").slice(1),
  ...command.options.flatMap((option) =>
    read.options
      .filter((one) => one.option === option)
      .flatMap(({ value }) => (option.value === undefined ? [option.name] : [option.name, value])),
  ),
  ...(read.arguments.length === 0 ? [] : ["--", ...read.arguments]),
]

const wrong = (command: CommandFacts, argument: string, allowed: string) =>
  Either.left(
    new UsageError({ argument, allowed: `${allowed}.\n${command.name} --help says more.` }),
  )
