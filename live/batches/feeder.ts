/**
 * Gives out the items of batches as calls, where the kernel has room for them: the oldest batch first, each
 * item once at a time. An answer is noted in the commit of its charge, so that after a crash an item is either
 * answered and paid for, or waits.
 */
import type { BatchId, Command } from "../../engine/index.ts"
import { hasRoomForItem, itemStandOf, microsPerSecond, nextItem } from "../../engine/index.ts"
import type { BatchRecord, ModelRecord } from "../directory/records.ts"
import type { LiveServices } from "../directory/services.ts"
import { newAnswerId } from "../gateway/answer/answer-id.ts"
import { makeAssembler } from "../gateway/answer/answer.ts"
import type { Call, CallEnd, Consumer } from "../gateway/call/call.ts"
import type { Calls } from "../gateway/call/calls.ts"
import { shuttingDown } from "../gateway/call/failures.ts"
import type { StoredBatchItem } from "../store/store.ts"
import { runEffect } from "../http/run-effect.ts"
import { secondsOf } from "../views/market-time.ts"
import type { AskedItem } from "./input-file.ts"
import { answered, refused } from "./output.ts"

export interface Feeder {
  /** A batch has items to give out from here on. */
  readonly feed: (record: BatchRecord) => void
  /** Its batch is over: what is still under way of it is ended. */
  readonly end: (batch: BatchId) => void
  readonly close: () => void
}

/** How long a look at the room may be off, where nothing has stirred. */
const lookMicros = microsPerSecond
const rowsOnPage = 64

interface Fed {
  readonly record: BatchRecord
  readonly batch: BatchId
  readonly model: ModelRecord
  /** Rows that were read ahead, by item. */
  readonly rows: Map<number, StoredBatchItem>
  readonly calls: Set<Call>
  /** No item before this one waits. */
  from: number
}

/** Takes part in the driver's commands from here on: made once for a market, behind the calls. */
export const makeFeeder = (services: LiveServices, calls: Calls): Feeder => {
  const { directory, driver, store, nowMillis } = services
  const fed = new Map<BatchId, Fed>()
  let isClosed = false
  let isLooking = false
  let isStirred = false
  let disarm: (() => void) | undefined

  const noteEnd = (one: Fed, item: number, requestId: string, end: CallEnd, answer: unknown) => {
    one.from = Math.min(one.from, item)
    if (end._tag === "Served")
      return store.noteBatchAnswer(one.record.id, item, answered(requestId, answer))
    // What the kernel has waiting again has no end yet, and what it has no more was not answered in time.
    const stand = itemStandOf(driver.market, one.batch, item)
    const isOver = stand === "void" || (stand === undefined && end.refusal !== "Expired")
    if (isOver) store.noteBatchAnswer(one.record.id, item, refused(requestId, end.error))
  }

  /** False where the kernel had no room for it after all. */
  const giveOut = (one: Fed, item: number, row: StoredBatchItem): boolean => {
    const { record, model } = one
    const { body, inputTokens, maxTokens } = JSON.parse(row.asked) as AskedItem
    const requestId = `${record.publicId}_${item}`
    let call: Call | undefined = undefined as Call | undefined
    let hadRoom = true
    const consumer: Consumer = {
      isStreaming: false,
      // Its answer is not sent, but written: in the commit of the charge.
      hearsCharge: false,
      assembler: () => makeAssembler("chat", "float"),
      chunk: () => {},
      end: (end, assembled) => {
        if (call !== undefined) one.calls.delete(call)
        hadRoom = end._tag === "Served" || end.refusal !== "NoCapacity"
        const envelope = {
          id: newAnswerId("chat"),
          created: secondsOf(nowMillis()),
          model: model.name,
        }
        const answer = end._tag === "Served" ? assembled?.answer(envelope, end.usage) : undefined
        noteEnd(one, item, requestId, end, answer)
      },
    }
    const order = {
      account: record.account,
      model,
      kind: "chat",
      body,
      inputTokens,
      maxTokens,
      item: { batch: one.batch, item },
      asker: { key: record.key, requestId },
    } as const
    call = calls.open(order, consumer)
    if (itemStandOf(driver.market, one.batch, item) === "underWay") one.calls.add(call)
    return hadRoom
  }

  /** Gives out what there is room for. */
  const feedOne = async (one: Fed): Promise<void> => {
    const { market } = driver
    while (!isClosed && fed.has(one.batch) && calls.excess() === undefined) {
      if (!hasRoomForItem(market, one.batch)) return
      const item = nextItem(market, one.batch, one.from)
      if (item < 0) return
      one.from = item
      const row = one.rows.get(item)
      if (row === undefined) {
        await readAhead(one, item)
        continue
      }
      one.rows.delete(item)
      if (!giveOut(one, item, row)) return
    }
  }

  const readAhead = async (one: Fed, from: number): Promise<void> => {
    // Its rows may be as new as its batch.
    await driver.durable()
    const rows = await runEffect(store.batchItems(one.record.id, from, rowsOnPage))
    if (rows[0]?.item !== from) throw new Error(`batches: item ${from} of ${one.batch} is missing`)
    one.rows.clear()
    for (const row of rows) one.rows.set(row.item, row)
  }

  const look = async (): Promise<void> => {
    isLooking = true
    try {
      while (isStirred && !isClosed) {
        isStirred = false
        for (const one of [...fed.values()].toSorted((a, b) => a.batch - b.batch))
          await feedOne(one)
      }
    } finally {
      isLooking = false
    }
  }

  /** Something may have room: a look at the next turn, and another one in a while. */
  const stir = (): void => {
    if (fed.size === 0 || isClosed) return
    disarm ??= driver.clock.wakeAt(driver.clock.nowMicros() + lookMicros, () => {
      disarm = undefined
      stir()
    })
    isStirred = true
    // A store that cannot be read has the gateway end; who waits for items need not say so too.
    if (!isLooking) void look().catch(() => {})
  }

  driver.addTaker((command: Command) => {
    if (command._tag === "Finish") stir()
    else if (command._tag === "Refuse" && command.reason !== "NoCapacity") stir()
  })

  return {
    feed: (record) => {
      const { batch } = record
      const model = record.model === undefined ? undefined : directory.models.get(record.model)
      if (batch === undefined || model === undefined)
        throw new Error(`batches: ${record.publicId} is not taken yet`)
      fed.set(batch, { record, batch, model, rows: new Map(), calls: new Set(), from: 0 })
      stir()
    },
    end: (batch) => {
      const one = fed.get(batch)
      fed.delete(batch)
      for (const call of one?.calls ?? []) call.abandon(shuttingDown())
    },
    close: () => {
      isClosed = true
      disarm?.()
    },
  }
}
