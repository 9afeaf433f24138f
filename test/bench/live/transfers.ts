/** Transfers that are on disk when they are acknowledged, a second; four to an entry, as a call has. */
import { NodeContext } from "@effect/platform-node"
import { Effect } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Command } from "../../../engine/index.ts"
import { openStore } from "../../../live/store/sqlite/open-store.ts"

const transfersOfCall = 4

const commandsOf = (request: number): ReadonlyArray<Command> =>
  Array.from({ length: transfersOfCall }, (_, line) => ({
    _tag: "Post" as const,
    kind: "charge" as const,
    debit: 5 + (request % 997),
    credit: 9 + line,
    amount: 1 + line,
    reference: request,
  }))

/** `waiting` calls at once, each of which waits for its entry before the next. */
export const benchTransfers = async (waiting: number, seconds: number): Promise<number> => {
  const folder = mkdtempSync(join(tmpdir(), "evenkeel-transfers-"))
  const measure = Effect.gen(function* () {
    const { queue } = yield* openStore(folder, (error) => {
      throw error
    })
    return yield* Effect.promise(async () => {
      const began = performance.now()
      const until = began + seconds * 1000
      let entries = 0
      const call = async (): Promise<void> => {
        while (performance.now() < until) {
          const at = entries++
          queue.append({
            event: { _tag: "TimerFired", at },
            commands: commandsOf(at),
            digest: "0123456789abcdef",
          })
          await queue.durable()
        }
      }
      await Promise.all(Array.from({ length: waiting }, call))
      return (entries * transfersOfCall * 1000) / (performance.now() - began)
    })
  })
  try {
    return await Effect.runPromise(Effect.scoped(measure).pipe(Effect.provide(NodeContext.layer)))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
