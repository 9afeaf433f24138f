#!/usr/bin/env node
/**
 * The command line: reads what is asked for, hands the simulator's commands their reports, and turns
 * what goes wrong into a message and an exit code.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Cause, Console, Effect, Exit, Logger, LogLevel, Option } from "effect"
import { commandsWith } from "./commands.ts"
import { version } from "./platform/package.ts"
import { readCommandLine, withCommandsBelow } from "./platform/terminal/command-line.ts"
import { exitCodeOf } from "./platform/terminal/exit-code.ts"
import { note } from "./platform/terminal/output.ts"

/** The figures of a run as a table: coloured and as wide as the terminal, where there is one. */
const tableStyle = () => {
  const isTerminal = process.stdout.isTTY === true
  // Terminals of unknown width call it 0.
  const width = isTerminal && process.stdout.columns > 0 ? process.stdout.columns : undefined
  return {
    // https://no-color.org: any value but the empty one.
    colour: isTerminal && (process.env["NO_COLOR"] ?? "") === "",
    ...(width === undefined ? {} : { width }),
  }
}

const sweepReports = Effect.promise(() => import("./reports/write-sweep-report.ts"))

/** The reports are drawn by large libraries, which are loaded once there is something to draw. */
const program = {
  fullName: "evenkeel",
  meaning: "Simulates, audits and runs the economics of GPU-inference marketplaces.",
  command: commandsWith({
    run: {
      summary: (result, shown) =>
        Effect.map(
          Effect.promise(() => import("./reports/summary-text.ts")),
          ({ summaryText }) => summaryText(result, shown, tableStyle()),
        ),
      write: (...given) =>
        Effect.flatMap(
          Effect.promise(() => import("./reports/write-report.ts")),
          ({ writeReport }) => writeReport(...given),
        ),
    },
    compare: {
      text: (result) =>
        Effect.map(
          Effect.promise(() => import("./reports/comparison/comparison-text.ts")),
          ({ comparisonText }) => comparisonText(result),
        ),
      write: (...given) =>
        Effect.flatMap(
          Effect.promise(() => import("./reports/comparison/write-comparison.ts")),
          ({ writeComparison }) => writeComparison(...given),
        ),
    },
    claims: (...given) =>
      Effect.flatMap(
        Effect.promise(() => import("./reports/claims/write-claims.ts")),
        ({ writeClaims }) => writeClaims(...given),
      ),
    sweep: (...given) =>
      Effect.flatMap(sweepReports, ({ writeSweepReport }) => writeSweepReport(...given)),
    sensitivity: (...given) =>
      Effect.flatMap(sweepReports, ({ writeSensitivityReport }) =>
        writeSensitivityReport(...given),
      ),
  }),
}

const main = Effect.gen(function* () {
  const request = yield* readCommandLine(program, process.argv.slice(2))
  switch (request._tag) {
    case "Help": {
      const { helpText } = yield* Effect.promise(() => import("./platform/terminal/help.ts"))
      return yield* Console.log(helpText(request.command))
    }
    case "Version":
      return yield* Console.log(version)
    case "Completions": {
      const { completions } = yield* Effect.promise(
        () => import("./platform/terminal/completions.ts"),
      )
      const commands = yield* withCommandsBelow(program)
      return yield* Console.log(completions(request.shell, program.fullName, commands))
    }
    case "Run": {
      const { layer } = yield* Effect.promise(() => import("@effect/platform-node/NodeContext"))
      return yield* Effect.provide(request.effect, layer)
    }
  }
})

/** A file can be wrong in ten thousand places; nobody reads more than the first ones. */
const mostLines = 40
const shortened = (text: string): string => {
  const lines = text.split("\n")
  return lines.length <= mostLines
    ? text
    : [...lines.slice(0, mostLines), `… and ${lines.length - mostLines} lines more`].join("\n")
}

/** A user's mistake has a message of its own; anything else is ours, and shows where it happened. */
const explain = (cause: Cause.Cause<unknown>): Effect.Effect<void> => {
  const failure = Cause.failureOption(cause)
  if (Option.isSome(failure)) {
    const error = failure.value
    failureCode = exitCodeOf(error)
    if (error instanceof Error) return note(shortened(error.message))
  }
  if (Cause.isInterruptedOnly(cause)) return Effect.void
  return note(
    `Evenkeel failed in a way that it should not. Please report this:\n${Cause.pretty(cause)}`,
  )
}

// A reader who has seen enough (`| head`) is no failure of ours, and a terminal that is gone cannot be
// told anything. Output that is lost for any other reason, such as a full disk, is a failure.
process.stderr.on("error", () => {})
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") return
  process.exitCode = 1
  process.stderr.write(`The output could not be written: ${error.message}\n`)
})

/** What a shell makes of a program that a signal ended: 128 and the signal's number. */
const signalCodes = { SIGINT: 130, SIGTERM: 143 } as const
let failureCode = 1
let signalCode: number | undefined
for (const [signal, code] of Object.entries(signalCodes))
  process.once(signal, () => {
    signalCode = code
  })

/** A server that was told to stop, and did so in order, has said so by its exit code of 0. */
const isGood = (exit: Exit.Exit<unknown, unknown>): boolean =>
  Exit.isSuccess(exit) || (Exit.isInterrupted(exit) && process.exitCode === 0)

main.pipe(
  Effect.tapErrorCause(explain),
  // What the libraries log is for whoever works on them; users get messages.
  Logger.withMinimumLogLevel(LogLevel.None),
  NodeRuntime.runMain({
    disableErrorReporting: true,
    disablePrettyLogger: true,
    teardown: (exit, end) => {
      // Not before everything that was printed has left.
      process.stdout.write("", () => end(isGood(exit) ? 0 : (signalCode ?? failureCode)))
    },
  }),
)
