/**
 * Completions of a command line for a shell: after each command, what can follow it. A line of files'
 * names is the shell's own business, where nothing else fits.
 */
import type { NamedCommand } from "./command.ts"
import { optionsOf } from "./command.ts"

export const shells = ["bash", "zsh", "fish"] as const
export type Shell = (typeof shells)[number]

interface Word {
  readonly word: string
  readonly meaning: string
  readonly hasValue: boolean
  readonly choices: ReadonlyArray<string>
}

/** A command, by the names of those above it and its own, and the words that can follow it. */
interface Place {
  readonly names: ReadonlyArray<string>
  readonly commands: ReadonlyArray<Word>
  readonly options: ReadonlyArray<Word>
}

const plain = (word: string, meaning: string): Word => ({
  word,
  meaning,
  hasValue: false,
  choices: [],
})

const placeOf = ({ fullName, command }: NamedCommand): Place => ({
  names: fullName.split(" ").slice(1),
  commands: command.commands.map(({ name, meaning }) => plain(name, meaning)),
  options: [
    ...optionsOf(command).map(({ name, meaning, value, choices }) => ({
      word: name,
      meaning,
      hasValue: value !== undefined,
      choices,
    })),
    plain("--help", "Show the help of a command."),
  ],
})

/** A script for the shell to read: `source <(evenkeel --completions bash)`. */
export const completions = (
  shell: Shell,
  program: string,
  commands: ReadonlyArray<NamedCommand>,
): string => {
  const places = commands.map(placeOf)
  switch (shell) {
    case "bash":
      return bash(program, places)
    case "zsh":
      return zsh(program, places)
    case "fish":
      return fish(program, places)
  }
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

/** Where the words so far have led: the longest run of commands that they begin with. */
const findPlace = (places: ReadonlyArray<Place>): ReadonlyArray<string> => [
  '    case "$at $word" in',
  `      ${places
    .filter(({ names }) => names.length > 0)
    .map(({ names }) => quoted(` ${names.join(" ")}`))
    .join(" | ")}) at="$at $word" ;;`,
  "    esac",
]

const labelOf = ({ names }: Place): string => quoted(names.map((name) => ` ${name}`).join(""))

const bash = (name: string, places: ReadonlyArray<Place>): string =>
  [
    `_${name}_bash_completions() {`,
    '  local at="" word words=""',
    '  local current="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD - 1]}"',
    '  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do',
    ...findPlace(places),
    "  done",
    '  case "$at" in',
    ...places.map(
      (place) =>
        `    ${labelOf(place)}) words=${quoted([...place.commands, ...place.options].map(({ word }) => word).join(" "))} ;;`,
    ),
    "  esac",
    '  case "$at $before" in',
    ...places.flatMap((place) =>
      place.options
        .filter(({ choices }) => choices.length > 0)
        .map(
          ({ word, choices }) =>
            `    ${quoted(`${place.names.map((one) => ` ${one}`).join("")} ${word}`)}) words=${quoted(choices.join(" "))} ;;`,
        ),
    ),
    "  esac",
    '  COMPREPLY=($(compgen -W "$words" -- "$current"))',
    "}",
    `complete -F _${name}_bash_completions -o bashdefault -o default ${name}`,
  ].join("\n")

const zsh = (name: string, places: ReadonlyArray<Place>): string => {
  const described = ({ word, meaning }: Word) => quoted(`${word}:${meaning}`)
  return [
    `#compdef ${name}`,
    `_${name}() {`,
    '  local at="" word',
    "  local -a commands options",
    '  for word in "${words[@]:1:$((CURRENT - 2))}"; do',
    ...findPlace(places),
    "  done",
    '  case "$at" in',
    ...places.map(
      (place) =>
        `    ${labelOf(place)}) commands=(${place.commands.map(described).join(" ")}) options=(${place.options.map(described).join(" ")}) ;;`,
    ),
    "  esac",
    "  _describe -t commands command commands",
    "  _describe -o -t options option options",
    "  _files",
    "}",
    `compdef _${name} ${name}`,
  ].join("\n")
}

const fish = (name: string, places: ReadonlyArray<Place>): string =>
  places
    .flatMap(({ names, commands, options }) => {
      const condition =
        names.length === 0
          ? "__fish_use_subcommand"
          : names.map((one) => `__fish_seen_subcommand_from ${one}`).join("; and ")
      const line = `complete -c ${name} -n ${quoted(condition)}`
      return [
        ...commands.map(({ word, meaning }) => `${line} -f -a ${word} -d ${quoted(meaning)}`),
        ...options.map(({ word, meaning, hasValue, choices }) =>
          [
            `${line} -l ${word.slice(2)}`,
            ...(hasValue ? ["-r"] : []),
            ...(choices.length > 0 ? ["-f", `-a ${quoted(choices.join(" "))}`] : []),
            `-d ${quoted(meaning)}`,
          ].join(" "),
        ),
      ]
    })
    .join("\n")
