/** Commands as data: what each is called, what it means, what it is told, and what it does. */
import type { Effect } from "effect"
import type { Parameter } from "./parameter.ts"

type Parameters = Readonly<Record<string, Parameter<unknown>>>

/** The values of parameters, by the names that the command has for them. */
export type Given<P extends Parameters> = {
  readonly [N in keyof P]: P[N] extends Parameter<infer A> ? A : never
}

export interface Command<out E = unknown, out R = unknown> {
  readonly parameters: Parameters
  /** Commands below it; a command that has some does nothing by itself. */
  readonly commands: ReadonlyArray<ListedCommand<E, R>>
  readonly run: (given: Readonly<Record<string, unknown>>) => Effect.Effect<unknown, E, R>
}

/**
 * A command as a list of commands has it, loaded once it is asked for: a start costs what it uses. A
 * module that is missing is a broken package, and no failure that a command could have.
 */
export interface ListedCommand<out E = unknown, out R = unknown> {
  /** Its own name: `show`, not `economy show`. */
  readonly name: string
  readonly meaning: string
  readonly load: () => Promise<Command<E, R>>
}

/** A command by its full name: `evenkeel economy show`. */
export interface NamedCommand<E = unknown, R = unknown> {
  readonly fullName: string
  readonly meaning: string
  readonly command: Command<E, R>
}

/** A command that does something. */
export const make = <P extends Parameters, E, R>(definition: {
  readonly parameters: P
  readonly run: (given: Given<P>) => Effect.Effect<unknown, E, R>
}): Command<E, R> => ({
  ...definition,
  commands: [],
  run: (given) => definition.run(given as Given<P>),
})

export const listed = <E, R>(
  name: string,
  meaning: string,
  load: ListedCommand<E, R>["load"],
): ListedCommand<E, R> => ({ name, meaning, load })

type ErrorOf<C> = C extends ListedCommand<infer E, unknown> ? E : never
type ContextOf<C> = C extends ListedCommand<unknown, infer R> ? R : never

/** A command that only has others below it. */
export const group = <C extends ListedCommand>(
  commands: ReadonlyArray<C>,
): Command<ErrorOf<C>, ContextOf<C>> => ({
  parameters: {},
  commands: commands as ReadonlyArray<ListedCommand<ErrorOf<C>, ContextOf<C>>>,
  run: () => {
    throw new Error("a group of commands is none that could be run")
  },
})

const ofKind = ({ parameters }: Command, kind: Parameter<unknown>["kind"]) =>
  Object.values(parameters).filter((one) => one.kind === kind)

export const argumentsOf = (command: Command) => ofKind(command, "argument")
export const optionsOf = (command: Command) => ofKind(command, "option")
