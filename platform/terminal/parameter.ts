/**
 * What a command is told: options and arguments, as data. Reading a command line (command-line.ts), its
 * help (help.ts) and completions (completions.ts) follow from the same definition.
 */
import { Option } from "effect"

export interface Parameter<out A> {
  readonly kind: "option" | "argument"
  /** As usage lines show it: `--seed`, `<scenario>`. */
  readonly name: string
  /** What stands for an option's value in usage lines: `TEXT`, or `csv | parquet`. A flag has none. */
  readonly value: string | undefined
  /** The values that there are; empty: any. */
  readonly choices: ReadonlyArray<string>
  readonly isRequired: boolean
  readonly isRepeated: boolean
  readonly meaning: string
  /** What the values that were given for it stand for. None: it was left out. */
  readonly read: (given: ReadonlyArray<string>) => A
}

const first = ([value = ""]: ReadonlyArray<string>): string => value

/** `--name`, without a value. */
export const flag = (name: string, meaning: string): Parameter<boolean> => ({
  kind: "option",
  name: `--${name}`,
  value: undefined,
  choices: [],
  isRequired: false,
  isRepeated: false,
  meaning,
  read: (given) => given.length > 0,
})

/** `--name VALUE`. */
export const text = (name: string, value: string, meaning: string): Parameter<string> => ({
  kind: "option",
  name: `--${name}`,
  value,
  choices: [],
  isRequired: true,
  isRepeated: false,
  meaning,
  read: first,
})

/** `--name` with one of some values. */
export const choice = <const C extends string>(
  name: string,
  choices: ReadonlyArray<C>,
  meaning: string,
): Parameter<C> => ({
  ...text(name, choices.join(" | "), meaning),
  choices,
  read: (given) => first(given) as C,
})

/** `<name>`. */
export const argument = (name: string, meaning: string): Parameter<string> => ({
  kind: "argument",
  name: `<${name}>`,
  value: undefined,
  choices: [],
  isRequired: true,
  isRepeated: false,
  meaning,
  read: first,
})

/** May be left out; of arguments, only the last can be. */
export const optional = <A>(parameter: Parameter<A>): Parameter<Option.Option<A>> => ({
  ...parameter,
  isRequired: false,
  read: (given) => (given.length === 0 ? Option.none() : Option.some(parameter.read(given))),
})

/** May be left out, and is this value then. */
export const withDefault = <A>(parameter: Parameter<A>, value: NoInfer<A>): Parameter<A> => ({
  ...parameter,
  isRequired: false,
  read: (given) => (given.length === 0 ? value : parameter.read(given)),
})

/** An option that may be given any number of times, blanks cut from the ends of its values. */
export const repeated = (option: Parameter<string>): Parameter<ReadonlyArray<string>> => ({
  ...option,
  isRequired: false,
  isRepeated: true,
  read: (given) => given.map((value) => value.trim()),
})

/** An argument of one word or more; only the last one can be. */
export const several = (last: Parameter<string>): Parameter<ReadonlyArray<string>> => ({
  ...last,
  isRepeated: true,
  read: (given) => given,
})
