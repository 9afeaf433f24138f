#!/usr/bin/env node
/**
 * The command line: joins the commands of the simulator and of the reports, and turns what goes wrong
 * into a message and an exit code.
 */
import { Command, ValidationError } from "@effect/cli"
import { NodeContext, NodeRuntime } from "@effect/platform-node"
import { Cause, Console, Effect, Option } from "effect"
import { createRequire } from "node:module"
import { reportCommand } from "./reports/cli/report.ts"
import { metricsTable, writeReport } from "./reports/index.ts"
import { economyCommand } from "./sim/cli/economy.ts"
import { exportCommand } from "./sim/cli/export.ts"
import { quoteCommand } from "./sim/cli/quote.ts"
import { makeRunCommand } from "./sim/cli/run.ts"
import { validateCommand } from "./sim/cli/validate.ts"

const { version } = createRequire(import.meta.url)("evenkeel/package.json") as {
  readonly version: string
}

const runCommand = makeRunCommand({
  table: (result) =>
    metricsTable(result, {
      colour: process.stdout.isTTY === true,
      ...(process.stdout.isTTY === true ? { width: process.stdout.columns } : {}),
    }).trimEnd(),
  write: writeReport,
})

const evenkeel = Command.make("evenkeel").pipe(
  Command.withDescription("Simulates and audits the economics of GPU-inference marketplaces."),
  Command.withSubcommands([
    runCommand,
    reportCommand,
    exportCommand,
    economyCommand,
    quoteCommand,
    validateCommand,
  ]),
)

const cli = Command.run(evenkeel, { name: "evenkeel", version })

/** A user's mistake has a message of its own; anything else is ours, and shows where it happened. */
const explain = (cause: Cause.Cause<unknown>): Effect.Effect<void> => {
  const failure = Cause.failureOption(cause)
  if (Option.isSome(failure)) {
    const error = failure.value
    // The command line's own parser has printed its message already.
    if (ValidationError.isValidationError(error)) return Effect.void
    if (error instanceof Error) return Console.error(error.message)
  }
  if (Cause.isInterruptedOnly(cause)) return Effect.void
  return Console.error(
    `Evenkeel failed in a way that it should not. Please report this:\n${Cause.pretty(cause)}`,
  )
}

cli(process.argv).pipe(
  Effect.tapErrorCause(explain),
  Effect.provide(NodeContext.layer),
  NodeRuntime.runMain({ disableErrorReporting: true }),
)
