#!/usr/bin/env node
/**
 * The command line: joins the commands of the simulator, of the reports and of the live mode, and
 * turns what goes wrong into a message and an exit code.
 */
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Cause, Console, Effect, Exit, Logger, LogLevel, Option } from "effect"
import { version } from "./platform/package.ts"
import { group } from "./platform/terminal/command.ts"
import { readCommandLine } from "./platform/terminal/command-line.ts"
import { completions } from "./platform/terminal/completions.ts"
import { helpText } from "./platform/terminal/help.ts"
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

/**
 * Each command, loaded once it is asked for: a start costs what it uses. The simulator's are handed the
 * reports that they write, which they do not know. A module that is missing is a broken package, and no
 * failure that a command could have.
 */
const loaders = {
  run: async () => {
    const { makeRunCommand } = await import("./sim/cli/run.ts")
    const { metricsTable } = await import("./reports/table.ts")
    return makeRunCommand({
      table: (result) => metricsTable(result, tableStyle()).trimEnd(),
      write: (...given) =>
        Effect.flatMap(
          Effect.promise(() => import("./reports/write-report.ts")),
          ({ writeReport }) => writeReport(...given),
        ),
    })
  },
  compare: async () => (await import("./sim/cli/compare.ts")).compareCommand,
  claims: async () => {
    const { makeClaimsCommand } = await import("./sim/cli/claims.ts")
    return makeClaimsCommand((...given) =>
      Effect.flatMap(
        Effect.promise(() => import("./reports/claims/write-claims.ts")),
        ({ writeClaims }) => writeClaims(...given),
      ),
    )
  },
  select: async () => (await import("./sim/cli/select.ts")).selectCommand,
  sweep: async () => {
    const { makeSweepCommand } = await import("./sim/cli/sweep.ts")
    return makeSweepCommand((...given) =>
      Effect.flatMap(sweepReports, ({ writeSweepReport }) => writeSweepReport(...given)),
    )
  },
  merge: async () => {
    const { makeMergeCommand } = await import("./sim/cli/merge.ts")
    return makeMergeCommand((...given) =>
      Effect.flatMap(sweepReports, ({ writeSweepReport }) => writeSweepReport(...given)),
    )
  },
  sensitivity: async () => {
    const { makeSensitivityCommand } = await import("./sim/cli/sensitivity.ts")
    return makeSensitivityCommand((...given) =>
      Effect.flatMap(sweepReports, ({ writeSensitivityReport }) =>
        writeSensitivityReport(...given),
      ),
    )
  },
  report: async () => (await import("./reports/report-command.ts")).reportCommand,
  export: async () => (await import("./sim/cli/export.ts")).exportCommand,
  scenario: async () => (await import("./sim/cli/scenario.ts")).scenarioCommand,
  economy: async () => (await import("./sim/cli/economy.ts")).economyCommand,
  quote: async () => (await import("./sim/cli/quote.ts")).quoteCommand,
  validate: async () => (await import("./sim/cli/validate.ts")).validateCommand,
  calibrate: async () => (await import("./sim/cli/calibrate.ts")).calibrateCommand,
  coverage: async () => (await import("./sim/cli/coverage.ts")).coverageCommand,
  demo: async () => (await import("./live/demo/demo-command.ts")).demoCommand,
  serve: async () => (await import("./live/start/serve-command.ts")).serveCommand,
  agent: async () => (await import("./live/agent/agent-command.ts")).agentCommand,
  replay: async () => (await import("./live/replay/replay-command.ts")).replayCommand,
  backup: async () => (await import("./live/store/commands/backup-command.ts")).backupCommand,
  "admin-key": async () => (await import("./live/directory/admin-key-command.ts")).adminKeyCommand,
  "accept-loss": async () =>
    (await import("./live/store/commands/accept-loss-command.ts")).acceptLossCommand,
} as const

/** The command that the words begin with; all of them where they begin with none. */
const commandsFor = (first: string | undefined) => {
  const named = Object.entries(loaders).filter(([name]) => name === first)
  const chosen = named.length > 0 ? named : Object.entries(loaders)
  return Effect.promise(() => Promise.all(chosen.map(([, load]) => load())))
}

const meaning = "Simulates, audits and runs the economics of GPU-inference marketplaces."

const main = Effect.gen(function* () {
  const words = process.argv.slice(2)
  const program = group("evenkeel", meaning, yield* commandsFor(words[0]))
  const request = yield* readCommandLine(program, words)
  switch (request._tag) {
    case "Help":
      return yield* Console.log(helpText(request.command))
    case "Version":
      return yield* Console.log(version)
    case "Completions":
      return yield* Console.log(completions(request.shell, program))
    case "Run":
      return yield* request.effect
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
