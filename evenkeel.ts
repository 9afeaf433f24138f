#!/usr/bin/env node
/**
 * The command line: joins the commands of the simulator, of the reports and of the live mode, and
 * turns what goes wrong into a message and an exit code.
 */
import { Command, ValidationError } from "@effect/cli"
import { NodeContext, NodeRuntime } from "@effect/platform-node"
import { Cause, Console, Effect, Exit, Logger, LogLevel, Option } from "effect"
import { createRequire } from "node:module"
import { adminKeyCommand } from "./live/accounts/admin-key-command.ts"
import { agentCommand } from "./live/agent/agent-command.ts"
import { demoCommand } from "./live/demo/demo-command.ts"
import { replayCommand } from "./live/replay/replay-command.ts"
import { serveCommand } from "./live/serve-command.ts"
import { acceptLossCommand } from "./live/store/accept-loss-command.ts"
import { backupCommand } from "./live/store/backup-command.ts"
import { reportCommand } from "./reports/report-command.ts"
import {
  metricsTable,
  writeClaims,
  writeReport,
  writeSensitivityReport,
  writeSweepReport,
} from "./reports/index.ts"
import { calibrateCommand } from "./sim/cli/calibrate.ts"
import { programFacts } from "./sim/cli/command-facts.ts"
import { readCommandLine } from "./sim/cli/command-line.ts"
import { makeClaimsCommand } from "./sim/cli/claims.ts"
import { compareCommand } from "./sim/cli/compare.ts"
import { coverageCommand } from "./sim/cli/coverage.ts"
import { economyCommand } from "./sim/cli/economy.ts"
import { exportCommand } from "./sim/cli/export.ts"
import { helpText } from "./sim/cli/help.ts"
import { note } from "./sim/cli/output.ts"
import { quoteCommand } from "./sim/cli/quote.ts"
import { makeMergeCommand } from "./sim/cli/merge.ts"
import { makeRunCommand } from "./sim/cli/run.ts"
import { selectCommand } from "./sim/cli/select.ts"
import { scenarioCommand } from "./sim/cli/scenario.ts"
import { makeSensitivityCommand } from "./sim/cli/sensitivity.ts"
import { makeSweepCommand } from "./sim/cli/sweep.ts"
import { validateCommand } from "./sim/cli/validate.ts"

const { version } = createRequire(import.meta.url)("evenkeel/package.json") as {
  readonly version: string
}

const isTerminal = process.stdout.isTTY === true
// Terminals of unknown width call it 0.
const columns = isTerminal && process.stdout.columns > 0 ? process.stdout.columns : undefined

const runCommand = makeRunCommand({
  table: (result) =>
    metricsTable(result, {
      // https://no-color.org: any value but the empty one.
      colour: isTerminal && (process.env["NO_COLOR"] ?? "") === "",
      ...(columns === undefined ? {} : { width: columns }),
    }).trimEnd(),
  write: writeReport,
})

const claimsCommand = makeClaimsCommand(writeClaims)

const meaning = "Simulates, audits and runs the economics of GPU-inference marketplaces."
const commands = [
  runCommand,
  compareCommand,
  claimsCommand,
  selectCommand,
  makeSweepCommand(writeSweepReport),
  makeMergeCommand(writeSweepReport),
  makeSensitivityCommand(writeSensitivityReport),
  reportCommand,
  exportCommand,
  scenarioCommand,
  economyCommand,
  quoteCommand,
  validateCommand,
  calibrateCommand,
  coverageCommand,
  demoCommand,
  serveCommand,
  agentCommand,
  replayCommand,
  backupCommand,
  adminKeyCommand,
  acceptLossCommand,
] as const

const evenkeel = Command.make("evenkeel").pipe(
  Command.withDescription(meaning),
  Command.withSubcommands(commands),
)

const runWords = Command.run(evenkeel, { name: "evenkeel", version })

const main = Effect.gen(function* () {
  const words = process.argv.slice(2)
  const request = yield* readCommandLine(programFacts("evenkeel", meaning, commands), words)
  if (request._tag === "Help") yield* Console.log(helpText(request.command))
  else yield* runWords([...process.argv.slice(0, 2), ...request.words])
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
    // The command line's own parser has printed its message already.
    if (ValidationError.isValidationError(error)) return Effect.void
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
for (const [signal, code] of Object.entries(signalCodes))
  process.once(signal, () => {
    failureCode = code
  })

/** A server that was told to stop, and did so in order, has said so by its exit code of 0. */
const isGood = (exit: Exit.Exit<unknown, unknown>): boolean =>
  Exit.isSuccess(exit) || (Exit.isInterrupted(exit) && process.exitCode === 0)

main.pipe(
  Effect.tapErrorCause(explain),
  Effect.provide(NodeContext.layer),
  // What the libraries log is for whoever works on them; users get messages.
  Logger.withMinimumLogLevel(LogLevel.None),
  NodeRuntime.runMain({
    disableErrorReporting: true,
    disablePrettyLogger: true,
    teardown: (exit, end) => {
      // Not before everything that was printed has left.
      process.stdout.write("", () => end(isGood(exit) ? 0 : failureCode))
    },
  }),
)
