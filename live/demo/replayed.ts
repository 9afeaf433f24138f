/** What taking a demonstration's own journal again gives. */
import { Effect } from "effect"
import { replaySamePolicy } from "../replay/same-policy.ts"
import { StoreUnusable } from "../store/errors.ts"
import { openReader } from "../store/sqlite/open-store.ts"

export const replayOf = (directory: string) =>
  Effect.gen(function* () {
    const journal = yield* openReader(directory)
    const meta = yield* journal.meta
    if (meta === undefined)
      return yield* new StoreUnusable({ directory, reason: "no market was opened in it" })
    const { difference, market, totals, balanceSum, ...replayed } = yield* replaySamePolicy(
      journal,
      meta,
    )
    return {
      market,
      totals,
      journal: {
        entries: replayed.entries,
        commands: replayed.commands,
        postings: replayed.postings,
        digest: replayed.digest,
      },
      replay: difference === undefined ? ("identical" as const) : ("different" as const),
      balanceSum,
      ...(difference === undefined ? {} : { difference }),
    }
  })
