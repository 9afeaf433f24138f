/** A whole journal, in memory. */
import { Effect } from "effect"
import type { StoreFault } from "../store/errors.ts"
import type { JournalReader, StoredEntry } from "../store/journal.ts"

export const readEntries = (
  journal: JournalReader,
): Effect.Effect<ReadonlyArray<StoredEntry>, StoreFault> =>
  Effect.gen(function* () {
    const entries: Array<StoredEntry> = []
    yield* journal.entriesAfter(0, (page) =>
      Effect.sync(() => {
        for (const entry of page) entries.push(entry)
      }),
    )
    return entries
  })
