/**
 * What the command-line library knows of a command, as plain data: what a command line is read
 * against (command-line.ts), and what its help says (help.ts).
 */
import type { HelpDoc, Usage } from "@effect/cli"
import { CliConfig, CommandDescriptor } from "@effect/cli"
import { HashMap, Option } from "effect"

export interface ArgumentFacts {
  /** As usage lines show it: `<scenario>`. */
  readonly name: string
  /** Whether it takes several words: the last argument alone can. */
  readonly isRepeated: boolean
  readonly meaning: string
}

export interface OptionFacts {
  /** `--seed`. */
  readonly name: string
  /** What stands for its value in usage lines (`TEXT`, or `csv | parquet`); absent: it has none. */
  readonly value: string | undefined
  readonly isRequired: boolean
  readonly isRepeated: boolean
  readonly meaning: string
}

export interface CommandFacts {
  /** With the commands that it belongs to: `evenkeel economy show`. */
  readonly name: string
  readonly meaning: string
  readonly arguments: ReadonlyArray<ArgumentFacts>
  readonly options: ReadonlyArray<OptionFacts>
  /** By their own names, in the order that help lists them. */
  readonly commands: ReadonlyMap<string, CommandFacts>
}

/** Of a command as the library holds it, the part that says how it is called. */
interface Described {
  readonly descriptor: CommandDescriptor.Command<unknown>
}

/** The facts of a program whose commands may have commands of their own. */
export const programFacts = (
  name: string,
  meaning: string,
  commands: ReadonlyArray<Described>,
): CommandFacts => ({
  name,
  meaning,
  arguments: [],
  options: [],
  commands: new Map(
    commands.flatMap(({ descriptor }) =>
      [...CommandDescriptor.getNames(descriptor)].map((own) => [
        own,
        groupFacts(descriptor, `${name} ${own}`),
      ]),
    ),
  ),
})

// A command without commands of its own is listed as its only one.
const groupFacts = (descriptor: CommandDescriptor.Command<unknown>, name: string): CommandFacts => {
  const below = [...HashMap.entries(CommandDescriptor.getSubcommands(descriptor))]
  const facts = factsOf(descriptor, name)
  if (below.some(([own]) => name.endsWith(` ${own}`))) return facts
  return {
    ...facts,
    commands: new Map(
      below
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([own, inner]) => [own, factsOf(inner, `${name} ${own}`)]),
    ),
  }
}

const factsOf = (descriptor: CommandDescriptor.Command<unknown>, name: string): CommandFacts => {
  const help = CommandDescriptor.getHelp(descriptor, CliConfig.make({ showBuiltIns: false }))
  const meanings = meaningsOf(help)
  const named = namedIn(CommandDescriptor.getUsage(descriptor))
  return {
    name,
    // The only paragraph outside the lists of arguments and options.
    meaning: paragraphsOf(help)[0] ?? "",
    arguments: named
      .filter(({ name: own }) => own.startsWith("<"))
      .map(({ name: own, isRepeated }) => ({
        name: own,
        isRepeated,
        meaning: meanings.get(own) ?? "",
      })),
    options: named
      .filter(({ name: own }) => own.startsWith("--"))
      .map((option) => ({ ...option, meaning: meanings.get(option.name) ?? "" })),
    commands: new Map(),
  }
}

type NamedUsage = Omit<OptionFacts, "meaning">

/** Everything in a usage line that has a name, in order. */
const namedIn = (
  usage: Usage.Usage,
  isRequired = true,
  isRepeated = false,
): ReadonlyArray<NamedUsage> => {
  switch (usage._tag) {
    case "Named":
      return [
        {
          name: usage.names.find((one) => one.startsWith("--")) ?? usage.names[0] ?? "",
          value: Option.getOrUndefined(usage.acceptedValues),
          isRequired,
          isRepeated,
        },
      ]
    case "Optional":
      return namedIn(usage.usage, false, isRepeated)
    case "Repeated":
      return namedIn(usage.usage, false, true)
    case "Alternation":
    case "Concat":
      return [
        ...namedIn(usage.left, isRequired, isRepeated),
        ...namedIn(usage.right, isRequired, isRepeated),
      ]
    default:
      return []
  }
}

/**
 * The description of each argument and option by its name. The library puts a sentence on the type
 * before it, and sentences on optional and repeated options after it.
 */
const meaningsOf = (help: HelpDoc.HelpDoc): ReadonlyMap<string, string> => {
  switch (help._tag) {
    case "Sequence":
      return new Map([...meaningsOf(help.left), ...meaningsOf(help.right)])
    case "DescriptionList":
      return new Map(
        help.definitions.map(([term, text]) => [
          textOf(term).split(" ")[0] ?? "",
          paragraphsOf(text)[1] ?? "",
        ]),
      )
    default:
      return new Map()
  }
}

const paragraphsOf = (help: HelpDoc.HelpDoc): ReadonlyArray<string> => {
  switch (help._tag) {
    case "Sequence":
      return [...paragraphsOf(help.left), ...paragraphsOf(help.right)]
    case "Paragraph":
      return [textOf(help.value)]
    default:
      return []
  }
}

type Span = HelpDoc.Paragraph["value"]

const textOf = (span: Span): string => {
  switch (span._tag) {
    case "Sequence":
      return textOf(span.left) + textOf(span.right)
    case "Text":
    case "URI":
      return span.value
    default:
      return textOf(span.value)
  }
}
