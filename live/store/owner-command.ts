/** What the commands of a data directory's owner share: they change a market that no gateway runs, and its audit log says so. */
import { Effect } from "effect"
import { jsonOption } from "../../platform/terminal/output.ts"
import { directoryOwner, writeAudit } from "./audits.ts"
import type { CommitQueue } from "./commit-queue.ts"
import { openStore, requireMarket, type StoreOptions, StoreUnusable } from "./store.ts"
import * as Parameter from "../../platform/terminal/parameter.ts"

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
  queue: CommitQueue,
  at: number,
  finding: "AdminKeyMade" | "LossAccepted",
  quantity: number | null,
): Effect.Effect<void, StoreUnusable> =>
  Effect.suspend(() => {
    writeAudit(queue, { at, finding, subject: null, quantity, actor: directoryOwner })
    return Effect.tryPromise({
      try: () => queue.durable(),
      catch: (cause) =>
        new StoreUnusable({
          directory,
          reason: cause instanceof Error ? cause.message : String(cause),
        }),
    })
  })
