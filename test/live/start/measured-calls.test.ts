import { describe, expect, it } from "vitest"
import type { Call, Consumer } from "../../../live/gateway/call/call.ts"
import type { Calls } from "../../../live/gateway/call/calls.ts"
import { badRequest } from "../../../live/http/http-error.ts"
import { measureCalls } from "../../../live/start/measured-calls.ts"
import type { CallMeasure } from "../../../live/operations/metrics.ts"
import { manualClock } from "../support/manual-clock.ts"

const order = {
  account: 0,
  model: {
    id: 0,
    name: "small",
    kind: "text",
    contextTokens: 100,
    inputPricePerMtok: 0,
    outputPricePerMtok: 0,
  },
  kind: "chat",
  body: {},
  inputTokens: 7,
  maxTokens: 10,
} as const

const openMeasured = () => {
  const clock = manualClock()
  const measures: Array<CallMeasure> = []
  const heard: Array<string> = []
  const refused: Array<number> = []
  let inner: Consumer | undefined
  const calls = measureCalls(
    {
      open: (_order, consumer) => {
        inner = consumer
        return { leave: () => heard.push("leave") } as unknown as Call
      },
    } as Calls,
    clock,
    { callEnded: (measure) => measures.push(measure) },
    (id) => refused.push(id),
  )
  const call = calls.open(order, {
    isStreaming: true,
    hearsCharge: false,
    chunk: () => heard.push("chunk"),
    end: ({ _tag }) => heard.push(_tag),
  })
  return { clock, measures, heard, refused, call, consumer: inner! }
}

describe("measured calls", () => {
  it("tell the time to the first token, by token, and in all", () => {
    const { clock, measures, heard, consumer, call } = openMeasured()
    clock.pass(200_000)
    consumer.chunk({})
    clock.pass(1_000_000)
    consumer.chunk({})
    consumer.end({
      _tag: "Served",
      usage: { promptTokens: 7, completionTokens: 11, cost: 0.5 },
      chargeMinor: 0,
    })
    call.leave()
    expect(heard).toEqual(["chunk", "chunk", "Served", "leave"])
    expect(measures).toEqual([
      {
        kind: "chat",
        model: "small",
        durationSeconds: 1.2,
        inputTokens: 7,
        outputTokens: 11,
        timeToFirstTokenSeconds: 0.2,
        timePerOutputTokenSeconds: 0.1,
      },
    ])
  })

  it("name what went wrong", () => {
    const failed = openMeasured()
    failed.consumer.end({ _tag: "Failed", error: badRequest("no") })
    expect(failed.measures).toMatchObject([{ errorType: "invalid_request", outputTokens: 0 }])
    expect(failed.refused).toEqual([])
    const refused = openMeasured()
    const refusal = { _tag: "Failed", error: badRequest("no"), refusal: "NoCapacity" } as const
    refused.consumer.end(refusal)
    expect(refused.refused).toEqual([order.model.id])
    const left = openMeasured()
    left.call.leave()
    expect(left.measures).toMatchObject([{ errorType: "consumer_gone" }])
    expect(left.measures[0]).not.toHaveProperty("timeToFirstTokenSeconds")
  })
})
