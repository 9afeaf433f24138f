/** `evenkeel accept-loss`: goes on with a data directory that lacks some of what it had acknowledged. */
import { Command, Options } from "@effect/cli"
import { Effect } from "effect"
import { jsonOption, printResult } from "../../sim/cli/output.ts"
import { UsageError } from "../../sim/cli/usage-error.ts"
import { directoryOwner, writeAudit } from "./audits.ts"
import type { Loss } from "./loss.ts"
import { marketMicros } from "./meta.ts"
import { openStore, requireMarket } from "./store.ts"

const description =
  "Go on with a data directory that lost some of what it had acknowledged. Restore a backup instead where there is one: what is lost stays lost, and the audit log says so."

export const acceptLossCommand = Command.make(
  "accept-loss",
  {
    data: Options.text("data").pipe(
      Options.withPseudoName("DIR"),
      Options.withDescription("The data directory; keep a copy of it. No gateway may run on it."),
    ),
    json: jsonOption,
  },
  ({ data, json }) =>
    Effect.scoped(
      Effect.gen(function* () {
        // Its existence is asked for first: opening would make it.
        yield* requireMarket(data)
        let accepted: Loss | undefined
        const { queue, reader } = yield* openStore(data, () => {}, {
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
        writeAudit(queue, {
          at: yield* marketMicros(reader, Date.now()),
          finding: "LossAccepted",
          subject: null,
          quantity: loss.entries ?? null,
          actor: directoryOwner,
        })
        yield* Effect.tryPromise({ try: () => queue.durable(), catch: (cause) => cause as Error })
        yield* printResult(
          json,
          { accepted: loss.what, lostEntries: loss.entries ?? null, lastEntry: queue.lastSeq() },
          () => `Accepted: ${loss.what}.\nThe next start goes on from entry ${queue.lastSeq()}.`,
        )
      }),
    ),
).pipe(Command.withDescription(description))
