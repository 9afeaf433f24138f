/** The whole program, but that it draws no reports: those of a run or a sweep take seconds each. */
import { NodeContext } from "@effect/platform-node"
import { Cause, Console, Effect, Exit, Option } from "effect"
import { vi } from "vitest"
import { commandsWith } from "../../commands.ts"
import { exitCodeOf } from "../../platform/terminal/exit-code.ts"
import { comparisonText } from "../../reports/comparison/comparison-text.ts"
import { summaryText } from "../../reports/summary-text.ts"
import { runCommand } from "../support/run-command.ts"
import type { Ended } from "./evenkeel.ts"

const nothingWritten = Effect.succeed({ files: [], notices: [] })

export const program = {
  fullName: "evenkeel",
  meaning: "Simulates markets.",
  command: commandsWith({
    run: {
      summary: (result, shown) => Effect.succeed(summaryText(result, shown, { colour: false })),
      write: () => nothingWritten,
    },
    compare: {
      text: (result) => Effect.succeed(comparisonText(result)),
      write: () => Effect.succeed([]),
    },
    runs: () => Effect.succeed("index.html"),
    claims: () => Effect.succeed([]),
    sweep: () => nothingWritten,
    sensitivity: () => nothingWritten,
  }),
}

/**
 * Runs `evenkeel` with these words in this process: what it says and refuses needs no other. A failure
 * that is no message for the user is thrown, as it is.
 */
export const evenkeelHere = async (words: ReadonlyArray<string>): Promise<Ended> => {
  const said = { stdout: "", stderr: "" }
  const keep = (stream: keyof typeof said) => (line: string) =>
    Effect.sync(() => void (said[stream] += `${line}\n`))
  const progress = vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    said.stderr += String(text)
    return true
  })
  const exit = await Console.consoleWith((console) =>
    runCommand(program.command, words).pipe(
      Effect.withConsole({ ...console, log: keep("stdout"), error: keep("stderr") }),
    ),
  ).pipe(Effect.provide(NodeContext.layer), Effect.runPromiseExit)
  progress.mockRestore()
  if (Exit.isSuccess(exit)) return { code: 0, ...said }
  const failure = Option.getOrUndefined(Cause.failureOption(exit.cause))
  if (!(failure instanceof Error)) throw new Error(Cause.pretty(exit.cause))
  return { ...said, code: exitCodeOf(failure), stderr: `${said.stderr}${failure.message}\n` }
}
