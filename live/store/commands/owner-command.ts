/** What the commands of a data directory's owner share: they change a market that no gateway runs, and its audit log says so. */
import { causeText } from "../../../platform/cause.ts"
import { Effect } from "effect"
import * as Parameter from "../../../platform/terminal/parameter.ts"
import { jsonOption } from "../../../platform/terminal/output.ts"
import { directoryOwner } from "../audit.ts"
import type { MarketStore } from "../store.ts"
import { StoreUnusable } from "../errors.ts"
import { openStore, requireMarket, type StoreOptions } from "../sqlite/open-store.ts"

export const ownerOptions = (whichDirectory: string) => ({
  data: Parameter.text("data", "DIR", whichDirectory),
  json: jsonOption,
})

/** The store of an existing market; its existence is asked for first, for opening would make it. */
export const openOwned = (directory: string, options?: StoreOptions) =>
  Effect.zipRight(
    requireMarket(directory),
    openStore(directory, () => {}, options),
  )

/** Notes what the owner did, and returns once that and all before it is on disk. */
export const noteAsOwner = (
  directory: string,
  store: Pick<MarketStore, "noteAudit" | "durable">,
  at: number,
  finding: "AdminKeyMade" | "LossAccepted",
  quantity: number | null,
): Effect.Effect<void, StoreUnusable> =>
  Effect.suspend(() => {
    store.noteAudit({ at, finding, subject: null, quantity, actor: directoryOwner })
    return Effect.tryPromise({
      try: () => store.durable(),
      catch: (cause) =>
        new StoreUnusable({
          directory,
          reason: causeText(cause),
        }),
    })
  })
