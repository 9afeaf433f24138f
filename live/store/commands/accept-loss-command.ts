/** `evenkeel accept-loss`: goes on with a data directory that lacks some of what it had acknowledged. */
import { Effect } from "effect"
import { printResult } from "../../../platform/terminal/output.ts"
import { UsageError } from "../../../platform/terminal/usage-error.ts"
import type { Loss } from "../sqlite/journal/loss.ts"
import { marketMicros } from "../meta.ts"
import { noteAsOwner, openOwned, ownerOptions } from "./owner-command.ts"
import * as Command from "../../../platform/terminal/command.ts"

export const acceptLossCommand = Command.make({
  parameters: ownerOptions("The data directory; keep a copy of it. No gateway may run on it."),
  run: ({ data, json }) =>
    Effect.scoped(
      Effect.gen(function* () {
        let accepted: Loss | undefined
        const store = yield* openOwned(data, {
          acceptLoss: (loss) => {
            accepted = loss
          },
        })
        const loss = accepted as Loss | undefined
        if (loss === undefined)
          return yield* new UsageError({
            argument: data,
            allowed: "lacks nothing of what it had acknowledged; there is no loss to accept",
          })
        const at = yield* marketMicros(store, Date.now())
        yield* noteAsOwner(data, store, at, "LossAccepted", loss.entries ?? null)
        yield* printResult(
          json,
          { accepted: loss.what, lostEntries: loss.entries ?? null, lastEntry: store.lastSeq() },
          () => `Accepted: ${loss.what}.\nThe next start goes on from entry ${store.lastSeq()}.`,
        )
      }),
    ),
})
