/**
 * Replay under the same policy: the journal's events are taken again by a fresh market, and every
 * command, every posting and every balance is compared with what was written.
 */
import { Effect } from "effect"
import type { Command, Market } from "../../engine/index.ts"
import { booksView, digestOf, layer, ledgerBalances, MarketEngine } from "../../engine/index.ts"
import type { MarketTotals } from "./totals.ts"
import { countIn, emptyTotals } from "./totals.ts"
import type { StoreFault } from "../store/errors.ts"
import type { MarketMeta } from "../store/meta.ts"
import type { JournalReader, StoredEntry, StoredPosting } from "../store/journal.ts"

export interface Difference {
  readonly seq: number
  readonly event: string
  readonly what: "commands" | "postings" | "digest" | "balance"
  readonly journal: string
  readonly replay: string
}

export interface Replayed {
  readonly market: Market
  readonly entries: number
  readonly commands: number
  readonly postings: number
  /** Sum over all balances, minor units: 0 unless the ledger is broken. */
  readonly balanceSum: number
  readonly digest: string
  readonly totals: MarketTotals
  /** The first place where the replay is not what was written; absent: identical. */
  readonly difference: Difference | undefined
}

type Posting = Extract<Command, { readonly _tag: "Post" }>

export const replaySamePolicy = (
  journal: JournalReader,
  meta: MarketMeta,
): Effect.Effect<Replayed, StoreFault> =>
  Effect.gen(function* () {
    const { market, take } = yield* MarketEngine
    const folded = new Map<number, number>()
    const totals = emptyTotals()
    const counts = { entries: 0, commands: 0, postings: 0 }
    let difference: Difference | undefined
    // Unchecked: what was altered is to be shown as the difference that it makes.
    yield* journal.uncheckedEntries((entries, postings) =>
      Effect.sync(() => {
        let next = 0
        for (const entry of entries) {
          const first = next
          while (next < postings.length && postings[next].seq === entry.seq) next += 1
          const written = postings.slice(first, next)
          const commands: Array<Command> = []
          take(entry.event, commands)
          counts.entries += 1
          counts.commands += commands.length
          counts.postings += written.length
          fold(folded, written)
          countIn(totals, commands)
          difference ??= entryDifference(entry, written, commands, digestOf(market))
        }
      }),
    )
    return {
      market,
      ...counts,
      balanceSum: booksView(market).total,
      digest: digestOf(market),
      totals,
      difference: difference ?? balanceDifference(market, folded, counts.entries),
    }
  }).pipe(Effect.provide(layer(meta.economy, meta.seed)))

const fold = (balances: Map<number, number>, postings: ReadonlyArray<StoredPosting>): void => {
  for (const { debit, credit, amount } of postings) {
    balances.set(debit, (balances.get(debit) ?? 0) - amount)
    balances.set(credit, (balances.get(credit) ?? 0) + amount)
  }
}

const entryDifference = (
  entry: StoredEntry,
  written: ReadonlyArray<StoredPosting>,
  commands: ReadonlyArray<Command>,
  digest: string,
): Difference | undefined => {
  const others = commands.filter((command) => command._tag !== "Post")
  const compared = [
    ["commands", JSON.stringify(entry.commands), JSON.stringify(others)],
    [
      "postings",
      JSON.stringify(written.map(lineOf)),
      JSON.stringify(commands.filter(isPost).map(lineOf)),
    ],
    ["digest", entry.digest, digest],
  ] as const
  const found = compared.find(([, journal, replay]) => journal !== replay)
  if (found === undefined) return undefined
  const [what, journal, replay] = found
  return { seq: entry.seq, event: entry.event._tag, what, journal, replay }
}

const isPost = (command: Command): command is Posting => command._tag === "Post"

const lineOf = ({ kind, debit, credit, amount, reference }: Posting | StoredPosting) => [
  kind,
  debit,
  credit,
  amount,
  reference,
]

/** Folding what was posted has to give each balance of the replayed market. */
const balanceDifference = (
  market: Market,
  folded: ReadonlyMap<number, number>,
  seq: number,
): Difference | undefined => {
  const posted = ledgerBalances(market)
  for (let account = 0; account < posted.length; account++) {
    const journal = folded.get(account) ?? 0
    if (journal !== posted[account])
      return {
        seq,
        event: `account ${account}`,
        what: "balance",
        journal: String(journal),
        replay: String(posted[account]),
      }
  }
  return undefined
}
