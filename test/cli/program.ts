/** The whole program, but that it draws no reports: those of a run or a sweep take seconds each. */
import { NodeContext } from "@effect/platform-node"
import { Cause, Console, Effect, Exit, Option } from "effect"
import { vi } from "vitest"
import { agentCommand } from "../../live/agent/agent-command.ts"
import { demoCommand } from "../../live/demo/demo-command.ts"
import { adminKeyCommand } from "../../live/directory/admin-key-command.ts"
import { replayCommand } from "../../live/replay/replay-command.ts"
import { serveCommand } from "../../live/start/serve-command.ts"
import { acceptLossCommand } from "../../live/store/commands/accept-loss-command.ts"
import { backupCommand } from "../../live/store/commands/backup-command.ts"
import { group } from "../../platform/terminal/command.ts"
import { reportCommand } from "../../reports/report-command.ts"
import { metricsTable } from "../../reports/table.ts"
import { calibrateCommand } from "../../sim/cli/calibrate.ts"
import { makeClaimsCommand } from "../../sim/cli/claims.ts"
import { compareCommand } from "../../sim/cli/compare.ts"
import { coverageCommand } from "../../sim/cli/coverage.ts"
import { economyCommand } from "../../sim/cli/economy.ts"
import { exportCommand } from "../../sim/cli/export.ts"
import { makeMergeCommand } from "../../sim/cli/merge.ts"
import { quoteCommand } from "../../sim/cli/quote.ts"
import { makeRunCommand } from "../../sim/cli/run.ts"
import { scenarioCommand } from "../../sim/cli/scenario.ts"
import { selectCommand } from "../../sim/cli/select.ts"
import { makeSensitivityCommand } from "../../sim/cli/sensitivity.ts"
import { makeSweepCommand } from "../../sim/cli/sweep.ts"
import { validateCommand } from "../../sim/cli/validate.ts"
import { runCommand } from "../support/run-command.ts"
import type { Ended } from "./evenkeel.ts"

const nothingWritten = Effect.succeed({ files: [], notices: [] })

export const program = group("evenkeel", "Simulates markets.", [
  makeRunCommand({
    table: (result) => metricsTable(result, { colour: false }),
    write: () => nothingWritten,
  }),
  compareCommand,
  makeClaimsCommand(() => Effect.succeed([])),
  selectCommand,
  makeSweepCommand(() => nothingWritten),
  makeMergeCommand(() => nothingWritten),
  makeSensitivityCommand(() => nothingWritten),
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
])

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
    runCommand(program, words).pipe(
      Effect.withConsole({ ...console, log: keep("stdout"), error: keep("stderr") }),
    ),
  ).pipe(Effect.provide(NodeContext.layer), Effect.runPromiseExit)
  progress.mockRestore()
  if (Exit.isSuccess(exit)) return { code: 0, ...said }
  const failure = Option.getOrUndefined(Cause.failureOption(exit.cause))
  if (!(failure instanceof Error)) throw new Error(Cause.pretty(exit.cause))
  return { ...said, code: 1, stderr: `${said.stderr}${failure.message}\n` }
}
