/** `evenkeel admin-key`: a new admin key for whoever owns the data directory. */
import { Effect } from "effect"
import { printResult } from "../../platform/terminal/output.ts"
import { keyState } from "./authentication.ts"
import { marketMicros } from "../store/meta.ts"
import { Store } from "../store/store.ts"
import { loadDirectory } from "./directory.ts"
import { noteAsOwner, openOwned, ownerOptions } from "../store/commands/owner-command.ts"
import { makeKey } from "./keys.ts"
import * as Command from "../../platform/terminal/command.ts"

export const adminKeyCommand = Command.make({
  parameters: ownerOptions("The data directory of a gateway that does not run at the moment."),
  run: ({ data, json }) =>
    Effect.scoped(
      Effect.gen(function* () {
        const store = yield* openOwned(data)
        const nowMillis = Date.now()
        const at = yield* marketMicros(store, nowMillis)
        const directory = yield* Effect.provideService(loadDirectory, Store, store)
        let revoked = 0
        for (const key of directory.keys.all()) {
          if (key.role !== "admin" || keyState(key, nowMillis) !== "valid") continue
          directory.keys.put({ ...key, revokedAtMillis: nowMillis })
          revoked += 1
        }
        const made = makeKey(
          { directory, nowMillis: () => nowMillis },
          { role: "admin", name: "made by evenkeel admin-key" },
        )
        yield* noteAsOwner(data, store, at, "AdminKeyMade", revoked)
        const ended = revoked === 1 ? "1 admin key" : `${revoked} admin keys`
        yield* printResult(
          json,
          { adminKey: made.secret, id: made.record.publicId, revoked },
          () => `admin key  ${made.secret}   (shown this once; ${ended} before it ended)`,
        )
      }),
    ),
})
