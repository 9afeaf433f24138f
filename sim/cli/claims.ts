/** `evenkeel claims`: what the economy promises, and every attack on it, tried by experiment. */
import { FileSystem, Path } from "@effect/platform"
import { Effect, Option } from "effect"
import { replicationsFor, runAudit } from "../claims/audit.ts"
import type { AuditBookName } from "../claims/audit-books.ts"
import { auditBookNames, auditBooks, idsIn } from "../claims/audit-books.ts"
import type { AuditScope } from "../claims/audit.ts"
import type { RunSize } from "../claims/arm.ts"
import { layerThreads } from "../experiment/replicators.ts"
import type { AttackResult, ClaimsReport, Estimated } from "../results/models/claims-model.ts"
import { CheckFailed } from "./execution/check-failed.ts"
import {
  alignColumns,
  jsonOption,
  note,
  printable,
  printResult,
} from "../../platform/terminal/output.ts"
import { makeProgress } from "./execution/progress.ts"
import { replicationsFrom, workersFrom, workersOption } from "./options/run-options.ts"
import { quoteForShell } from "../../platform/terminal/shell.ts"
import { UsageError } from "../../platform/terminal/usage-error.ts"
import { version } from "../../platform/package.ts"
import * as Command from "../../platform/terminal/command.ts"
import * as Parameter from "../../platform/terminal/parameter.ts"

const fastOption = Parameter.flag(
  "fast",
  "The same experiments for as long, some 4 minutes on 2 cores: one of each promise and attack, three replications, so wider intervals; what takes minutes by itself (anti-flapping, bounty-chasing, frontier) only if --only names it.",
)
const onlyOption = Parameter.repeated(
  Parameter.text(
    "only",
    "ID",
    `One promise or attack alone; may be repeated: ${auditBookNames.map((name) => `of ${name} ${idsIn(auditBooks[name]).join(", ")}`).join("; ")}.`,
  ),
)
const economyOption = Parameter.withDefault(
  Parameter.choice(
    "economy",
    auditBookNames,
    "Whose promises are tried, each under the literal economy and its hardened form; pooled by default.",
  ),
  "pooled",
)
const seedOption = Parameter.withDefault(
  Parameter.text("seed", "TEXT", "What every draw follows from; evenkeel by default."),
  "evenkeel",
)
const outOption = Parameter.optional(
  Parameter.text(
    "out",
    "FOLDER",
    "Where claims.json and claims.html go; out/claims by default, and out/claims-infrintia or out/claims-aitbc for these economies.",
  ),
)

/** Replications of each arm, where none are told. */
const wholeReplications = 7
const fastReplications = 3

const replicationsOption = Parameter.optional(
  Parameter.text(
    "replications",
    "N",
    `Independent repetitions of each experiment, at least 2; ${wholeReplications} by default, ${fastReplications} with --fast. Chosen before, not until a verdict pleases.`,
  ),
)

/** Writes the page and its pictures into a folder, and returns the files. */
export type WriteClaims<E, R> = (
  report: ClaimsReport,
  folder: string,
) => Effect.Effect<ReadonlyArray<string>, E, R>

export const makeClaimsCommand = <E, R>(write: WriteClaims<E, R>) =>
  Command.make({
    parameters: {
      economy: economyOption,
      fast: fastOption,
      only: onlyOption,
      seed: seedOption,
      replications: replicationsOption,
      workers: workersOption,
      out: outOption,
      json: jsonOption,
    },
    run: (options) =>
      Effect.gen(function* () {
        const book = auditBooks[options.economy]
        const only = yield* idsFrom(options.only, idsIn(book))
        const out = Option.getOrElse(options.out, () => folderOf(options.economy))
        const workers = yield* workersFrom(options.workers)
        const asked = yield* replicationsFrom(options.replications, 2)
        const usual = options.fast ? fastReplications : wholeReplications
        const size: RunSize = {
          seed: options.seed,
          replications: Option.getOrElse(asked, () => usual),
        }
        const scope: AuditScope = { book, only, isFast: options.fast }
        const replications = replicationsFor(scope, size)
        const progress = yield* makeProgress(replications, process.stderr)
        const began = performance.now()
        const audited = yield* runAudit(scope, size, (finished) =>
          progress.update(finished / replications, finished),
        ).pipe(
          Effect.provide(layerThreads(workers)),
          Effect.ensuring(progress.end),
          Effect.onError(() => note("Stopped: an audit keeps nothing before it is whole.")),
        )
        const report: ClaimsReport = {
          version,
          seed: options.seed,
          isFast: options.fast,
          replications: size.replications,
          economies: book.economies,
          command: [
            `npx evenkeel claims --seed ${quoteForShell(options.seed)}`,
            ...(options.economy === "pooled" ? [] : [`--economy ${options.economy}`]),
            ...(options.fast ? ["--fast"] : []),
            ...Option.toArray(asked).map((count) => `--replications ${count}`),
            ...options.only.map((id) => `--only ${id}`),
            `--out ${quoteForShell(out)}`,
          ].join(" "),
          wallSeconds: (performance.now() - began) / 1000,
          ...audited,
        }
        const files = yield* keep(report, out, write)
        yield* printResult(options.json, { ...report, files }, () => textOf(report, files))
        if (report.failedChecks.length > 0)
          return yield* new CheckFailed({ names: report.failedChecks })
      }),
  })

const folderOf = (economy: AuditBookName): string =>
  economy === "pooled" ? "out/claims" : `out/claims-${economy}`

const idsFrom = (
  only: ReadonlyArray<string>,
  known: ReadonlyArray<string>,
): Effect.Effect<ReadonlyArray<string>, UsageError> => {
  const unknown = only.find((id) => !known.includes(id))
  return unknown === undefined
    ? Effect.succeed(only)
    : new UsageError({
        argument: `--only ${unknown}`,
        allowed: `expected one of ${known.join(", ")}`,
      })
}

const keep = <E, R>(report: ClaimsReport, folder: string, write: WriteClaims<E, R>) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    yield* fs.makeDirectory(folder, { recursive: true })
    const json = path.join(folder, "claims.json")
    yield* fs.writeFileString(json, `${JSON.stringify(report, null, 2)}\n`)
    return [json, ...(yield* write(report, folder))]
  })

const rounded = (value: number): string => String(Number(value.toPrecision(3)))

/** As many decimals as the interval supports: two digits of its half-width. */
const intervalText = ({ mean, low, high }: Estimated): string => {
  if (low === null || high === null) return rounded(mean)
  if (low === high) return `${rounded(mean)} always`
  const decimals = Math.min(6, Math.max(0, 1 - Math.floor(Math.log10((high - low) / 2))))
  const [at, from, to] = [mean, low, high].map((value) => value.toFixed(decimals))
  return `${at} (${from} … ${to})`
}

const textOf = (report: ClaimsReport, files: ReadonlyArray<string>): string =>
  [
    ...(report.claims.length === 0 ? [] : [claimsTable(report), ""]),
    ...(report.attacks.length === 0
      ? []
      : [
          attacksTable(report),
          "",
          "Credits a day that the attacker makes more than the best honest conduct on the same machines and random",
          "numbers, with the 95% interval, and as a ratio where the honest party makes a profit. An attack does not pay",
          `where the whole interval is within half a percent of the honest pay; it pays where that holds for all ${triedIn(report)} together (Holm, 5%).`,
        ]),
    ...(report.frontier === null ? [] : ["", frontierText(report.frontier)]),
    "",
    ...(report.isFast
      ? [
          `Fast: ${report.replications} replications, and one experiment of each promise and attack, as long as in a whole audit: the same estimands, wider intervals.`,
        ]
      : []),
    alignColumns([
      ["again", printable(report.command)],
      ...files.map((file) => ["written", printable(file)]),
    ]),
  ].join("\n")

/** Ways of all attacks under all economies. */
const triedIn = ({ attacks, economies }: ClaimsReport): number =>
  attacks.reduce(
    (sum, attack) => sum + economies.reduce((own, one) => own + attack.economies[one].length, 0),
    0,
  )

const claimsTable = ({ claims, economies }: ClaimsReport): string =>
  alignColumns([
    ["promise", ...economies],
    ...claims.map(({ title, economies: results }) => [
      title,
      ...economies.map((economy) => results[economy].verdict),
    ]),
  ])

const attacksTable = ({ attacks, economies }: ClaimsReport): string =>
  alignColumns([
    ["attack", "days", ...economies.flatMap((economy) => [economy, "×", "verdict"])],
    ...attacks.flatMap(({ id, economies: results }) =>
      (results[economies[0]] ?? []).map(({ label, horizonDays }, way) => [
        `${id}: ${label}`,
        String(horizonDays),
        ...economies.flatMap((economy) => attackCells(results[economy][way])),
      ]),
    ),
  ])

const attackCells = ({ gain, ratio, verdict }: AttackResult): ReadonlyArray<string> => [
  intervalText(gain),
  ratio === null ? "" : rounded(ratio.mean),
  verdict,
]

const frontierText = ({ safe }: NonNullable<ClaimsReport["frontier"]>): string =>
  alignColumns([
    ["self-dealing: share of the supply", "does not pay up to", "pays from", "theory"],
    ...safe.map(({ supplyShare, highestSafe, lowestPaying, theory }) => [
      rounded(supplyShare),
      highestSafe === null ? "" : `× ${rounded(highestSafe)}`,
      lowestPaying === null ? "" : `× ${rounded(lowestPaying)}`,
      `× ${rounded(theory)}`,
    ]),
  ])
