/**
 * Every command of the command line: what it is called, what it is for, and where it lies. The
 * simulator's are handed the reports that they write, which they do not know.
 */
import type { NodeContext } from "@effect/platform-node/NodeContext"
import { group, listed } from "./platform/terminal/command.ts"
import type { Command } from "./platform/terminal/command.ts"
import { hoursCommands, marketplaceCommand } from "./live/cli/market-commands.ts"
import type { WriteClaims } from "./sim/cli/claims.ts"
import type { ComparisonReporting } from "./sim/cli/compare.ts"
import type { Reporting } from "./sim/cli/run.ts"
import type { WriteRunsPage } from "./sim/cli/runs.ts"
import type { WriteSensitivityReport } from "./sim/cli/sensitivity.ts"
import type { WriteSweepReport } from "./sim/cli/sweep.ts"

/** What the simulator's commands write of what they found. */
export interface Reports<E, R> {
  readonly run: Reporting<E, R>
  readonly compare: ComparisonReporting<E, R>
  readonly runs: WriteRunsPage<E, R>
  readonly claims: WriteClaims<E, R>
  readonly sweep: WriteSweepReport<E, R>
  readonly sensitivity: WriteSensitivityReport<E, R>
}

export const commandsWith = <E, R>(reports: Reports<E, R>): Command<unknown, NodeContext | R> =>
  group([
    listed(
      "run",
      "Simulate a scenario, keep the results in SQLite, and write a report with charts.",
      async () => (await import("./sim/cli/run.ts")).makeRunCommand(reports.run),
    ),
    listed(
      "compare",
      "Change settings of a scenario, and see which metrics that moves, under common random numbers.",
      async () => (await import("./sim/cli/compare.ts")).makeCompareCommand(reports.compare),
    ),
    listed(
      "claims",
      "Try by experiment what the economy promises, and every attack on it, under pooled and hardened.",
      async () => (await import("./sim/cli/claims.ts")).makeClaimsCommand(reports.claims),
    ),
    listed(
      "select",
      "Select the best of several options of a scenario by one metric, with a stated probability of being right.",
      async () => (await import("./sim/cli/select.ts")).selectCommand,
    ),
    listed(
      "sweep",
      "Run a scenario at many points of a design; finished cells are kept, so that a sweep goes on where it was stopped.",
      async () => (await import("./sim/cli/sweep.ts")).makeSweepCommand(reports.sweep),
    ),
    listed("merge", "Join the shards of a sweep, and write its results and report.", async () =>
      (await import("./sim/cli/merge.ts")).makeMergeCommand(reports.sweep),
    ),
    listed(
      "sensitivity",
      "Find which settings of a scenario matter for a metric, by Morris' elementary effects or Sobol' indices.",
      async () =>
        (await import("./sim/cli/sensitivity.ts")).makeSensitivityCommand(reports.sensitivity),
    ),
    listed(
      "runs",
      "List the runs, comparisons and sweeps of a folder, and write an index page of them.",
      async () => (await import("./sim/cli/runs.ts")).makeRunsCommand(reports.runs),
    ),
    listed(
      "report",
      "Write the report of a run or a sweep again: one HTML page, charts as SVG and PNG.",
      async () => (await import("./reports/report-command.ts")).reportCommand,
    ),
    listed(
      "export",
      "Export a run's results as CSV or Parquet tables.",
      async () => (await import("./sim/cli/export.ts")).exportCommand,
    ),
    listed(
      "scenario",
      "What can stand in a scenario file.",
      async () => (await import("./sim/cli/scenario.ts")).scenarioCommand,
    ),
    listed(
      "economy",
      "The rules that a market can be run under.",
      async () => (await import("./sim/cli/economy.ts")).economyCommand,
    ),
    listed(
      "metrics",
      "What a run measures: every metric with its unit, base, bounds and meaning.",
      async () => (await import("./sim/cli/metrics.ts")).metricsCommand,
    ),
    listed(
      "quote",
      "What a number of tokens costs: gross, platform fee, provider's net.",
      async () => (await import("./sim/cli/quote.ts")).quoteCommand,
    ),
    listed(
      "validate",
      "Check the event kernel against the closed forms of queueing theory.",
      async () => (await import("./sim/cli/validate.ts")).validateCommand,
    ),
    listed(
      "calibrate",
      "Measure a running OpenAI-compatible server, and write a device profile for scenarios.",
      async () => (await import("./sim/cli/calibrate.ts")).calibrateCommand,
    ),
    listed(
      "coverage",
      "Measure how often 95% intervals cover the truth, where queueing theory knows it.",
      async () => (await import("./sim/cli/coverage.ts")).coverageCommand,
    ),
    listed(
      "demo",
      "Show a whole market on this machine, no GPU needed: gateway, six simulated hosts, consumers.",
      async () => (await import("./live/demo/demo-command.ts")).demoCommand,
    ),
    listed(
      "serve",
      "Run the market for real: an OpenAI-compatible gateway, hosts, accounts, a dashboard.",
      async () => (await import("./live/start/serve-command.ts")).serveCommand,
    ),
    listed(
      "agent",
      "Make this machine a host of a market: detect, register, serve jobs.",
      async () => (await import("./live/agent/agent-command.ts")).agentCommand,
    ),
    ...hoursCommands,
    listed(
      "marketplace",
      "The commands of hours under one name, such as `marketplace gpu register`.",
      async () => marketplaceCommand,
    ),
    listed(
      "replay",
      "Take a gateway's journal again and compare every command and balance, or see what another policy would have done.",
      async () => (await import("./live/replay/replay-command.ts")).replayCommand,
    ),
    listed(
      "backup",
      "Copy a gateway's data directory while it runs; `serve --data` and `replay` take the copy.",
      async () => (await import("./live/store/commands/backup-command.ts")).backupCommand,
    ),
    listed(
      "admin-key",
      "Make a new admin key, where the first one was lost or never seen; every admin key before it ends. Not while a gateway runs on the directory.",
      async () => (await import("./live/directory/admin-key-command.ts")).adminKeyCommand,
    ),
    listed(
      "accept-loss",
      "Go on with a data directory that lost some of what it had acknowledged. Restore a backup instead where there is one: what is lost stays lost, and the audit log says so.",
      async () => (await import("./live/store/commands/accept-loss-command.ts")).acceptLossCommand,
    ),
  ])
