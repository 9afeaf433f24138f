/** Calls as they were, but that each is measured: how long it took, and until its first token. */
import { microsPerSecond } from "../../engine/index.ts"
import type { ModelId, Refusal } from "../../engine/index.ts"
import type { Clock } from "../driver/clock.ts"
import type { CallEnd, Consumer } from "../gateway/call/call.ts"
import type { Calls } from "../gateway/call/calls.ts"
import type { MarketMetrics } from "../operations/metrics.ts"

/** What a call is counted as whose consumer left before its end. */
const consumerGone = "consumer_gone"

export const measureCalls = (
  calls: Calls,
  clock: Pick<Clock, "nowMicros">,
  metrics: Pick<MarketMetrics, "callEnded">,
  noteRefused: (model: ModelId, reason: Refusal) => void,
): Calls => ({
  ...calls,
  open: (order, consumer) => {
    const arrivedMicros = clock.nowMicros()
    let firstMicros: number | undefined
    let isOver = false
    const note = (end: CallEnd | undefined): void => {
      if (isOver) return
      isOver = true
      if (end?._tag === "Failed" && end.refusal !== undefined)
        noteRefused(order.model.id, end.refusal)
      const nowMicros = clock.nowMicros()
      const tokens = end?._tag === "Served" ? end.usage.completionTokens : 0
      const errorType =
        end === undefined ? consumerGone : end._tag === "Failed" ? end.error.code : undefined
      metrics.callEnded({
        kind: order.kind,
        model: order.model.name,
        durationSeconds: (nowMicros - arrivedMicros) / microsPerSecond,
        inputTokens: end?._tag === "Served" ? end.usage.promptTokens : 0,
        outputTokens: tokens,
        ...(errorType === undefined ? {} : { errorType }),
        ...(firstMicros === undefined
          ? {}
          : { timeToFirstTokenSeconds: (firstMicros - arrivedMicros) / microsPerSecond }),
        ...(firstMicros === undefined || tokens < 2
          ? {}
          : {
              timePerOutputTokenSeconds: (nowMicros - firstMicros) / (tokens - 1) / microsPerSecond,
            }),
      })
    }
    const measured: Consumer = {
      ...consumer,
      chunk: (chunk) => {
        firstMicros ??= clock.nowMicros()
        consumer.chunk(chunk)
      },
      end: (end, assembler) => {
        note(end)
        consumer.end(end, assembler)
      },
    }
    const call = calls.open(order, measured)
    return {
      ...call,
      leave: () => {
        note(undefined)
        call.leave()
      },
    }
  },
})
