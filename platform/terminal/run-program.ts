/**
 * A program of the command line, run to its end: reads what is asked for, and turns what goes wrong into a
 * message and an exit code. To be called once in a process, which it ends.
 */
import type { NodeContext } from "@effect/platform-node/NodeContext"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Cause, Console, Effect, Exit, Logger, LogLevel, Option } from "effect"
import type { NamedCommand } from "./command.ts"
import { readCommandLine, withCommandsBelow } from "./command-line.ts"
import { exitCodeOf } from "./exit-code.ts"
import { note } from "./output.ts"

export const runProgram = (program: NamedCommand<unknown, NodeContext>, version: string): void => {
  endWell()
  mainOf(program, version).pipe(
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
}

const mainOf = (program: NamedCommand<unknown, NodeContext>, version: string) =>
  Effect.gen(function* () {
    const request = yield* readCommandLine(program, process.argv.slice(2))
    switch (request._tag) {
      case "Help": {
        const { helpText } = yield* Effect.promise(() => import("./help.ts"))
        return yield* Console.log(helpText(request.command))
      }
      case "Version":
        return yield* Console.log(version)
      case "Completions": {
        const { completions } = yield* Effect.promise(() => import("./completions.ts"))
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

/** What a shell makes of a program that a signal ended: 128 and the signal's number. */
const signalCodes = { SIGINT: 130, SIGTERM: 143 } as const
let failureCode = 1
let signalCode: number | undefined

/** Listens to signals and to the ends of the streams. */
const endWell = (): void => {
  // A reader who has seen enough (`| head`) is no failure of ours, and a terminal that is gone cannot be
  // told anything. Output that is lost for any other reason, such as a full disk, is a failure.
  process.stderr.on("error", () => {})
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") return
    process.exitCode = 1
    process.stderr.write(`The output could not be written: ${error.message}\n`)
  })
  for (const [signal, code] of Object.entries(signalCodes))
    process.once(signal, () => {
      signalCode = code
    })
}

/** A server that was told to stop, and did so in order, has said so by its exit code of 0. */
const isGood = (exit: Exit.Exit<unknown, unknown>): boolean =>
  Exit.isSuccess(exit) || (Exit.isInterrupted(exit) && process.exitCode === 0)
