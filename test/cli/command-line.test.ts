import { Effect, Option } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { argumentsOf, group, listed, make, optionsOf } from "../../platform/terminal/command.ts"
import { readCommandLine } from "../../platform/terminal/command-line.ts"
import * as Parameter from "../../platform/terminal/parameter.ts"
import { runCommand } from "../support/run-command.ts"

interface Played {
  readonly level: string
  readonly name: Option.Option<string>
  readonly pick: ReadonlyArray<string>
  readonly format: string
  readonly loud: boolean
  readonly piece: string
}

let played: Played | undefined
const play = make({
  parameters: {
    level: Parameter.text("level", "HOW", "How hard."),
    name: Parameter.optional(Parameter.text("name", "WHO", "Who plays.")),
    pick: Parameter.repeated(Parameter.text("pick", "WHAT", "What is picked.")),
    format: Parameter.withDefault(
      Parameter.choice("format", ["csv", "parquet"], "How it is written."),
      "csv",
    ),
    loud: Parameter.flag("loud", "Loudly."),
    piece: Parameter.argument("piece", "What to play."),
  },
  run: (given) =>
    Effect.sync(() => {
      played = given
    }),
})
const nothing = { parameters: {}, run: () => Effect.void }
const list = make(nothing)
const join = make({
  parameters: {
    whole: Parameter.argument("whole", "What it becomes."),
    part: Parameter.several(Parameter.argument("part", "What is joined.")),
  },
  run: ({ whole, part }) =>
    Effect.sync(() => {
      joined = [whole, ...part]
    }),
})
let joined: ReadonlyArray<string> = []
const program = {
  fullName: "program",
  meaning: "A program.",
  command: group([
    listed("play", "Plays.", async () => play),
    listed("shelf", "Holds pieces.", async () =>
      group([listed("list", "Lists.", async () => list)]),
    ),
    listed("join", "Joins.", async () => join),
  ]),
}

/** What the command is given in the end. */
const read = async (words: ReadonlyArray<string>): Promise<Played | undefined> => {
  played = undefined
  await Effect.runPromise(runCommand(program.command, words))
  return played
}

const asked = (...words: ReadonlyArray<string>) =>
  Effect.runPromise(readCommandLine(program, words))
const refusal = (...words: ReadonlyArray<string>): Promise<string> =>
  Effect.runPromise(
    Effect.match(readCommandLine(program, words), {
      onFailure: ({ message }) => message,
      onSuccess: (request) => `not refused: ${request._tag}`,
    }),
  )

describe("a command", () => {
  it("knows its options and arguments with their meanings, in order", () => {
    expect(argumentsOf(play)).toMatchObject([{ name: "<piece>", meaning: "What to play." }])
    expect(optionsOf(play)).toMatchObject([
      { name: "--level", value: "HOW", isRequired: true, isRepeated: false, meaning: "How hard." },
      { name: "--name", value: "WHO", isRequired: false, isRepeated: false },
      { name: "--pick", isRequired: false, isRepeated: true },
      { name: "--format", value: "csv | parquet" },
      { name: "--loud", value: undefined, isRequired: false },
    ])
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
          // Blanks are cut from the ends of repeated values, and of no others.
          pick: pick.map((one) => one.trim()),
          piece,
        })
      }),
    )
  })

  it("may have several words for its last argument, and needs one", async () => {
    await Effect.runPromise(runCommand(program.command, ["join", "all", "a", "b"]))
    expect(joined).toEqual(["all", "a", "b"])
    expect(await refusal("join", "all")).toContain("<part>: must be given.")
  })

  it("asks for the version or for completions wherever that is said", async () => {
    for (const word of ["--version", "-V"])
      expect(await asked("play", word)).toEqual({ _tag: "Version" })
    for (const words of [["--completions", "zsh"], ["--completions=zsh"]])
      expect(await asked(...words)).toEqual({
        _tag: "Completions",
        shell: "zsh",
      })
    expect(await refusal("--completions", "csh")).toBe(
      "--completions csh: expected one of bash, zsh, fish.",
    )
  })

  it("is help wherever --help stands in an option's place", async () => {
    for (const [words = "", name] of [
      ["", "program"],
      ["--help", "program"],
      ["shelf", "program shelf"],
      ["shelf -h", "program shelf"],
      ["shelf list --help", "program shelf list"],
      ["play --help", "program play"],
      ["help", "program"],
      ["help play", "program play"],
      ["help shelf list", "program shelf list"],
      ["play fugue --level 3 -h --nonsense", "program play"],
    ]) {
      const request = await asked(...words.split(" ").filter(Boolean))
      expect(request._tag === "Help" && request.command.fullName).toBe(name)
    }
  })

  it("is refused with what is allowed", async () => {
    const refusals: ReadonlyArray<readonly [string, string]> = [
      [
        "plai",
        "program plai: there is no such command; did you mean play? There are play, shelf, join.",
      ],
      ["help jion", "there is no such command; did you mean join?"],
      ["--nonsense", "program --nonsense: there is no such command"],
      ["shelf dust", "program shelf dust: there is no such command; there are list."],
      ["shelf list dust", "dust: program shelf list takes options only."],
      ["play", "<piece>, --level: must be given."],
      ["play fugue --level", "--level: a value is missing: --level HOW."],
      ["play fugue --level --loud", "--level: a value is missing: --level HOW."],
      ["play fugue --level 3 --pick=", "--pick: a value is missing"],
      ["play --level -- fugue", "--level: a value is missing"],
      ["play fugue --level 3 --level 4", "--level: is given twice."],
      [
        "play fugue --LEVEL 3",
        "--LEVEL: program play has no such option; did you mean --level? There are --level, --name",
      ],
      ["play fugue -l 3", "-l: program play has no such option"],
      ["play fugue --level 3 --loud=yes", "--loud=yes: --loud takes no value."],
      ["play fugue --level 3 --format xls", "--format xls: expected one of csv, parquet."],
      ["play fugue toccata --level 3", "toccata: is one too many; program play takes <piece>."],
      ["play --level 3 -- --loud --loud", "--loud: is one too many"],
    ]
    for (const [words, message] of refusals)
      expect(await refusal(...words.split(" "))).toContain(message)
    expect(await refusal("play", "", "--level", "3")).toContain("<piece>: is empty.")
    expect(await refusal("shelf", "dust")).toContain("\nprogram shelf --help says more.")
  })
})
