/**
 * A command line, read strictly: every word is an option that the command has, its value, or an
 * argument. Whatever is dropped, such as a trailing `--set` without a value or an option in capital
 * letters, would be an experiment run without the setting.
 */
import { Effect, Either } from "effect"
import { closest } from "./closest.ts"
import type { Command, ListedCommand, NamedCommand } from "./command.ts"
import { argumentsOf, optionsOf } from "./command.ts"
import type { Shell } from "./completions.ts"
import { shells } from "./completions.ts"
import type { Parameter } from "./parameter.ts"
import { UsageError } from "./usage-error.ts"

export type Request<E, R> =
  | { readonly _tag: "Help"; readonly command: NamedCommand }
  | { readonly _tag: "Version" }
  | { readonly _tag: "Completions"; readonly shell: Shell }
  | { readonly _tag: "Run"; readonly effect: Effect.Effect<unknown, E, R> }

const isHelp = (word: string): boolean => word === "--help" || word === "-h"
const isVersion = (word: string): boolean => word === "--version" || word === "-V"

/** What the words after the program's name ask for, or what is wrong with them. */
export const readCommandLine = <E, R>(
  program: NamedCommand<E, R>,
  words: ReadonlyArray<string>,
): Effect.Effect<Request<E, R>, UsageError> => {
  const end = words.indexOf("--")
  if ((end < 0 ? words : words.slice(0, end)).some(isVersion))
    return Effect.succeed({ _tag: "Version" })
  const [option, ...shell] = (words[0] ?? "").split("=")
  if (option === "--completions") return readShell(shell[0] ?? words[1])
  // `help run` is `run --help`.
  return words[0] === "help"
    ? readCommand(program, [...words.slice(1), "--help"])
    : readCommand(program, words)
}

const readCommand = <E, R>(
  named: NamedCommand<E, R>,
  words: ReadonlyArray<string>,
): Effect.Effect<Request<E, R>, UsageError> => {
  const { command, fullName } = named
  if (command.commands.length === 0)
    return Effect.map(readWords(named, words), (read) =>
      read === "help"
        ? { _tag: "Help", command: named }
        : { _tag: "Run", effect: command.run(givenTo(command, read)) },
    )
  const [word, ...more] = words
  if (word === undefined || isHelp(word)) return Effect.succeed({ _tag: "Help", command: named })
  const below = command.commands.find(({ name }) => name === word)
  if (below === undefined)
    return wrong(
      named,
      `${fullName} ${word}`,
      `there is no such command${instead(
        word,
        command.commands.map(({ name }) => name),
      )}`,
    )
  return Effect.flatMap(loadBelow(named, below), (loaded) => readCommand(loaded, more))
}

const loadBelow = <E, R>(
  { fullName }: NamedCommand,
  { name, meaning, load }: ListedCommand<E, R>,
): Effect.Effect<NamedCommand<E, R>> =>
  Effect.map(Effect.promise(load), (command) => ({
    fullName: `${fullName} ${name}`,
    meaning,
    command,
  }))

/** A command and all below it, loaded. */
export const withCommandsBelow = (
  named: NamedCommand,
): Effect.Effect<ReadonlyArray<NamedCommand>> =>
  Effect.map(
    Effect.forEach(named.command.commands, (below) =>
      Effect.flatMap(loadBelow(named, below), withCommandsBelow),
    ),
    (below) => [named, ...below.flat()],
  )

/** What there is in place of a word that is none of it, the likeliest first. */
const instead = (word: string, names: ReadonlyArray<string>): string => {
  const meant = closest(word, names)
  const all = names.join(", ")
  return meant === undefined ? `; there are ${all}` : `; did you mean ${meant}? There are ${all}`
}

const readShell = (
  text: string | undefined,
): Effect.Effect<{ readonly _tag: "Completions"; readonly shell: Shell }, UsageError> => {
  const shell = shells.find((one) => one === text)
  return shell === undefined
    ? new UsageError({
        argument: ["--completions", ...(text === undefined ? [] : [text])].join(" "),
        allowed: `expected one of ${shells.join(", ")}.`,
      })
    : Effect.succeed({ _tag: "Completions", shell })
}

interface Read {
  readonly options: ReadonlyArray<{ readonly option: Parameter<unknown>; readonly value: string }>
  readonly arguments: ReadonlyArray<string>
}

const readWords = (
  named: NamedCommand,
  words: ReadonlyArray<string>,
): Either.Either<Read | "help", UsageError> => {
  const known = optionsOf(named.command)
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
    const option = known.find((one) => one.name === name)
    if (option === undefined)
      return wrong(
        named,
        name,
        `${named.fullName} has no such option${instead(
          name,
          known.map((one) => one.name),
        )}`,
      )
    if (!option.isRepeated && options.some((one) => one.option === option))
      return wrong(named, name, "is given twice")
    if (option.value === undefined) {
      if (equals >= 0) return wrong(named, word, `${name} takes no value`)
      options.push({ option, value: "" })
      continue
    }
    const value = equals < 0 ? words[++at] : word.slice(equals + 1)
    // Another option in the value's place is a value forgotten, far more often than a value meant.
    const isForgotten =
      value === undefined ||
      value === "--" ||
      (equals < 0 && known.some((one) => one.name === value)) ||
      (option.isRepeated && value.trim() === "")
    if (isForgotten) return wrong(named, name, `a value is missing: ${name} ${option.value}`)
    if (option.choices.length > 0 && !option.choices.includes(value))
      return wrong(named, `${name} ${value}`, `expected one of ${option.choices.join(", ")}`)
    options.push({ option, value })
  }
  return whole(named, { options, arguments: given })
}

/** Refuses too many arguments, too few, and options that must be given and are not. */
const whole = (named: NamedCommand, read: Read): Either.Either<Read, UsageError> => {
  const known = argumentsOf(named.command)
  const takesMore = known.at(-1)?.isRepeated === true
  const extra = takesMore ? undefined : read.arguments[known.length]
  if (extra !== undefined)
    return wrong(
      named,
      extra,
      known.length === 0
        ? `${named.fullName} takes options only`
        : `is one too many; ${named.fullName} takes ${known.map(({ name }) => name).join(" ")}`,
    )
  const missing = [
    ...known.slice(read.arguments.length).filter(({ isRequired }) => isRequired),
    ...optionsOf(named.command).filter(
      (option) => option.isRequired && read.options.every((one) => one.option !== option),
    ),
  ].map(({ name }) => name)
  if (missing.length > 0) return wrong(named, missing.join(", "), "must be given")
  const empty = known.find((_, index) => read.arguments[index] === "")
  return empty === undefined ? Either.right(read) : wrong(named, empty.name, "is empty")
}

/** The command's parameters by its own names for them, each read from the words given for it. */
const givenTo = (command: Command, read: Read): Readonly<Record<string, unknown>> => {
  const known = argumentsOf(command)
  const wordsFor = (parameter: Parameter<unknown>): ReadonlyArray<string> => {
    if (parameter.kind === "option")
      return read.options.filter(({ option }) => option === parameter).map(({ value }) => value)
    const at = known.indexOf(parameter)
    return read.arguments.slice(at, parameter.isRepeated ? undefined : at + 1)
  }
  return Object.fromEntries(
    Object.entries(command.parameters).map(([name, one]) => [name, one.read(wordsFor(one))]),
  )
}

const wrong = ({ fullName }: NamedCommand, argument: string, allowed: string) =>
  Either.left(new UsageError({ argument, allowed: `${allowed}.\n${fullName} --help says more.` }))
