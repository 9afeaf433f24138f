/**
 * Every command of the market since an entry of the journal, in order: first those that are written, which came before
 * anybody took them, then those that come.
 */
import { Effect } from "effect"
import type { Command } from "../../engine/index.ts"
import type { LiveServices } from "../directory/services.ts"
import type { CommandTaker } from "../driver/market-driver.ts"
import { durably } from "../driver/market-driver.ts"
import type { StoreBroken, StoreFault } from "../store/errors.ts"

/** To be called before the market takes requests; ends once all that was written has been taken. */
export const followCommands = (
  { driver, store }: LiveServices,
  afterEntry: number,
  take: CommandTaker,
): Effect.Effect<void, StoreBroken | StoreFault> =>
  Effect.gen(function* () {
    /** What comes while the past is read. */
    let waiting: Array<readonly [Command, number]> | undefined = []
    driver.addTaker((command, at) => {
      if (waiting === undefined) take(command, at)
      else waiting.push([command, at])
    })
    const until = store.lastSeq()
    yield* durably(driver)
    yield* store.entriesAfter(afterEntry, (entries) =>
      Effect.sync(() => {
        for (const { seq, event, commands } of entries)
          if (seq <= until) for (const command of commands) take(command, event.at)
      }),
    )
    const held = waiting
    waiting = undefined
    for (const [command, at] of held) take(command, at)
  })
