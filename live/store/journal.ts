/**
 * The journal: every event that the market took, with the commands that followed. It is the only
 * truth of a live market: folding it gives the balances, and taking its events again gives the same
 * commands.
 */
import type { Effect } from "effect"
import type { Command, MarketEvent } from "../../engine/index.ts"
import type { StoreFault } from "./errors.ts"
import type { MarketMeta } from "./meta.ts"

export interface JournalEntry {
  readonly event: MarketEvent
  readonly commands: ReadonlyArray<Command>
  /** The market's rolling digest over all commands, after this entry. */
  readonly digest: string
}

export interface Journal {
  /** Takes the entry into the next commit. Never waits, never fails. */
  readonly append: (entry: JournalEntry) => void
  /** Resolves once everything appended until now is on disk. */
  readonly durable: () => Promise<void>
}

/** An entry as it was written. */
export interface StoredEntry {
  readonly seq: number
  readonly event: MarketEvent
  /** All commands but the postings, which are kept apart. */
  readonly commands: ReadonlyArray<Command>
  readonly digest: string
}

export interface StoredPosting {
  readonly seq: number
  /** Its place among the entry's postings, from 0. */
  readonly line: number
  readonly at: number
  readonly kind: string
  readonly debit: number
  readonly credit: number
  readonly amount: number
  readonly reference: number
}

/** Gets some consecutive entries and all of their postings, in order. */
export type TakePage<E> = (
  entries: ReadonlyArray<StoredEntry>,
  postings: ReadonlyArray<StoredPosting>,
) => Effect.Effect<void, E>

/** A journal that is read again, from its first entry on. */
export interface JournalReader {
  /** The market's rules; `undefined` where no market was opened yet. */
  readonly meta: Effect.Effect<MarketMeta | undefined, StoreFault>
  /** Gives the entries after `seq`, page by page. They are as they were written, or it fails. */
  readonly entriesAfter: <E>(seq: number, take: TakePage<E>) => Effect.Effect<void, E | StoreFault>
  /** The same of all entries as they stand there, whether they were written so or not. */
  readonly uncheckedEntries: <E>(take: TakePage<E>) => Effect.Effect<void, E | StoreFault>
}
