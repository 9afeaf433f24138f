/** `evenkeel replay`: takes a journal again, under its own policy or under another one. */
import { causeText } from "../../platform/cause.ts"
import { FileSystem } from "@effect/platform"
import { Effect, Option } from "effect"
import { parse } from "yaml"
import type { Economy } from "../../engine/index.ts"
import { deriveEconomy, economies, formatCredits } from "../../engine/index.ts"
import { alignColumns, jsonOption, printResult } from "../../platform/terminal/output.ts"
import { UsageError } from "../../platform/terminal/usage-error.ts"
import type { MarketMeta } from "../store/meta.ts"
import { StoreUnusable } from "../store/errors.ts"
import { checkDirectory, openReader } from "../store/sqlite/open-store.ts"
import type { MarketTotals } from "./comparison.ts"
import { accountDifferences } from "./comparison.ts"
import { replayOtherPolicy } from "./other-policy.ts"
import type { Replayed } from "./same-policy.ts"
import { replaySamePolicy } from "./same-policy.ts"
import * as Command from "../../platform/terminal/command.ts"
import * as Parameter from "../../platform/terminal/parameter.ts"

/** The journal gave other commands or balances when it was taken again. */
class ReplayDiffers extends UsageError {}

export const replayCommand = Command.make({
  parameters: {
    directory: Parameter.argument("folder", "The data directory of a gateway; it may be running."),
    economy: Parameter.optional(
      Parameter.text(
        "economy",
        "NAME|FILE",
        `Replay the same demand under another policy: one of ${Object.keys(economies).join(", ")}, or a YAML file of knobs.`,
      ),
    ),
    json: jsonOption,
  },
  run: ({ directory, economy, json }) =>
    Effect.scoped(
      Effect.gen(function* () {
        const journal = yield* openReader(directory)
        const meta = yield* journal.meta
        if (meta === undefined)
          return yield* new StoreUnusable({ directory, reason: "no market was opened in it" })
        const replayed = yield* replaySamePolicy(journal, meta)
        const same = sameDocument(replayed, meta)
        if (Option.isNone(economy)) {
          yield* printResult(json, same, () => sameText(same))
        } else {
          const other = yield* economyFrom(economy.value, meta.economy)
          const written = replayed.totals
          const elsewhere = yield* replayOtherPolicy(journal, meta, other)
          const { totals } = elsewhere
          const document = {
            ...same,
            otherPolicy: {
              economy: other.name,
              rejectedEvents: elsewhere.rejected,
              totals: Object.fromEntries(
                (Object.keys(written) as Array<keyof MarketTotals>).map((name) => [
                  name,
                  {
                    journal: written[name],
                    other: totals[name],
                    difference: totals[name] - written[name],
                  },
                ]),
              ),
              accounts: accountDifferences(replayed.market, elsewhere.market),
            },
          }
          yield* printResult(json, document, () =>
            [sameText(same), "", otherText(written, totals, other, meta.economy.money.scale)].join(
              "\n",
            ),
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

const moneyTotals = new Set<keyof MarketTotals>([
  "paidByConsumers",
  "platformFees",
  "providerShares",
  "withheld",
  "bounties",
  "clawedBack",
])

const totalNames: Readonly<Record<keyof MarketTotals, string>> = {
  served: "calls served",
  refused: "calls refused",
  outputTokens: "output tokens",
  paidByConsumers: "paid by consumers",
  platformFees: "platform fees",
  providerShares: "provider shares",
  withheld: "withheld for switching",
  bounties: "bounties",
  clawedBack: "clawed back",
  parks: "parks",
}

const otherText = (
  journal: MarketTotals,
  other: MarketTotals,
  economy: Economy,
  scale: number,
): string => {
  const show = (name: keyof MarketTotals, value: number): string =>
    moneyTotals.has(name) ? formatCredits(value, scale) : String(value)
  return alignColumns([
    ["", "journal", economy.name, "difference"],
    ...(Object.keys(totalNames) as Array<keyof MarketTotals>).map((name) => [
      totalNames[name],
      show(name, journal[name]),
      show(name, other[name]),
      show(name, other[name] - journal[name]),
    ]),
  ])
}
