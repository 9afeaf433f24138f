/**
 * The journal: every event that the market took, with the commands that followed. It is the only
 * truth of a live market: folding it gives the balances, and taking its events again gives the same
 * commands.
 */
import type { Command, MarketEvent } from "../../engine/index.ts"

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
