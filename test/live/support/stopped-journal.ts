/** What a gateway that has stopped leaves in its data directory, and what comes of it when it is replayed. */
import { join } from "node:path"
import { NodeContext } from "@effect/platform-node"
import { Effect } from "effect"
import type { Command, MarketEvent } from "../../../engine/index.ts"
import { replaySamePolicy } from "../../../live/replay/same-policy.ts"
import { openReader } from "../../../live/store/sqlite/open-store.ts"

/** `folder`: that which has the data directory in it. */
export const readStopped = (folder: string) =>
  Effect.gen(function* () {
    const journal = yield* openReader(join(folder, "data"))
    const meta = yield* journal.meta
    if (meta === undefined) throw new Error("no market")
    const events: Array<MarketEvent> = []
    const commands: Array<Command> = []
    yield* journal.entriesAfter(0, (entries) =>
      Effect.sync(() => {
        for (const entry of entries) {
          events.push(entry.event)
          commands.push(...entry.commands)
        }
      }),
    )
    return { replayed: yield* replaySamePolicy(journal, meta), events, commands }
  }).pipe(Effect.scoped, Effect.provide(NodeContext.layer), Effect.runPromise)
