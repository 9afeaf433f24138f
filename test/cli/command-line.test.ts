import { Args, Command, Options } from "@effect/cli"
import { NodeContext } from "@effect/platform-node"
import { Effect, Either, Option } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { programFacts } from "../../sim/cli/command-facts.ts"
import { readCommandLine } from "../../sim/cli/command-line.ts"

interface Played {
  readonly level: string
  readonly name: Option.Option<string>
  readonly pick: ReadonlyArray<string>
  readonly format: string
  readonly loud: boolean
  readonly piece: string
}

let played: Played | undefined
const play = Command.make(
  "play",
  {
    level: Options.text("level").pipe(Options.withDescription("How hard.")),
    name: Options.text("name").pipe(Options.withPseudoName("WHO"), Options.optional),
    pick: Options.text("pick").pipe(Options.repeated),
    format: Options.choice("format", ["csv", "parquet"]).pipe(Options.withDefault("csv" as const)),
    loud: Options.boolean("loud"),
    piece: Args.text({ name: "piece" }).pipe(Args.withDescription("What to play.")),
  },
  (given) =>
    Effect.sync(() => {
      played = given
    }),
).pipe(Command.withDescription("Plays."))
const list = Command.make("list", {}, () => Effect.void)
const shelf = Command.make("shelf").pipe(Command.withSubcommands([list]))
const program = Command.make("program").pipe(Command.withSubcommands([play, shelf]))
const facts = programFacts("program", "A program.", [play, shelf])
const runWords = Command.run(program, { name: "program", version: "1" })

/** What the command is given in the end, the library's own reading included. */
const read = async (words: ReadonlyArray<string>): Promise<Played | undefined> => {
  const request = Either.getOrThrow(readCommandLine(facts, words))
  if (request._tag !== "Run") throw new Error("asks for help")
  played = undefined
  await Effect.runPromise(
    runWords(["node", "program", ...request.words]).pipe(Effect.provide(NodeContext.layer)),
  )
  return played
}

const refusal = (...words: ReadonlyArray<string>): string =>
  Either.match(readCommandLine(facts, words), {
    onLeft: ({ message }) => message,
    onRight: (request) => `not refused: ${request._tag}`,
  })

describe("programFacts", () => {
  it("knows commands, options and arguments with their meanings", () => {
    expect([...facts.commands.keys()]).toEqual(["play", "shelf"])
    expect(facts.commands.get("play")).toMatchObject({
      name: "program play",
      meaning: "Plays.",
      arguments: [{ name: "<piece>", meaning: "What to play." }],
      options: [
        {
          name: "--level",
          value: "text",
          isRequired: true,
          isRepeated: false,
          meaning: "How hard.",
        },
        { name: "--name", value: "WHO", isRequired: false, isRepeated: false },
        { name: "--pick", isRequired: false, isRepeated: true },
        { name: "--format", value: "csv | parquet" },
        { name: "--loud", value: undefined, isRequired: false },
      ],
    })
    expect(facts.commands.get("shelf")?.commands.get("list")?.name).toBe("program shelf list")
  })
})

describe("a command line", () => {
  it("may have its options before and after the argument, as two words or one", async () => {
    const expected = {
      level: "3",
      name: Option.some("x=y"),
      pick: ["a", "b"],
      format: "parquet",
      loud: true,
      piece: "fugue",
    }
    for (const words of [
      "play fugue --level 3 --name x=y --pick a --pick b --format parquet --loud",
      "play --pick=a --loud --level=3 --name=x=y fugue --format=parquet --pick=b",
    ])
      expect(await read(words.split(" "))).toEqual(expected)
  })

  it("brings every value to the command as it was written", async () => {
    const value = fc.oneof(
      fc.string(),
      fc.string({ unit: fc.constantFrom(..."-=a ") }),
      fc.constantFrom("-5", "-", "--loud", "--level=1", "true", "=", "-ab"),
    )
    await fc.assert(
      fc.asyncProperty(value, value, fc.array(value), value, async (level, name, pick, piece) => {
        fc.pre(piece !== "" && pick.every((one) => one.trim() !== ""))
        fc.pre([level, name, ...pick].every((one) => one !== "--"))
        const words = [
          "play",
          ...pick.map((one) => `--pick=${one}`),
          `--level=${level}`,
          `--name=${name}`,
          "--",
          piece,
        ]
        expect(await read(words)).toMatchObject({
          level,
          name: Option.some(name),
          // The library cuts blanks from the ends of repeated values, and of no others.
          pick: pick.map((one) => one.trim()),
          piece,
        })
      }),
    )
  })

  it("is help wherever --help stands in an option's place", () => {
    for (const [words, name] of [
      ["", "program"],
      ["--help", "program"],
      ["shelf", "program shelf"],
      ["shelf -h", "program shelf"],
      ["shelf list --help", "program shelf list"],
      ["play --help", "program play"],
      ["play fugue --level 3 -h --nonsense", "program play"],
    ]) {
      const request = Either.getOrThrow(
        readCommandLine(facts, (words ?? "").split(" ").filter(Boolean)),
      )
      expect(request._tag === "Help" && request.command.name).toBe(name)
    }
  })

  it("is refused with what is allowed", () => {
    const refusals: ReadonlyArray<readonly [string, string]> = [
      ["plai", "program plai: there is no such command; there are play, shelf."],
      ["--nonsense", "program --nonsense: there is no such command"],
      ["shelf dust", "program shelf dust: there is no such command; there are list."],
      ["shelf list dust", "dust: program shelf list takes options only."],
      ["play", "<piece>, --level: must be given."],
      ["play fugue --level", "--level: a value is missing: --level text."],
      ["play fugue --level --loud", "--level: a value is missing: --level text."],
      ["play fugue --level 3 --pick=", "--pick: a value is missing"],
      ["play --level -- fugue", "--level: a value is missing"],
      ["play fugue --level 3 --level 4", "--level: is given twice."],
      ["play fugue --LEVEL 3", "--LEVEL: program play has no such option; it has --level, --name"],
      ["play fugue -l 3", "-l: program play has no such option"],
      ["play fugue --level 3 --loud=yes", "--loud=yes: --loud takes no value."],
      ["play fugue --level 3 --format xls", "--format xls: expected one of csv, parquet."],
      ["play fugue toccata --level 3", "toccata: is one too many; program play takes <piece>."],
      ["play --level 3 -- --loud --loud", "--loud: is one too many"],
    ]
    for (const [words, message] of refusals) expect(refusal(...words.split(" "))).toContain(message)
    expect(refusal("play", "", "--level", "3")).toContain("<piece>: is empty.")
    expect(refusal("shelf", "dust")).toContain("\nprogram shelf --help says more.")
  })
})
