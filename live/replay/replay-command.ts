/** `evenkeel replay`: takes a journal again, under its own rules or under others. */
import { causeText } from "../../platform/cause.ts"
import { FileSystem } from "@effect/platform"
import { Effect, Option } from "effect"
import { parse } from "yaml"
import type { Economy } from "../../engine/index.ts"
import { deriveEconomy, economies } from "../../engine/index.ts"
import { alignColumns, jsonOption, printResult } from "../../platform/terminal/output.ts"
import { UsageError } from "../../platform/terminal/usage-error.ts"
import type { MarketMeta } from "../store/meta.ts"
import { StoreUnusable } from "../store/errors.ts"
import { checkDirectory, openReader } from "../store/sqlite/open-store.ts"
import { comparePolicies } from "./policy-comparison.ts"
import { policyDocument, policyText } from "./policy-text.ts"
import { readEntries } from "./read-entries.ts"
import type { Replayed } from "./same-policy.ts"
import { replaySamePolicy } from "./same-policy.ts"
import * as Command from "../../platform/terminal/command.ts"
import * as Parameter from "../../platform/terminal/parameter.ts"

/** The journal gave other commands or balances when it was taken again. */
class ReplayDiffers extends UsageError {}

const usualReplications = 8
const mostReplications = 1000

export const replayCommand = Command.make({
  parameters: {
    directory: Parameter.argument("folder", "The data directory of a gateway; it may be running."),
    economy: Parameter.optional(
      Parameter.text(
        "economy",
        "NAME|FILE",
        `Compare the market's own rules with others, over the same calls and hosts: one of ${Object.keys(economies).join(", ")}, or a YAML file of knobs.`,
      ),
    ),
    replications: Parameter.optional(
      Parameter.text(
        "replications",
        "N",
        `With --economy: how often both are replayed, each time with other draws of the routing, 2 to ${mostReplications}; ${usualReplications} by default.`,
      ),
    ),
    json: jsonOption,
  },
  run: ({ directory, economy, replications, json }) =>
    Effect.scoped(
      Effect.gen(function* () {
        const count = yield* replicationsFrom(replications, economy)
        const journal = yield* openReader(directory)
        const meta = yield* journal.meta
        if (meta === undefined)
          return yield* new StoreUnusable({ directory, reason: "no market was opened in it" })
        const other = yield* Effect.transposeOption(
          Option.map(economy, (name) => economyFrom(name, meta.economy)),
        )
        const replayed = yield* replaySamePolicy(journal, meta)
        const same = sameDocument(replayed, meta)
        if (Option.isNone(other)) yield* printResult(json, same, () => sameText(same))
        else {
          const entries = yield* readEntries(journal)
          const report = {
            own: meta.economy,
            other: other.value,
            journal: replayed.totals,
            comparison: yield* comparePolicies(entries, meta, other.value, count),
          }
          yield* printResult(json, { ...same, otherPolicy: policyDocument(report) }, () =>
            [sameText(same), "", policyText(report)].join("\n"),
          )
        }
        if (replayed.difference !== undefined)
          return yield* new ReplayDiffers({
            argument: directory,
            allowed: `the replay differs from the journal at entry ${replayed.difference.seq}`,
          })
        // What decides nothing, such as an index or a time of a posting, shows in the digests alone.
        yield* checkDirectory(directory)
      }).pipe(
        Effect.catchTags({
          StoreUnreadable: ({ message }) => new StoreUnusable({ directory, reason: message }),
          StoreDamaged: ({ message }) => new StoreUnusable({ directory, reason: message }),
        }),
      ),
    ),
})

const replicationsFrom = (given: Option.Option<string>, economy: Option.Option<string>) => {
  if (Option.isNone(given)) return Effect.succeed(usualReplications)
  const argument = `--replications ${given.value}`
  if (Option.isNone(economy))
    return new UsageError({
      argument,
      allowed: "goes with --economy: under its own rules and draws a journal is replayed once",
    })
  const count = /^\d+$/.test(given.value) ? Number(given.value) : Number.NaN
  return count >= 2 && count <= mostReplications
    ? Effect.succeed(count)
    : new UsageError({ argument, allowed: `expected a whole number, 2 to ${mostReplications}` })
}

/** A preset's name, or a YAML file of knobs on top of the economy that the journal ran under. */
const economyFrom = (nameOrFile: string, base: Economy) =>
  Effect.gen(function* () {
    if (Object.hasOwn(economies, nameOrFile)) return economies[nameOrFile]
    const files = yield* FileSystem.FileSystem
    const refuse = (reason: string) =>
      new UsageError({ argument: `--economy ${nameOrFile}`, allowed: reason })
    const text = yield* files
      .readFileString(nameOrFile)
      .pipe(
        Effect.mapError(() =>
          refuse(
            `no such file, and no economy of that name; there are ${Object.keys(economies).join(", ")}`,
          ),
        ),
      )
    const knobs = yield* Effect.try({
      try: () => parse(text) as unknown,
      catch: (cause) => refuse(causeText(cause)),
    })
    return yield* deriveEconomy(base, { name: nameOrFile, ...(knobs as object) }, nameOrFile)
  })

const sameDocument = (replayed: Replayed, meta: MarketMeta) => ({
  replay: replayed.difference === undefined ? ("identical" as const) : ("different" as const),
  economy: meta.economy.name,
  entries: replayed.entries,
  commands: replayed.commands,
  postings: replayed.postings,
  digest: replayed.digest,
  balanceSum: replayed.balanceSum,
  ...(replayed.difference === undefined ? {} : { difference: replayed.difference }),
})

const sameText = (document: ReturnType<typeof sameDocument>): string =>
  [
    `replay: ${document.replay}`,
    alignColumns([
      ["economy", document.economy],
      ["journal entries", String(document.entries)],
      ["commands", String(document.commands)],
      ["postings", String(document.postings)],
      ["digest", document.digest],
      ["sum of balances", String(document.balanceSum)],
    ]),
    ...(document.difference === undefined
      ? []
      : [
          `first difference: entry ${document.difference.seq}, ${document.difference.event}, ${document.difference.what}`,
          `  journal: ${document.difference.journal}`,
          `  replay:  ${document.difference.replay}`,
        ]),
  ].join("\n")
