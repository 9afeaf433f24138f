/**
 * How long a snapshot keeps a gateway from answering: the longest turn of the event loop while snapshots
 * of a large market are taken and written to a data directory.
 */
import { NodeContext } from "@effect/platform-node"
import { Effect } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { monitorEventLoopDelay } from "node:perf_hooks"
import { setTimeout as pause } from "node:timers/promises"
import type { Command, Market, MarketEvent } from "../../../engine/index.ts"
import { advance, createMarket, deriveEconomy, pooled } from "../../../engine/index.ts"
import { writeSnapshot } from "../../../live/store/sqlite/tables/snapshots.ts"
import { openStore } from "../../../live/store/sqlite/open-store.ts"

type WithoutTime<E> = E extends unknown ? Omit<E, "at"> : never

/** A market of so many accounts and instances that has served a few calls of each account. */
const largeMarket = (accounts: number, instances: number): Market => {
  const market = createMarket(
    Effect.runSync(deriveEconomy(pooled, { ramp: { start: 1 } })),
    "snapshots",
  )
  const take = (fact: WithoutTime<MarketEvent>): ReadonlyArray<Command> => {
    const out: Array<Command> = []
    advance(market, { ...fact, at: market.now + 100 } as MarketEvent, out)
    return out
  }
  const models = 20
  for (let account = 0; account < accounts; account++) {
    take({ _tag: "AccountOpened", account })
    take({ _tag: "CreditsBought", account, transfer: account, amount: 1_000_000_000 })
  }
  for (let model = 0; model < models; model++)
    take({ _tag: "ModelListed", model, inputPricePerMtok: 1000, outputPricePerMtok: 1000 })
  for (let instance = 0; instance < instances; instance++) {
    take({ _tag: "NodeRegistered", node: instance, account: instance })
    take({
      _tag: "InstanceStarted",
      instance,
      node: instance,
      model: instance % models,
      slots: 8,
      tokensPerSecond: 100,
      isPlatformAsked: false,
    })
  }
  for (let request = 0; request < 3 * accounts; request++) {
    const [dispatch] = take({
      _tag: "RequestArrived",
      request,
      account: request % accounts,
      model: request % models,
      inputTokens: 10,
      maxTokens: 100,
    })
    if (dispatch?._tag !== "Dispatch") continue
    take({
      _tag: "AttemptEnded",
      request,
      attempt: dispatch.attempt,
      outcome: "completed",
      outputTokens: 50,
      reportedTokens: 50,
      decodeMicros: 500_000,
      retryAfterMicros: 0,
    })
  }
  return market
}

export interface SnapshotPause {
  /** Longest turn of the event loop while nothing was done, and while snapshots were written, ms. */
  readonly idleMillis: number
  readonly pauseMillis: number
  /** From the copy to its commit, ms. */
  readonly wholeMillis: number
}

export const measureSnapshotPause = async (
  accounts: number,
  instances: number,
  snapshots: number,
): Promise<SnapshotPause> => {
  const folder = mkdtempSync(join(tmpdir(), "evenkeel-snapshots-"))
  const market = largeMarket(accounts, instances)
  const measure = Effect.gen(function* () {
    const { queue } = yield* openStore(folder, (error) => {
      throw error
    })
    return yield* Effect.promise(async () => {
      const delay = monitorEventLoopDelay({ resolution: 1 })
      delay.enable()
      await pause(500)
      const idleMillis = delay.max / 1e6
      delay.reset()
      const began = performance.now()
      for (let n = 0; n < snapshots; n++) {
        await writeSnapshot(queue, market)
        await queue.durable()
      }
      // A turn is counted when it is over.
      await pause(20)
      delay.disable()
      const wholeMillis = (performance.now() - began) / snapshots
      return { idleMillis, pauseMillis: delay.max / 1e6, wholeMillis }
    })
  })
  try {
    return await Effect.runPromise(Effect.scoped(measure).pipe(Effect.provide(NodeContext.layer)))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
